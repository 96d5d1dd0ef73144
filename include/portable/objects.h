/**
 * The directory of --pipelining-objects: what an early process leaves for a late one, on another
 * machine perhaps. It holds nothing that differs from run to run or from machine to machine.
 */
#ifndef RELAY_PORTABLE_OBJECTS_H
#define RELAY_PORTABLE_OBJECTS_H

#include "base/failure.h"
#include "rustc/command.h"

#include <stdbool.h>

/** The call of the linker (rustc/linker_call.h), or why there is none. */
#define OBJECTS_RECORD "record"
/** The files that the linker is given. */
#define OBJECTS_FILES "objects"
/** What else rustc left: dep-info and other kinds of output. */
#define OBJECTS_LEFT "left"

/** Makes the directory anew: the late process compiles the ordinary way. */
bool objects_write_obstacle(const char *objects, const char *reason, struct failure *why);

/** A compile whose linker's call was noted (recorder.h). All borrowed. */
struct objects_source {
    const struct command *command;
    const char *dir;         /**< its private directory */
    const char *request_dir; /**< where its metadata are found */
};

/** Makes the directory anew from it. */
bool objects_pack(const char *objects, const struct objects_source *made, struct failure *why);

/** Puts what else rustc left into the private directory of the late process. */
bool objects_unpack_left(const char *objects, const struct command *command, const char *dir,
                         struct failure *why);

#endif
