/**
 * A directory of symbolic links to inputs that stand elsewhere, made once and then kept equal to
 * what each request lists, by difference. Whatever else was done to it meanwhile is undone.
 *
 *     <dir>/               folders and links, nothing else
 *     <dir>.manifest       what it holds, and since when (manifest.h, link_seal.h)
 *     <dir>.targets        where its links lead (link_log.h)
 *     <dir>.tops/          short ways to there (link_target.h)
 */
#ifndef RELAY_ROOTS_LINK_TREE_H
#define RELAY_ROOTS_LINK_TREE_H

#include "base/failure.h"
#include "roots/manifest.h"

#include <stdbool.h>

/**
 * Makes `dir` hold exactly the names in `wanted` (ascending, none below another one), each a link
 * to the real place of `sandbox`/name: a link found there is followed once, and its top folder is
 * resolved. A name that ends in '/' is a folder. Names whose digest is in the manifest of `dir` are
 * not looked at, but in folders that somebody has changed; `is_settled`: nobody can have done so.
 * `dir` and its manifest need not exist.
 *
 * A name that is no plain path below `dir` is refused. After a failure `dir` is gone. May be used
 * by one process at a time: the caller holds a lock.
 */
bool link_tree_update(const char *dir, const char *sandbox, bool is_settled,
                      struct manifest *wanted, struct failure *why);

/** Undoes what was done to the directory since the last update. */
bool link_tree_restore(const char *dir, struct failure *why);

/** Reads what the directory holds. False: nobody knows. */
bool link_tree_held(const char *dir, struct manifest *held);

/** Forgets what the directory holds: the next update makes it anew. */
void link_tree_distrust(const char *dir);

#endif
