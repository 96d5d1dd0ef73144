/**
 * Makes links, and the folders that they lie in, in one tree of links: for a part of its names, so
 * that another part can be made at the same time.
 */
#ifndef RELAY_ROOTS_LINK_MAKER_H
#define RELAY_ROOTS_LINK_MAKER_H

#include "base/bytes.h"
#include "base/failure.h"
#include "roots/link_folders.h"
#include "roots/link_target.h"

#include <stdbool.h>
#include <stddef.h>

struct link_maker {
    struct link_targets targets;
    int tree_fd;                 /**< the tree. Borrowed */
    bool is_fresh;               /**< the tree was empty */
    struct link_folders folders; /**< in a fresh one: where the last name lies */
    struct link_way way;
    const char **touched; /**< names whose folders have changed. Borrowed */
    size_t touched_count;
    struct bytes log; /**< of the links that were made (link_log.h) */
};

/** `dir` and `sandbox` are borrowed as in link_targets_init(). On failure there is nothing to
 * finish. */
bool link_maker_init(struct link_maker *maker, const char *dir, int tree_fd, const char *sandbox,
                     struct failure *why);

/** Makes the link, or the folder if the name ends in '/'. Names ascend; `later` as in
 * link_way_stay(). The very link may be there; a name that is no plain path below the tree is
 * refused. Names must outlive the maker. */
bool link_maker_add(struct link_maker *maker, const char *name, const char *later,
                    struct failure *why);

/** What has this name was changed by somebody else. The name must outlive the maker. */
void link_maker_touch(struct link_maker *maker, const char *name);

/** Seals all folders on the way to what was made or touched (link_seal.h), but for the tree itself.
 */
void link_maker_seal(const struct link_maker *maker);

void link_maker_finish(struct link_maker *maker);

#endif
