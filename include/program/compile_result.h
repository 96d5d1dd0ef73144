/**
 * What came of a compile that has ended.
 */
#ifndef RELAY_PROGRAM_COMPILE_RESULT_H
#define RELAY_PROGRAM_COMPILE_RESULT_H

#include "program/compile.h"

#include <stdbool.h>
#include <stdint.h>

/** Did the process end with exit code 0? */
bool compile_succeeded(const struct compile *compile);

/** Are its outputs gone although it ended well? (Taken by another worker, or removed by somebody.)
 */
bool compile_is_hollow(const struct compile *compile);

/** Was the compile to stop at a gate, and what came of it does not count? When it has ended. */
bool compile_is_unfit(const struct compile *compile);

/** Brings what it left in its root beside its outputs into its directory: nobody may take it before
 * it is whole. One that cannot be brought fails, and says why. */
void compile_collect_left(struct compile *compile);

/** How many bytes its artefacts have on disk. */
uint64_t compile_disk_bytes(const struct compile *compile);

/** "rustc exited with code 1", "rustc was killed by signal 9 (Killed)". Owned by the caller. */
char *compile_describe_end(const struct compile *compile);

#endif
