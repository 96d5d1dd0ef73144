/**
 * The linker's call that an early process noted (recorder.h), made by a late one: with its own
 * rlibs, at its own places, perhaps on another machine.
 */
#ifndef RELAY_PORTABLE_RELINK_H
#define RELAY_PORTABLE_RELINK_H

#include "base/failure.h"
#include "base/strlist.h"
#include "rustc/command.h"

#include <stdbool.h>

struct relink;

/**
 * Reads what the early process left in `objects`. NULL when it is not to be used, and `why` says
 * the reason: there is nothing, it was another command, or its metadata are not those in the rlibs
 * of the late command, which are found in `request_dir`; also when in doubt.
 */
struct relink *relink_create(const char *objects, const char *request_dir,
                             const struct command *command, struct failure *why);

/** Accepts NULL. */
void relink_destroy(struct relink *relink);

/** The linker with its arguments, for a compile in the private directory `dir`, which is given what
 * else belongs there. The full rlibs must be there. */
bool relink_argv(struct relink *relink, const struct command *command, const char *dir,
                 struct strlist *argv, struct failure *why);

/** Changes the environment as rustc does for the linker. After relink_argv(). */
void relink_env(const struct relink *relink, struct strlist *env);

/** Moves arguments that are too long for the system into a file, which the linker's driver reads.
 */
bool relink_shorten(const struct relink *relink, struct strlist *argv, const struct strlist *env,
                    struct failure *why);

/** Is the linker's output there? */
bool relink_is_done(const struct relink *relink);

#endif
