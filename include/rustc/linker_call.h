/**
 * A call of the linker, noted by one process so that another one can make it, on another machine:
 * what --pipelining-objects=DIR holds beside the object files.
 *
 * Paths that differ from process to process are noted as placeholders. A record is a file of texts,
 * each closed by a NUL.
 */
#ifndef RELAY_RUSTC_LINKER_CALL_H
#define RELAY_RUSTC_LINKER_CALL_H

#include "base/failure.h"
#include "base/strlist.h"
#include "rustc/command.h"

#include <stdbool.h>

/** No argument of a program holds this byte by chance. */
#define PLACEHOLDER_MARK "\001"

/** The compile's private directory; output and libraries are below it. */
#define PLACEHOLDER_PRIVATE PLACEHOLDER_MARK "private" PLACEHOLDER_MARK
/** Where the object files are. */
#define PLACEHOLDER_OBJECTS PLACEHOLDER_MARK "objects" PLACEHOLDER_MARK
/** rustc's working directory. */
#define PLACEHOLDER_DIRECTORY PLACEHOLDER_MARK "directory" PLACEHOLDER_MARK
/** rustc's own libraries and tools. */
#define PLACEHOLDER_SYSROOT PLACEHOLDER_MARK "sysroot" PLACEHOLDER_MARK
/** In a variable: its value before rustc changed it. */
#define PLACEHOLDER_VALUE PLACEHOLDER_MARK "value" PLACEHOLDER_MARK

struct linker_call {
    char *obstacle;           /**< why there is nothing to link; NULL: there is */
    char *command_sum;        /**< of which command it is a part; or NULL */
    struct strlist libraries; /**< sums of the metadata that was used, as the command lists them */
    struct strlist argv;      /**< the linker's arguments, without its name */
    struct strlist env;       /**< NAME=VALUE: what rustc changed for it */
};

/** Accepts a zeroed or half-read one. */
void linker_call_finish(struct linker_call *record);

/** Writes the file anew. */
bool linker_call_write(const struct linker_call *record, const char *path, struct failure *why);

/** Reads the file into a zeroed record. */
bool linker_call_read(struct linker_call *record, const char *path, struct failure *why);

/**
 * A text that stands for what makes two commands the same one, wherever they run: tool with its
 * content, arguments, kinds of outputs, dependencies, environment, with the working directory as a
 * placeholder. Variables that every runner of actions sets as it likes are left out. Owned by the
 * caller.
 */
char *linker_call_command_sum(const struct command *command);

/** Is it a variable that every runner of actions sets as it likes, or that we set? */
bool linker_call_ignores(const char *variable);

#endif
