/**
 * What rustc's arguments say of the crate and of its outputs.
 *
 * The options that name outputs (--emit, --out-dir, -o) are taken apart here, so that a compile can
 * write into its private directory; all others stay in `rest`, in their order.
 */
#ifndef RELAY_RUSTC_CRATE_ARGS_H
#define RELAY_RUSTC_CRATE_ARGS_H

#include "base/failure.h"
#include "base/strlist.h"

#include <stdbool.h>

/** One kind of --emit. */
struct emit {
    char *kind; /**< "link", "metadata", "dep-info", … */
    char *path; /**< what stood behind its '=', or NULL */
};

struct crate_args {
    struct strlist rest; /**< every argument that does not name an output */
    struct emit *emits;  /**< kinds asked for, each once, sorted by kind; none = "link" */
    size_t emit_count;
    char *out_dir;              /**< --out-dir, or NULL */
    char *output;               /**< -o, or NULL */
    char *crate_name;           /**< --crate-name, or NULL */
    char *extra_filename;       /**< -Cextra-filename, or "" */
    struct strlist crate_types; /**< --crate-type, one item each */
};

void crate_args_finish(struct crate_args *args);

/** Reads rustc's arguments (without the program's name). */
bool crate_args_read(struct crate_args *args, const struct strlist *words, struct failure *why);

/** Is the kind asked for? */
const struct emit *crate_args_emit(const struct crate_args *args, const char *kind);

/** Asks for a kind, without a path unless it is asked for already. */
void crate_args_need_emit(struct crate_args *args, const char *kind);

/** May rustc, this one or a later one, have a kind of this name? False: it will say that it has
 * none. */
bool crate_args_knows_kind(const char *kind);

/** Does the kind go to standard output? */
bool crate_args_to_stdout(const struct emit *emit);

/** Is the crate exactly one library that others link: lib or rlib? */
bool crate_args_is_library(const struct crate_args *args);

/** Does rustc make it of each codegen unit? When there are several of them, the files have other
 * names than one that was asked for, and it says so. */
bool crate_args_is_of_units(const char *kind);

/**
 * rustc's own name for a library's output of this kind: lib<crate><extra>.rlib for "link". NULL for
 * kinds that a library has no single file of. Owned by the caller.
 */
char *crate_args_library_output(const struct crate_args *args, const char *kind);

/** Is this file, among those that rustc gave a name in its output directory, the dep-info? */
bool crate_args_calls_dep_info(const struct crate_args *args, const char *file);

#endif
