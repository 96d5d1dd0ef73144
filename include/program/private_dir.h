/**
 * The private directory of a compile: where its rustc writes.
 *
 *     <state>/<serial>/...         what rustc writes: command.h; also its TMPDIR, so that a killed
 *                                  rustc leaves nothing elsewhere
 *     <state>/<serial>/args.<n>    arguments that are too long for execve(2)
 */
#ifndef RELAY_PROGRAM_PRIVATE_DIR_H
#define RELAY_PROGRAM_PRIVATE_DIR_H

#include "base/failure.h"
#include "rustc/command.h"

#include <stdbool.h>
#include <stdint.h>

struct state_dir;

/** Makes the directory with the folders that the command writes to. Its path is the caller's; or
 * NULL. */
char *private_dir_make(struct state_dir *state, uint64_t serial, const struct command *command,
                       struct failure *why);

/** Moves arguments that are too long into files, which rustc reads; short ones stay as they are.
 * False: the system would not take what is left, or no other tool would read files. */
bool private_dir_shorten(const char *dir, struct strlist *argv, const struct strlist *env,
                         struct failure *why);

/** How many bytes the command's artefacts have on disk. */
uint64_t private_dir_bytes(const char *dir, const struct command *command);

/** Is the artefact of this kind there? False also for a kind that the command does not make. */
bool private_dir_holds(const char *dir, const struct command *command, const char *kind);

#endif
