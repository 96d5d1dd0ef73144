/**
 * The program without --persistent_worker: one invocation from the command line, then exit.
 */
#ifndef RELAY_PROGRAM_ONESHOT_H
#define RELAY_PROGRAM_ONESHOT_H

#include "program/options.h"

/**
 * Runs the tool, places what a stage declares, and returns the exit code: the tool's, or 1 when it
 * was killed by a signal or something of ours failed (said on stderr). A request for metadata ends
 * its rustc as soon as the .rmeta is there: nobody would take the rest.
 */
int oneshot_run(const struct options *options, char *const *inherited_env);

#endif
