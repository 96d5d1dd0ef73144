/**
 * The tokens that rustcs share for their code generation threads: a GNU make jobserver. Each rustc
 * has one thread of its own; every further one takes a token. Without it each rustc would start as
 * many threads as it likes, and several run at once.
 *
 * The pool is a pipe without a name. Children open it through our /proc entry, so that there is no
 * file to lose. (GNU make manual, "POSIX Jobserver Interaction": the form fifo:PATH)
 */
#ifndef RELAY_IO_JOBSERVER_H
#define RELAY_IO_JOBSERVER_H

#include "base/failure.h"

#include <stddef.h>

/** A zeroed struct is no jobserver. */
struct jobserver {
    char *flags; /**< the value of CARGO_MAKEFLAGS for children; NULL: there is no jobserver */
    int read_fd; /**< this and the next: valid while `flags` is set */
    int write_fd;
    size_t tokens; /**< how many are in a full pool */
};

/** Opens a pool of `tokens`, 0 for one less than there are cores. */
bool jobserver_open(struct jobserver *jobserver, size_t tokens, struct failure *why);

/**
 * Makes the pool full again. Only while no child uses it: a child that was killed has taken its
 * tokens with it. Nothing without a jobserver.
 */
void jobserver_refill(struct jobserver *jobserver);

/** Accepts a zeroed struct. */
void jobserver_close(struct jobserver *jobserver);

#endif
