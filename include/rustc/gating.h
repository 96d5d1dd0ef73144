/**
 * Link pipelining: how a linked crate is compiled before its dependencies' code exists.
 *
 * rustc reads the code in rlibs only when it links. So it is given hollow rlibs in a private place
 * and, as its linker, a gate that waits there until full ones have taken that place. None of the
 * paths is hashed by rustc: the bytes are those of the plain run.
 */
#ifndef RELAY_RUSTC_GATING_H
#define RELAY_RUSTC_GATING_H

#include "base/strlist.h"
#include "rustc/command.h"

/**
 * Why rustc cannot be held at a gate with these arguments: it would read the rlibs itself, or link
 * nothing. NULL: it can. A sentence's second half ("it is built with LTO"); static.
 */
const char *gating_obstacle(const struct command *command);

/**
 * The same for a linker that is called later, by somebody else than rustc: what rustc does after it
 * must be nothing.
 */
const char *gating_record_obstacle(const struct command *command);

/** The linker that rustc would call. Borrowed from the command. */
const char *gating_linker(const struct command *command);

/**
 * Appends the command's arguments (but those that name outputs) with each rlib and its folder
 * replaced by its place below `private_dir`, and with `gate` as the linker.
 */
void gating_argv(const struct command *command, const char *private_dir, const char *gate,
                 struct strlist *argv);

#endif
