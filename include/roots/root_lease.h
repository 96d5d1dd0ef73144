/**
 * The lease of the place where a private root is, and who ran there last.
 *
 *     <place>/lock     flock(2)ed while a compile lives in the root; its byte 0 is locked as well
 *                      while somebody looks at the root between two compiles; it names the user
 *                      whose compile ran there last, until he has looked ("settled")
 *
 * A user is a worker: he knows whether somebody whom his own compiles left behind is alive, and
 * nothing of what others left.
 */
#ifndef RELAY_ROOTS_ROOT_LEASE_H
#define RELAY_ROOTS_ROOT_LEASE_H

#include "base/failure.h"

#include <stdbool.h>

/**
 * Leases a place for a compile, and makes it; waits while somebody looks at it. Returns a
 * descriptor for root_lease_release(); -1 and errno EWOULDBLOCK when another compile lives there,
 * -1 and another errno after a failure.
 */
int root_lease_take(const char *place, struct failure *why);

/** The same for a look, when no compile lives there and nobody looks; else -1. */
int root_lease_take_for_look(const char *place);

/** Gives the lease back. */
void root_lease_release(int lease);

/** Before a program runs there: until `user` has looked, the root may change. */
bool root_lease_use(int lease, const char *user, struct failure *why);

/** Can nobody have changed the root but by a compile that `user` ran? */
bool root_lease_is_used_by(int lease, const char *user);

/** The last user has looked, and nobody can change the root until the next use. */
void root_lease_settle(int lease);

/** Is that so? */
bool root_lease_is_settled(int lease);

#endif
