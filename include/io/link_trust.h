/**
 * Says of a tree of links that nobody can have changed it since it was last looked at: then the
 * next one who wants it need not look.
 *
 *     <dir>.clean       is there while that is so
 *
 * Whoever doubts takes it away, and it must be gone before a program runs in the tree.
 */
#ifndef RELAY_IO_LINK_TRUST_H
#define RELAY_IO_LINK_TRUST_H

#include "base/failure.h"

#include <stdbool.h>

/** Is the tree `dir` what it was when somebody looked? */
bool link_trust_is_given(const char *dir);

/** It is; when that cannot be said, the next one looks. */
void link_trust_give(const char *dir);

/** From now on it may not be. False: that cannot be said. */
bool link_trust_take(const char *dir, struct failure *why);

#endif
