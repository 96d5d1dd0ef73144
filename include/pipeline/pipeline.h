/**
 * The pipeline table: which compile serves which request. Pure: it decides, it never performs.
 *
 * Words. A *request* is one WorkRequest, named by the worker's own serial. A *compile* is one rustc
 * for one crate, named by its serial, from START to FORGET. A *key* says which requests belong to
 * one crate; the *identity* says which of them are the same compile. A *milestone* is what a
 * request waits for; a request that waits is a *waiter* of its compile. An *action* is what the
 * worker must do now.
 *
 * A compile owns its key until another identity takes it, it is killed, or it is forgotten; a
 * compile without a key serves the waiters that it has and nobody else. All calls append to
 * `actions`, which the worker performs in order when the call has returned.
 */
#ifndef RELAY_PIPELINE_PIPELINE_H
#define RELAY_PIPELINE_PIPELINE_H

#include "base/digest.h"
#include "pipeline/action.h"
#include "pipeline/joining.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** How a compile's process ended. */
enum ending {
    ENDING_GOOD,   /**< exit code 0 */
    ENDING_BAD,    /**< another exit code, or it could not be started */
    ENDING_SIGNAL, /**< a signal that the worker did not send */
    ENDING_UNFIT   /**< it was to stop at a gate, and what came of it does not count */
};

/** What a request wants. */
struct want {
    uint64_t request;
    const char *key;               /**< NULL: a compile of its own */
    const struct digest *identity; /**< NULL when `key` is */
    enum milestone milestone;
    enum joining_doubt doubt; /**< why the known compile is not the one for it */
    bool is_bound;            /**< its compile may run only while a request waits for it */
};

/** Limits for finished compiles that nobody has taken. */
struct pipeline_limits {
    size_t kept_count;
    uint64_t kept_bytes;
};

struct pipeline;

struct pipeline *pipeline_create(const struct pipeline_limits *limits);

/** Accepts NULL. Compiles still known are simply dropped. */
void pipeline_destroy(struct pipeline *pipeline);

/** The compile that a want of this key and identity would join, 0 when there is none. */
uint64_t pipeline_candidate(const struct pipeline *pipeline, const char *key,
                            const struct digest *identity);

/** A request arrived. `ret_compile` is the compile that serves it. */
enum verdict pipeline_want(struct pipeline *pipeline, const struct want *want,
                           uint64_t *ret_compile, struct action_list *actions);

/** The compile's .rmeta is complete on disk. */
void pipeline_metadata_ready(struct pipeline *pipeline, uint64_t compile,
                             struct action_list *actions);

/** The compile's linker was asked for, and waits at its gate. At most once for each start. */
void pipeline_linker_asked(struct pipeline *pipeline, uint64_t compile,
                           struct action_list *actions);

/** Is any compile held at its gate? */
bool pipeline_holds_gates(const struct pipeline *pipeline);

/** Gives up what is held at gates: whoever wants it later compiles alone. */
void pipeline_release_gates(struct pipeline *pipeline, struct action_list *actions);

/** Would the compile be kept for further requests if it ended now? */
bool pipeline_would_keep(const struct pipeline *pipeline, uint64_t compile);

/** What the compile's process has read is not what its identity says: no further request joins it,
 * and it is not kept. It goes on for those who wait for it. */
void pipeline_changed(struct pipeline *pipeline, uint64_t compile, struct action_list *actions);

/** The compile's process is dead and reaped, or could not be started; `bytes` is what it left. */
void pipeline_ended(struct pipeline *pipeline, uint64_t compile, enum ending ending, uint64_t bytes,
                    struct action_list *actions);

/**
 * The request is cancelled: it is answered OUTCOME_CANCELLED, at once when others wait for its
 * compile, else after that compile was killed and reaped. A request that waits for nothing is
 * ignored.
 */
void pipeline_cancel(struct pipeline *pipeline, uint64_t request, struct action_list *actions);

/** Nobody listens to the request any more: it is never answered. Its compile runs on if it can be
 * joined. */
void pipeline_abandon(struct pipeline *pipeline, uint64_t request, struct action_list *actions);

#endif
