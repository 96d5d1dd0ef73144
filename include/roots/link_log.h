/**
 * Where the links of a tree lead, remembered beside it: a link that a compile removed or replaced
 * is made again from this, when the sandbox that it was made from is gone.
 *
 *     <dir>.targets     name and target of each link that was made, the later ones count
 *
 * It is appended to, and read only when something is wrong.
 */
#ifndef RELAY_ROOTS_LINK_LOG_H
#define RELAY_ROOTS_LINK_LOG_H

#include "base/bytes.h"
#include "base/failure.h"

#include <stdbool.h>
#include <stddef.h>

struct link_log_item {
    const char *name;
    const char *target;
};

/** A zeroed struct is an empty one. */
struct link_log {
    struct bytes text;
    struct link_log_item *items; /**< sorted by name, the later of equal names behind */
    size_t count;
};

void link_log_finish(struct link_log *log);

/** Reads the log of the tree `dir`. A missing or truncated one is empty, and false. */
bool link_log_load(struct link_log *log, const char *dir);

/** Where the link must lead; NULL: nobody knows. Borrowed from the log. */
const char *link_log_target(const struct link_log *log, const char *name);

/** Adds a link to what will be appended. */
void link_log_note(struct bytes *notes, const char *name, const char *target);

/** Appends what was noted of the tree `dir`. False also when the log, of a tree of so many links,
 * has grown so much that it should start again. */
bool link_log_append(const char *dir, const struct bytes *notes, size_t link_count,
                     struct failure *why);

/** Removes the log of the tree `dir`; a missing one is success. */
bool link_log_remove(const char *dir, struct failure *why);

#endif
