/**
 * What the links of a tree must hold: where the links of a sandbox really lead.
 *
 *     <dir>.tops/<digest>     leads to a folder that targets start with
 *
 * A target that a tmpfs cannot keep in its inode costs a page more, so a long one goes through
 * there.
 */
#ifndef RELAY_ROOTS_LINK_TARGET_H
#define RELAY_ROOTS_LINK_TARGET_H

#include "base/failure.h"
#include "roots/link_folders.h"

#include <stdbool.h>

/** A tmpfs keeps targets of so many bytes in the inode. */
enum { LINK_TARGET_SHORT_MAX = 127 };

/** For one pass over the names; they ascend, so that each top folder is resolved once. All links to
 * a folder of an external repository lead to <execroot>/<name>: one that does is read of each, and
 * where the others lead is known. */
struct link_targets {
    const char *sandbox; /**< where the names are found, absolute. Borrowed */
    const char *dir;     /**< the tree of links. Borrowed */
    int sandbox_fd;
    struct link_way way; /**< to the names in the sandbox */
    const char *sibling; /**< a name whose link leads to <execroot>/<name>. Borrowed; or NULL */
    char *execroot;      /**< of that, with its '/' */
    char *top;           /**< the top folder that the last link led to */
    char *real_top;      /**< the same, resolved; NULL: it cannot be */
    char *short_top;     /**< a link to `real_top`, seen from beside `dir`; NULL: none was needed */
};

/** On failure there is nothing to finish. */
bool link_targets_init(struct link_targets *targets, const char *sandbox, const char *dir,
                       struct failure *why);

/** What a link called `name` in the tree must hold; owned by the caller. `later` as in
 * link_way_stay(). Both must outlive the targets. */
char *link_targets_of(struct link_targets *targets, const char *name, const char *later);

void link_targets_finish(struct link_targets *targets);

/** Removes what was put beside the tree `dir`. */
bool link_targets_remove(const char *dir, struct failure *why);

#endif
