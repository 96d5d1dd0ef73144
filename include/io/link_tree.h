/**
 * A directory of symbolic links to inputs that stand elsewhere, made once and then kept equal to
 * what each request lists, by difference.
 */
#ifndef RELAY_IO_LINK_TREE_H
#define RELAY_IO_LINK_TREE_H

#include "base/failure.h"
#include "io/link_target.h"
#include "io/manifest.h"

#include <stdbool.h>
#include <stddef.h>

/**
 * Makes `dir` hold exactly the names in `wanted` (ascending), each a link to the real place of
 * `source->dir`/name: a link found there is followed once, and its top folder is resolved. Names
 * whose stamp is in the manifest of `dir` are not looked at. A name that ends in '/' is a folder
 * whose stamp is the absolute path that it leads to. `dir` and its manifest `dir`.manifest need not
 * exist.
 *
 * After a failure `dir` is gone. May be used by one process at a time: the caller holds a lock.
 */
bool link_tree_update(const char *dir, const struct link_source *source,
                      const struct manifest *wanted, struct failure *why);

/** Forgets what the directory holds: the next update makes it anew. */
void link_tree_distrust(const char *dir);

#endif
