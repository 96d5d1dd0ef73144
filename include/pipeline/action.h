/**
 * What the pipeline table tells the worker to do. The table decides, the worker performs: in order,
 * and only when the call that appended the actions has returned.
 */
#ifndef RELAY_PIPELINE_ACTION_H
#define RELAY_PIPELINE_ACTION_H

#include <stddef.h>
#include <stdint.h>

/** What a request waits for. */
enum milestone {
    MILESTONE_METADATA, /**< the .rmeta is on disk */
    MILESTONE_LINK,     /**< code is generated, the linker is asked for and held */
    MILESTONE_EXIT
};

enum action_kind {
    ACTION_START,    /**< start the compile (`compile` is new) */
    ACTION_RESTART,  /**< its process died by a signal: start it once more, in a fresh directory */
    ACTION_OPEN,     /**< give the compile at its gate the rlibs of `request`, and open the gate */
    ACTION_ORDINARY, /**< its process ended at or before its gate: start it without one, as
                        `request` says */
    ACTION_ANSWER,   /**< answer `request` with `outcome`, from `compile` */
    ACTION_KILL,     /**< kill the compile's process group; pipeline_ended() follows */
    ACTION_FORGET    /**< remove the compile's directory and everything known of it */
};

enum outcome {
    OUTCOME_DONE,     /**< the milestone is reached */
    OUTCOME_FAILED,   /**< the compile failed */
    OUTCOME_CANCELLED /**< the request was cancelled and its process is dead, or serves others */
};

struct action {
    enum action_kind kind;
    uint64_t compile;
    uint64_t request;     /**< ACTION_OPEN, ACTION_ORDINARY and ACTION_ANSWER only */
    enum outcome outcome; /**< ACTION_ANSWER only */
};

/** The worker's list of what to do. A zeroed struct is empty. */
struct action_list {
    struct action *items;
    size_t count;
    size_t capacity;
};

void action_list_finish(struct action_list *actions);

void action_list_push(struct action_list *actions, struct action action);

#endif
