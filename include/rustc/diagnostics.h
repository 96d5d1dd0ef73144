/**
 * What a rustc said, item by item, in its order: kept until each item was answered once.
 */
#ifndef RELAY_RUSTC_DIAGNOSTICS_H
#define RELAY_RUSTC_DIAGNOSTICS_H

#include "base/bytes.h"

#include <stdbool.h>
#include <stddef.h>

enum {
    /** Bazel replaces an output of more than about 1 MiB by a message about its size. */
    DIAGNOSTICS_ANSWER_MAX_BYTES = 1000 * 1000,
    /** What one compile may say before further items that are no errors are dropped. */
    DIAGNOSTICS_MAX_BYTES = 16 * 1024 * 1024
};

struct diagnostic {
    char *text; /**< complete lines: ends with a newline */
    size_t len;
    bool is_error; /**< kept first when not all can be shown */
};

struct diagnostics {
    struct diagnostic *items;
    size_t count;
    size_t capacity;
    size_t total_bytes;
    size_t answered; /**< how many items from the front were in an answer */
    size_t earlier;  /**< how many are from a rustc that died: its successor says them again */
    size_t dropped;  /**< how many did not fit */
};

void diagnostics_finish(struct diagnostics *list);

/** Adds one item; a missing newline at its end is added, an empty one is ignored. */
void diagnostics_add(struct diagnostics *list, const char *text, size_t len, bool is_error);

/** Forgets what was not answered yet: it does not count. */
void diagnostics_drop_waiting(struct diagnostics *list);

/** The rustc died and is started again: what it will say a second time is not added a second time.
 */
void diagnostics_start_again(struct diagnostics *list);

/**
 * Appends what was not answered yet to `out` and marks it as answered. What is more than
 * `max_bytes` is left out, errors last, and one further line says so; a first error that alone is
 * too long is cut.
 */
void diagnostics_answer(struct diagnostics *list, size_t max_bytes, struct bytes *out);

/** Appends what was not answered yet, and leaves it so. */
void diagnostics_waiting(const struct diagnostics *list, struct bytes *out);

/** Appends everything that was said, answered or not. */
void diagnostics_all(const struct diagnostics *list, struct bytes *out);

#endif
