/**
 * The directory that a request's relative names start from.
 *
 * Multiplex sandboxing names it in the request, relative to the worker's working directory;
 * singleplex sandboxing makes it the working directory; else it is the execroot, which is the
 * working directory too. Both kinds of sandbox are emptied and used again right after the answer
 * (bazel-facts.md B).
 */
#ifndef RELAY_IO_SANDBOX_H
#define RELAY_IO_SANDBOX_H

#include "base/failure.h"
#include "base/input.h"
#include "base/strlist.h"

#include <stdbool.h>

/**
 * The absolute base directory of a request with this sandbox_dir ("" without one), owned by the
 * caller; NULL when the sandbox is missing or empty.
 */
char *sandbox_base_dir(const char *cwd, const char *sandbox_dir, struct failure *why);

/** Will Bazel use the directory for another request as soon as this one is answered? */
bool sandbox_is_reused(const char *cwd, const char *sandbox_dir);

/**
 * Bazel's path mapping (--experimental_output_paths=strip) gives arguments and sandbox the paths
 * `bazel-out/cfg/…`, but lists the inputs with their configuration. When the base directory is laid
 * out so, the inputs get the paths that they have there. The new texts are pushed to `texts`.
 */
void sandbox_map_inputs(const char *base_dir, struct input *inputs, size_t count,
                        struct strlist *texts);

#endif
