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

/** What a command is started with. All borrowed. */
struct private_words {
    const struct command *command;
    const char *dir;
    const char *linker;     /**< what rustc is told to call; NULL: what the command says */
    const char *make_flags; /**< of our jobserver; NULL: it has none */
};

/**
 * The words and the environment of the command. Words that are too long are moved into files, which
 * rustc reads. False: the system would not take what is left, or the tool reads no files.
 */
bool private_dir_words(const struct private_words *words, struct strlist *argv, struct strlist *env,
                       struct failure *why);

/** The environment alone. */
void private_dir_env(const struct private_words *words, struct strlist *env);

/** How many bytes the command's artefacts have on disk. */
uint64_t private_dir_bytes(const char *dir, const struct command *command);

/** Is the artefact of this kind there? False also for a kind that the command does not make. */
bool private_dir_holds(const char *dir, const struct command *command, const char *kind);

#endif
