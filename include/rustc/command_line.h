/**
 * What the system takes as a command line, and what goes into argument files instead. rustc reads
 * `@FILE` as one argument a line, where it stands: nothing is quoted there, so that not every
 * argument can be in one.
 */
#ifndef RELAY_RUSTC_COMMAND_LINE_H
#define RELAY_RUSTC_COMMAND_LINE_H

#include "base/failure.h"
#include "base/strlist.h"

#include <stdbool.h>
#include <stddef.h>

enum {
    /** execve(2) takes no longer argument, its NUL included. */
    COMMAND_LINE_WORD_MAX_BYTES = 128 * 1024,
    /** Shorter ones are passed as they are. */
    COMMAND_LINE_SHORT_BYTES = 512 * 1024
};

/** What a program is started with. All borrowed. */
struct command_line {
    const struct strlist *argv;
    const struct strlist *env;
    size_t max_bytes; /**< what the system takes of both: sysconf(_SC_ARG_MAX) */
};

/** Is it short enough to be passed as it is? */
bool command_line_is_short(const struct command_line *line);

/** False, with a sentence about what is too long, when the system would not take it. */
bool command_line_check(const struct command_line *line, struct failure *why);

/** Does the tool read argument files? rustc and its relatives do, and what is named after them. */
bool command_line_reads_files(const char *tool);

/**
 * Appends to `argv` the first two words and those that cannot be in a file, and between them, where
 * the others stood, `@<prefix><number>`; the others go to `texts`, one text for each such file.
 * (The first two: a driver looks there for the name of the compiler that it stands for.)
 */
void command_line_split(const struct strlist *words, const char *prefix, struct strlist *argv,
                        struct strlist *texts);

#endif
