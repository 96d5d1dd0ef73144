/**
 * Where a rustc has its own libraries and tools.
 */
#ifndef RELAY_RUSTC_SYSROOT_H
#define RELAY_RUSTC_SYSROOT_H

#include "rustc/command.h"

/** The file of the command's rustc, owned by the caller; the tool's bare name when it is not found.
 */
char *sysroot_tool(const struct command *command);

/**
 * The sysroot of the command's rustc, without symbolic links, owned by the caller. "" when it is
 * not found: the tool may be a stand-in for rustc.
 */
char *sysroot_of(const struct command *command);

#endif
