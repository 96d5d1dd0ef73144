/**
 * The one list of the program's flags: their names, how many values they take, where they may
 * stand, and what --help says of them. Nothing else in the program knows a flag by its text.
 *
 * A flag may stand in three places:
 *  - at start-up, before `--`: `rustc-relay FLAGS -- RUSTC …`;
 *  - in a request (or in a param file), among rustc's own arguments;
 *  - behind `--persistent_worker`, where Bazel puts the values of --worker_extra_flag.
 */
#ifndef RELAY_RUSTC_FLAGS_H
#define RELAY_RUSTC_FLAGS_H

#include "base/bytes.h"
#include "base/failure.h"
#include "base/strlist.h"

#include <stdbool.h>
#include <stddef.h>

enum flag_id {
    FLAG_SUBST,
    FLAG_ENV_FILE,
    FLAG_ARG_FILE,
    FLAG_STABLE_STATUS_FILE,
    FLAG_VOLATILE_STATUS_FILE,
    FLAG_RUSTC_OUTPUT_FORMAT,
    FLAG_OUTPUT_FILE,
    FLAG_STDOUT_FILE,
    FLAG_STDERR_FILE,
    FLAG_TOUCH_FILE,
    FLAG_COPY_OUTPUT,
    FLAG_REQUIRE_EXPLICIT_UNSTABLE_FEATURES,
    FLAG_PIPELINING_METADATA,
    FLAG_PIPELINING_FULL,
    FLAG_PIPELINING_CODEGEN,
    FLAG_PIPELINING_LINK,
    FLAG_PIPELINING_KEY,
    FLAG_PIPELINING_RMETA_PATH,
    FLAG_PIPELINING_RLIB_PATH,
    FLAG_PIPELINING_STAMP,
    FLAG_PIPELINING_OBJECTS,
    FLAG_PIPELINING_DEPENDENCY,
    FLAG_PERSISTENT_WORKER,
    FLAG_WIRE,
    FLAG_STATE_DIR,
    FLAG_HIDE_UNDECLARED,
    FLAG_TRACE,
    FLAG_KEEP_RESULTS,
    FLAG_KEEP_BYTES,
    FLAG_KEEP_GATES,
    FLAG_GATE_SECONDS,
    FLAG_JOBS,
    FLAG_HELP,
    FLAG_VERSION,
    FLAG_COUNT
};

/** The values given for each flag, in their order; a flag without a value counts as one "". */
struct flag_values {
    struct strlist of[FLAG_COUNT];
};

void flag_values_finish(struct flag_values *values);

/** Was the flag given? */
bool flag_given(const struct flag_values *values, enum flag_id id);

/** The flag's last value, or NULL when it was not given. Borrowed. */
const char *flag_value(const struct flag_values *values, enum flag_id id);

/**
 * Reads the words from the first to a `--` or the end, as start-up flags. A flag takes the words
 * that follow it and do not start with `--`, or one value behind `=`. Fails on an unknown flag, a
 * missing value, too many values, and a flag given twice that may be given once. `ret_used` is the
 * number of words read; the `--` is not among them.
 */
bool flags_read_startup(const struct strlist *words, struct flag_values *values, size_t *ret_used,
                        struct failure *why);

/**
 * Reads the word at `index` as a request's flag. `ret_used` is the number of words it took with its
 * value: 0 means that the word is not ours but rustc's.
 */
bool flags_read_request_word(const struct strlist *words, size_t index, struct flag_values *values,
                             size_t *ret_used, struct failure *why);

/** Reads all words as flags of the worker itself (behind `--persistent_worker`). */
bool flags_read_worker(const struct strlist *words, struct flag_values *values,
                       struct failure *why);

/** The text of a flag, `--env-file` for FLAG_ENV_FILE. */
const char *flag_name(enum flag_id id);

/** Appends two lines a flag, as --help and the README show them. */
void flags_describe(struct bytes *out);

#endif
