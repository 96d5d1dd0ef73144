/**
 * What a rustc said, item by item, in its order: kept until each item was answered once, as far as
 * an answer could show it.
 */
#ifndef RELAY_RUSTC_DIAGNOSTICS_H
#define RELAY_RUSTC_DIAGNOSTICS_H

#include "base/bytes.h"
#include "rustc/repeats.h"

#include <stdbool.h>
#include <stddef.h>

enum {
    /** Bazel replaces an output of more than about 1 MiB by a message about its size. */
    DIAGNOSTICS_ANSWER_MAX_BYTES = 1000 * 1000,
    /** What is kept of the errors, and as much of all else: the item that goes beyond is the last.
     */
    DIAGNOSTICS_KEPT_MAX_BYTES = 4 * 1024 * 1024,
    /** What an item takes beside its text. */
    DIAGNOSTICS_ITEM_BYTES = 64
};

struct diagnostic {
    char *text; /**< complete lines: ends with a newline */
    size_t len;
    bool is_error; /**< kept first when not all can be shown */
};

/** What is missing. */
struct diagnostics_cut {
    size_t count; /**< so many items, */
    size_t bytes; /**< so long in all */
};

struct diagnostics {
    struct diagnostic *items;
    size_t count;
    size_t error_bytes;            /**< what the errors take */
    size_t other_bytes;            /**< what all else takes */
    size_t answered;               /**< how many items from the front were in an answer */
    struct repeats earlier;        /**< what a rustc that died said: its successor says it again */
    struct diagnostics_cut untold; /**< what was not kept, and nobody was told yet */
    struct diagnostics_cut cut;    /**< what was not kept, in all */
};

void diagnostics_finish(struct diagnostics *list);

/**
 * Adds one item; a missing newline at its end is added, an empty one is ignored. False when it was
 * said before (diagnostics_start_again()), or is empty.
 */
bool diagnostics_add(struct diagnostics *list, const char *text, size_t len, bool is_error);

/** Forgets what was not answered yet: it does not count. */
void diagnostics_drop_waiting(struct diagnostics *list);

/** The rustc died and is started again: what it will say a second time is not added a second time.
 */
void diagnostics_start_again(struct diagnostics *list);

/**
 * Appends what was not answered yet to `out` and marks it as answered. What is more than
 * `max_bytes` is left out, errors last; a first error that alone is too long is cut. One further
 * line says how much is missing.
 */
void diagnostics_answer(struct diagnostics *list, size_t max_bytes, struct bytes *out);

/** Appends what was not answered yet, and leaves it so. One further line says what was not kept. */
void diagnostics_waiting(const struct diagnostics *list, struct bytes *out);

/** The same of everything that was said, answered or not. */
void diagnostics_all(const struct diagnostics *list, struct bytes *out);

#endif
