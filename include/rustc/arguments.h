/**
 * From the words of a request (or of the command line) to rustc's own arguments: param files are
 * expanded, `${…}` is replaced, and our flags are taken out.
 */
#ifndef RELAY_RUSTC_ARGUMENTS_H
#define RELAY_RUSTC_ARGUMENTS_H

#include "base/failure.h"
#include "base/strlist.h"
#include "rustc/flags.h"
#include "rustc/substitution.h"

#include <stdbool.h>
#include <stddef.h>

enum {
    PARAM_FILE_DEPTH_MAX = 16, /**< param files nest at most this deep, */
    PARAM_FILES_MAX = 4096     /**< and are at most so many in all: one may name another twice */
};

struct arguments {
    struct strlist words;     /**< what is left for rustc */
    struct flag_values flags; /**< our flags that stood among them */
    size_t file_count;        /**< how many param files were read */
    size_t file_bytes;        /**< and how long they were: at most FILE_MAX_BYTES */
};

/** How words are read. All borrowed. */
struct arguments_rules {
    const struct substitutions *substitutions;
    const char *request_dir; /**< param files with relative names are found from here */
};

void arguments_finish(struct arguments *arguments);

/**
 * Appends `words`. `@FILE` and `--flagfile=FILE` stand for the file's lines, in which our flags are
 * always recognised; among the words themselves only when `with_flags` (a request's words; on the
 * command line, what stands behind `--` belongs to the tool). An `@FILE` that cannot be read stays
 * as it is: the tool says so.
 */
bool arguments_add(struct arguments *arguments, const struct arguments_rules *rules,
                   const struct strlist *words, bool with_flags, struct failure *why);

/** Appends the substituted lines of an `--arg-file`. */
bool arguments_add_file(struct arguments *arguments, const struct arguments_rules *rules,
                        const char *path, struct failure *why);

#endif
