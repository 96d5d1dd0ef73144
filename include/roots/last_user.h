/**
 * Who ran in a private root last; it stands in the root's lock file, whoever has the lease of that
 * now. Until he has looked at the root, it may change.
 *
 * A user is a worker: he knows whether somebody whom his own compiles left behind is alive, and
 * nothing of what others left.
 */
#ifndef RELAY_ROOTS_LAST_USER_H
#define RELAY_ROOTS_LAST_USER_H

#include "base/failure.h"

#include <stdbool.h>

/** Before a program runs there: `user` is the last one, or another who has not looked stays it. */
bool last_user_set(int lease, const char *user, struct failure *why);

/** Can nobody have changed the root but by a compile that `user` ran? */
bool last_user_is(int lease, const char *user);

/** The last user has looked, and nobody can change the root until the next one is set. */
void last_user_settle(int lease);

/** Is that so? */
bool last_user_is_settled(int lease);

#endif
