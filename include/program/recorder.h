/**
 * A stand-in for rustc's linker that does not link: it keeps the object files, notes the call
 * (rustc/link_record.h) and says that all went well. Another process makes the call when the rlibs
 * are there (program/relink.h).
 */
#ifndef RELAY_PROGRAM_RECORDER_H
#define RELAY_PROGRAM_RECORDER_H

#include "base/failure.h"
#include "rustc/command.h"

#include <stdbool.h>

/** What it makes, below the compile's private directory. */
#define RECORDER_OBJECTS "record/objects"
#define RECORDER_RECORD "record/record"

/** What a compile with a recorder consists of. All borrowed. */
struct recorder_spec {
    const char *dir;     /**< the compile's private directory */
    const char *program; /**< our own executable, which plays the linker */
    const char *linker;  /**< the real one, for its name */
    const struct command *command;
};

/** Makes the recorder's files. */
bool recorder_make(const struct recorder_spec *spec, struct failure *why);

/** What `-Clinker=` must say. Owned by the caller. */
char *recorder_linker_path(const char *dir, const char *linker);

/** Was the linker asked for, and all noted? */
bool recorder_is_done(const char *dir);

/** Why a call could not be noted; NULL: none failed. Owned by the caller. */
char *recorder_obstacle(const char *dir);

/** The private directory of the compile whose linker we were called as, or NULL. Owned by the
 * caller. */
char *recorder_dir(const char *argv0);

/** What our executable does then. Returns the exit code; the failure is one line on stderr, which
 * rustc may show in its own way, and recorder_obstacle(). */
int recorder_run(const char *dir, char **argv);

#endif
