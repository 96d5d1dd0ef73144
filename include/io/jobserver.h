/**
 * The tokens of the machine's cores: a GNU make jobserver. Each compile that computes has one for
 * its rustc, and rustc's further threads take the others. So what still runs after an early answer
 * and what Bazel has just asked for do not start more threads than there are cores.
 *
 * A compile is never kept waiting: somebody waits for it. When no token is left it begins without
 * one, and gets the next that comes back, before any thread can start.
 *
 * A child that is killed takes the tokens of its threads with it, and nobody can tell how many
 * those were. Then a new pool is made of what is left; when the last child of the old one has
 * ended, all that is missing from it is there again.
 *
 * A pool is a pipe without a name. Children open it through our /proc entry, so that there is no
 * file to lose. (GNU make manual, "POSIX Jobserver Interaction": the form fifo:PATH)
 */
#ifndef RELAY_IO_JOBSERVER_H
#define RELAY_IO_JOBSERVER_H

#include "base/failure.h"

#include <stdbool.h>
#include <stddef.h>

struct job;
struct job_pool;

/** A zeroed struct is no jobserver. */
struct jobserver {
    struct job_pool *pools; /**< the newest first; NULL: there is no jobserver */
    struct job *jobs;
    size_t tokens; /**< how many there are in all */
};

/** Opens a pool of `tokens`, 0 for one for each core. */
bool jobserver_open(struct jobserver *jobserver, size_t tokens, struct failure *why);

/** Every job must have ended. Accepts a zeroed struct. */
void jobserver_close(struct jobserver *jobserver);

/** A compile begins. Never NULL; end it with job_end(). */
struct job *job_begin(struct jobserver *jobserver);

/** The value of CARGO_MAKEFLAGS for the compile's rustc; NULL without a jobserver. Borrowed. */
const char *job_make_flags(const struct job *job);

/** The compile waits and computes nothing: its token is another one's. */
void job_rest(struct job *job);

/** It computes again. */
void job_resume(struct job *job);

/** Its process has ended. `killed`: by a signal, perhaps with tokens of its threads. Accepts NULL.
 */
void job_end(struct job *job, bool killed);

#endif
