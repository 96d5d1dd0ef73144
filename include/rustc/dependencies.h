/**
 * The libraries that a linked crate needs, each as the early metadata and as the full rlib: what
 * --pipelining-dependency=RMETA=RLIB says.
 *
 * While such a crate waits for its linker, its rlibs stand below its private directory, hollow at
 * first: those of one folder in one folder there (`deps/<n>/`), so that rustc can search it.
 */
#ifndef RELAY_RUSTC_DEPENDENCIES_H
#define RELAY_RUSTC_DEPENDENCIES_H

#include "base/failure.h"
#include "base/strlist.h"
#include "rustc/substitution.h"

#include <stdbool.h>
#include <stddef.h>

struct dependency {
    char *rmeta;        /**< its metadata, as the request spells it */
    char *rlib;         /**< its rlib, as the request spells it */
    char *listed_rmeta; /**< both as Bazel lists them */
    char *listed_rlib;
    size_t folder; /**< which of the folders the rlib lies in */
};

/** A zeroed struct is an empty list. */
struct dependencies {
    struct dependency *items;
    size_t count;
    struct strlist folders;        /**< where the rlibs lie, each folder once, as one is spelt */
    struct strlist listed_folders; /**< the same as Bazel would list them */
    struct strlist names;          /**< every rmeta and rlib, as Bazel lists it, sorted */
};

void dependencies_finish(struct dependencies *list);

/** Reads pairs RMETA=RLIB into an empty list; rustc will run in `working_dir`. */
bool dependencies_read(struct dependencies *list, const char *working_dir,
                       const struct strlist *pairs, struct failure *why);

/** Replaces in every path. */
void dependencies_replace(struct dependencies *list, const struct substitutions *rules);

/** The item whose rlib is `path`, in any spelling, seen from `working_dir`; the count when there is
 * none. */
size_t dependencies_find(const struct dependencies *list, const char *working_dir,
                         const char *path);

/** The folder of rlibs that is `path`, in any spelling, seen from `working_dir`; the count of
 * folders when there is none. */
size_t dependencies_find_folder(const struct dependencies *list, const char *working_dir,
                                const char *path);

/** "deps/<n>": the place of a folder below the private directory. Owned by the caller. */
char *dependencies_folder_place(size_t folder);

/** "deps/<n>/<file name>": where an item's rlib stands there. Owned by the caller. */
char *dependencies_place(const struct dependencies *list, size_t index);

/** Is `path`, as Bazel lists it, the metadata or the rlib of an item? */
bool dependencies_name(const struct dependencies *list, const char *path);

#endif
