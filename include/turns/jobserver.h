/**
 * Who may compute, when Bazel does not count what runs on after an early answer. Shared by all
 * worker processes of one state directory.
 *
 * So many compiles as there are cores, and one more, have a seat and compute (turns/seats.h); the
 * others wait for their turn: those at a gate that was opened first, then in the order they came. A
 * worker of whose own compiles none computes does not wait for the others', which may be stopped or
 * stuck.
 *
 * Each that computes has a token for its rustc, and rustc's further threads take the others
 * (turns/token_pool.h). When no token is left it computes without one, and gets the next that we
 * see: threads of others do not hold up what somebody waits for.
 */
#ifndef RELAY_TURNS_JOBSERVER_H
#define RELAY_TURNS_JOBSERVER_H

#include "base/failure.h"

#include <stdbool.h>
#include <stddef.h>
#include <uv.h>

struct job;
struct seats;
struct token_pool;

/** A zeroed struct is no jobserver: nobody waits, and each rustc makes its own. */
struct jobserver {
    struct token_pool *pool; /**< NULL: there is no jobserver */
    struct seats *seats;
    uv_idle_t *soon;  /**< active when turns are to be given, by the loop */
    struct job *jobs; /**< the oldest first */
    size_t tokens;    /**< how many there are in all */
};

/** Called from the loop only: the job computes. It may be ended from within. */
typedef void job_turn(void *owner);

/**
 * `dir` is where all workers meet; it is made if it is not there. `tokens`: 0 is one for each core.
 * On failure the struct is zeroed. The struct must stay where it is.
 */
bool jobserver_open(struct jobserver *jobserver, uv_loop_t *loop, const char *dir, size_t tokens,
                    struct failure *why);

/** Every job must have ended. Accepts a zeroed struct. */
void jobserver_close(struct jobserver *jobserver);

/**
 * A compile wants to begin: if job_computes() not at once, then when `on_turn` is called. Never
 * NULL; end it with job_end().
 */
struct job *job_begin(struct jobserver *jobserver, job_turn *on_turn, void *owner);

/** Is it its turn? */
bool job_computes(const struct job *job);

/** The value of CARGO_MAKEFLAGS for its rustc; NULL without a jobserver. Borrowed. Only in its
 * turn. */
const char *job_make_flags(const struct job *job);

/** The compile waits for something else and computes nothing. */
void job_rest(struct job *job);

/** It wants to go on: as job_begin(). */
void job_resume(struct job *job);

/** Its process has ended, or never began. `killed`: by a signal, perhaps with tokens of its
 * threads. Accepts NULL. */
void job_end(struct job *job, bool killed);

#endif
