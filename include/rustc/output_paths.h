/**
 * Where a command may write beside the outputs that are redirected: it was told so by an option
 * that is nobody's but its linker's, say, or by its environment.
 *
 *     -Clink-arg=-Wl,-Map=bazel-out/k8/bin/app.map
 *     -Zsplit-dwarf-out-dir=bazel-out/k8/bin/dwo
 */
#ifndef RELAY_RUSTC_OUTPUT_PATHS_H
#define RELAY_RUSTC_OUTPUT_PATHS_H

#include "base/strlist.h"
#include "rustc/command.h"

/**
 * Adds every path below the working directory that the command's arguments mention, and those below
 * bazel-out/ that its environment does; not what it only reads (--extern, -L, sources). Whether one
 * is a file or a folder, or there at all, is not known. As Bazel lists them, sorted, each once.
 */
void output_paths_of(const struct command *command, struct strlist *paths);

#endif
