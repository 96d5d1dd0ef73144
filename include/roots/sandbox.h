/**
 * The directory that a request's relative names start from.
 *
 * Bazel's multiplex sandboxing names it in the request, relative to the worker's working directory;
 * its singleplex sandboxing makes it the working directory; else it is the execroot, which is the
 * working directory too. Both kinds of sandbox are emptied and used again right after the answer
 * (bazel-facts.md B). Others that speak the protocol (remote execution) have directories of their
 * own, and what becomes of those after the answer is not known: nothing may be read or written
 * there.
 */
#ifndef RELAY_ROOTS_SANDBOX_H
#define RELAY_ROOTS_SANDBOX_H

#include "base/failure.h"
#include "base/input.h"
#include "base/strlist.h"

#include <stdbool.h>

/**
 * The absolute directory of a request with this sandbox_dir ("" without one), owned by the
 * caller; NULL when the sandbox is missing or empty.
 */
char *sandbox_request_dir(const char *cwd, const char *sandbox_dir, struct failure *why);

/** What a request's directory is. */
enum sandbox_kind {
    SANDBOX_NONE,   /**< Bazel's own execroot: it stays as it is behind the answer */
    SANDBOX_BAZEL,  /**< one of Bazel's: it is used again, but its inputs are links to the execroot
                     */
    SANDBOX_FOREIGN /**< anything else: it may be emptied as soon as the request is answered */
};

/**
 * What a worker's working directory is (absolute, without symbolic links). Only what has the marks
 * of an output base around it is Bazel's.
 */
enum sandbox_kind sandbox_kind_of_cwd(const char *cwd);

/** What the directory of a request with this sandbox_dir is, in a working directory of that kind.
 */
enum sandbox_kind sandbox_kind_of(enum sandbox_kind cwd, const char *sandbox_dir);

/** The execroot that the directories of a worker in `cwd`, of that kind, stand for, owned by the
 * caller; NULL: there is none. */
char *sandbox_execroot(const char *cwd, enum sandbox_kind kind);

/**
 * Bazel's path mapping (--experimental_output_paths=strip) gives arguments and sandbox the paths
 * `bazel-out/cfg/…`, but lists the inputs with their configuration. When the request directory is
 * laid out so, the inputs get the paths that they have there. The new texts are pushed to `texts`.
 */
void sandbox_map_inputs(const char *request_dir, struct input *inputs, size_t count,
                        struct strlist *texts);

/**
 * The folders of the request directory that these paths name or lie in, as far as they are there:
 * Bazel has made those of all outputs. Ascending, each once, with a '/' at the end.
 */
void sandbox_output_folders(const char *request_dir, const struct strlist *paths,
                            struct strlist *folders);

#endif
