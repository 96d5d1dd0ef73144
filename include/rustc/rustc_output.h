/**
 * One line of rustc's stderr: an artifact notification, a diagnostic to show, or plain text.
 * (rustc book, "JSON Output"; lines are bytes, and whoever prints to stderr may print among them:
 * a macro that ends its text without a newline has rustc's next JSON behind it on the same line.)
 */
#ifndef RELAY_RUSTC_RUSTC_OUTPUT_H
#define RELAY_RUSTC_RUSTC_OUTPUT_H

#include "base/bytes.h"

#include <stdbool.h>
#include <stddef.h>

/** How diagnostics are shown: --rustc-output-format. */
enum output_format {
    OUTPUT_RAW,      /**< the flag is absent: every line as it came */
    OUTPUT_RENDERED, /**< a diagnostic's "rendered" text */
    OUTPUT_JSON      /**< a diagnostic's whole line */
};

enum rustc_line_kind {
    LINE_METADATA, /**< the .rmeta is complete on disk */
    LINE_SHOW,     /**< `shown` is for the user */
    LINE_DROP      /**< nothing for anybody */
};

struct rustc_line {
    enum rustc_line_kind kind;
    bool is_error;         /**< an error, not a warning or note */
    bool blames_source;    /**< an error at a place in the crate's own text, whatever it is linked
                              with; not one about finding a crate */
    struct bytes artifact; /**< LINE_METADATA: the path as rustc names it */
    struct bytes shown;  /**< what the user sees of it; may be filled for LINE_METADATA too (raw) */
    struct bytes before; /**< text that somebody left before rustc's JSON: shown first, whatever
                            the kind (raw: it is part of `shown`) */
    bool before_is_error; /**< is that an error? */
};

void rustc_line_finish(struct rustc_line *line);

/** Reads one line without its newline. Any bytes are accepted; the time taken is linear. */
void rustc_line_read(const char *text, size_t len, enum output_format format,
                     struct rustc_line *line);

#endif
