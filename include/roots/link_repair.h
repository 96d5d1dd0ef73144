/**
 * Undoes what was done to a tree of links: afterwards it holds what its manifest says and nothing
 * else, at any depth. No link is followed, and nothing outside the tree is touched.
 */
#ifndef RELAY_ROOTS_LINK_REPAIR_H
#define RELAY_ROOTS_LINK_REPAIR_H

#include "base/failure.h"
#include "roots/manifest.h"

#include <stdbool.h>

/**
 * Only folders whose seal does not hold are read, and all that lie in them: what does not belong
 * there goes, what is missing or was replaced is made again, the mode is ours, and they are sealed.
 * Links that must be made are those of the tree's log (link_log.h). `dir` is the tree's path,
 * `tree_fd` the open tree.
 */
bool link_repair(const char *dir, int tree_fd, struct manifest *manifest, struct failure *why);

#endif
