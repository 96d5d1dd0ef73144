/**
 * A call of the linker, noted by one process so that another one can make it, on another machine:
 * what --pipelining-objects=DIR holds beside the object files.
 *
 * Paths that differ from process to process are noted as places. A record is a file of texts, each
 * closed by a NUL.
 */
#ifndef RELAY_RUSTC_LINK_RECORD_H
#define RELAY_RUSTC_LINK_RECORD_H

#include "base/failure.h"
#include "base/strlist.h"
#include "rustc/command.h"

#include <stdbool.h>

/** No argument of a program holds this byte by chance. */
#define LINK_PLACE_MARK "\001"

/** The compile's private directory; output and libraries are below it. */
#define LINK_PLACE_PRIVATE LINK_PLACE_MARK "private" LINK_PLACE_MARK
/** Where the object files are. */
#define LINK_PLACE_OBJECTS LINK_PLACE_MARK "objects" LINK_PLACE_MARK
/** rustc's working directory. */
#define LINK_PLACE_DIRECTORY LINK_PLACE_MARK "directory" LINK_PLACE_MARK
/** rustc's own libraries and tools. */
#define LINK_PLACE_SYSROOT LINK_PLACE_MARK "sysroot" LINK_PLACE_MARK
/** In a variable: its value before rustc changed it. */
#define LINK_PLACE_VALUE LINK_PLACE_MARK "value" LINK_PLACE_MARK

struct link_record {
    char *obstacle;           /**< why there is nothing to link; NULL: there is */
    char *identity;           /**< of which command it is a part; or NULL */
    struct strlist libraries; /**< sums of the metadata that was used, as the command lists them */
    struct strlist argv;      /**< the linker's arguments, without its name */
    struct strlist env;       /**< NAME=VALUE: what rustc changed for it */
};

/** Accepts a zeroed or half-read one. */
void link_record_finish(struct link_record *record);

/** Writes the file anew. */
bool link_record_write(const struct link_record *record, const char *path, struct failure *why);

/** Reads the file into a zeroed record. */
bool link_record_read(struct link_record *record, const char *path, struct failure *why);

/**
 * What makes two commands the same one, wherever they run: tool with its content, arguments, kinds
 * of outputs, dependencies, environment, with the working directory as a place. Variables that
 * every runner of actions sets as it likes are left out. Owned by the caller.
 */
char *link_record_identity(const struct command *command);

/** Is it a variable that every runner of actions sets as it likes, or that we set? */
bool link_record_ignores(const char *variable);

#endif
