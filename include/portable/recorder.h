/**
 * A stand-in for rustc's linker that does not link: it keeps the object files, notes the call
 * (rustc/linker_call.h) and says that all went well. Another process makes the call when the rlibs
 * are there (portable/relink.h).
 */
#ifndef RELAY_PORTABLE_RECORDER_H
#define RELAY_PORTABLE_RECORDER_H

#include "base/failure.h"
#include "rustc/command.h"

#include <stdbool.h>

/** What it makes, below the compile's private directory. */
#define RECORDER_OBJECTS "record/objects"
#define RECORDER_RECORD "record/record"

/** Makes the recorder's files in the private directory `dir` of a compile; `program` is our own
 * executable, which plays the linker. */
bool recorder_make(const char *dir, const char *program, const struct command *command,
                   struct failure *why);

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
