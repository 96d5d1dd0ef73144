/**
 * One compile in the pipeline table, and the policy of the table: what each event does in each
 * state.
 *
 * | state     | the compile                                                        |
 * |-----------|--------------------------------------------------------------------|
 * | COMPILING | runs; its metadata is not there yet                                |
 * | METADATA  | runs; its metadata is there                                        |
 * | GATED     | its code is generated; its linker waits at the gate                |
 * | LINKING   | its gate was opened for a request                                  |
 * | FINISHED  | ended well; kept until a request takes its outputs                 |
 * | FAILED    | ended badly after its metadata was answered; kept to be told once  |
 * | DIED      | was killed by a signal, not by us, while nobody waited             |
 * | DYING     | was killed by us and is not reaped yet                             |
 * | GONE      | forgotten; removed from the table when the event has been handled  |
 */
#ifndef RELAY_PIPELINE_ENTRY_H
#define RELAY_PIPELINE_ENTRY_H

#include "base/digest.h"
#include "pipeline/action.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum entry_state {
    ENTRY_COMPILING,
    ENTRY_METADATA,
    ENTRY_GATED,
    ENTRY_LINKING,
    ENTRY_FINISHED,
    ENTRY_FAILED,
    ENTRY_DIED,
    ENTRY_DYING,
    ENTRY_GONE,
    ENTRY_STATE_COUNT
};

enum entry_event {
    EVENT_WANT_METADATA,  /**< a request of its identity wants the metadata */
    EVENT_WANT_LINK,      /**< a request of its identity wants the code to be generated */
    EVENT_WANT_EXIT,      /**< a request of its identity wants the end */
    EVENT_METADATA_READY, /**< rustc said that the .rmeta is complete */
    EVENT_LINKER_ASKED,   /**< its linker was asked for, and is held */
    EVENT_ENDED_GOOD,     /**< the process is reaped: exit code 0 */
    EVENT_ENDED_BAD,      /**< the process is reaped or was never started */
    EVENT_ENDED_SIGNAL,   /**< the process is reaped: killed by a signal */
    EVENT_ENDED_UNFIT,    /**< the process is reaped: what it did at a gate does not count */
    EVENT_CHANGED,        /**< what its process has read is not what its identity says */
    EVENT_CANCEL,         /**< one waiter is cancelled */
    EVENT_ABANDON,        /**< one waiter will never be answered */
    EVENT_DISPLACED,      /**< another identity has taken the key */
    EVENT_EVICTED,        /**< too much is kept, and this is the oldest */
    ENTRY_EVENT_COUNT
};

/** A request that waits. */
struct waiter {
    uint64_t request;
    enum milestone milestone;
};

struct entry {
    uint64_t compile;       /**< its serial */
    char *key;              /**< NULL: nobody can join it (any more) */
    struct digest identity; /**< which requests may join */
    enum entry_state state;
    struct waiter *waiters;
    size_t waiter_count;
    bool is_bound;  /**< is it of no use to anybody once nobody waits? */
    bool restarted; /**< did it get its second process already? */
    uint64_t bytes; /**< how much it left on disk */
};

/** Who an event is about: the wanting or leaving request; 0 for events of the process. */
struct entry_cause {
    uint64_t request;
    uint64_t bytes; /**< EVENT_ENDED_*: how much the compile left on disk */
};

/** Handles the event by the table: changes the state, appends actions. */
void entry_handle(struct entry *entry, enum entry_event event, const struct entry_cause *cause,
                  struct action_list *actions);

/** Is the pair impossible? (For the test that walks the table: such a pair is an assertion.) */
bool entry_is_impossible(enum entry_state state, enum entry_event event);

/** Is the compile kept without a process and without anybody who waits? */
bool entry_is_kept(const struct entry *entry);

/** If it ended now, would it be kept? It can be joined, and nobody waits for its end. */
bool entry_would_be_kept(const struct entry *entry);

/** Does this request wait for the compile? */
bool entry_serves(const struct entry *entry, uint64_t request);

void entry_destroy(struct entry *entry);

#endif
