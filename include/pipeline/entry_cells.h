/**
 * What the cells of the table in entry.c do: each changes the entry and appends actions, nothing
 * else.
 */
#ifndef RELAY_PIPELINE_ENTRY_CELLS_H
#define RELAY_PIPELINE_ENTRY_CELLS_H

#include "pipeline/action.h"
#include "pipeline/entry.h"

/** The event that a cell handles. All borrowed. */
struct cell_context {
    const struct entry_cause *cause;
    struct action_list *actions;
};

typedef void entry_cell(struct entry *entry, const struct cell_context *context);

/** The request waits. */
entry_cell cell_wait_for_metadata;
entry_cell cell_wait_for_link;
entry_cell cell_wait_for_exit;

/** The request is answered at once; the compile stays. */
entry_cell cell_tell_done;

/** The metadata is there. */
entry_cell cell_answer_metadata_waiters;

/** The linker is held, or let go when the rlibs have been brought already. */
entry_cell cell_reach_gate;

/** The request has brought the rlibs. */
entry_cell cell_open_gate;

/** What came of the gate does not count: early requests are answered, and for a late one rustc
 * runs without a gate. */
entry_cell cell_go_ordinary;

/** The process ended; how, the name says. */
entry_cell cell_finish;
entry_cell cell_finish_bad;
entry_cell cell_finish_bad_after_metadata;
entry_cell cell_finish_signal;
entry_cell cell_finish_signal_after_metadata;

/** The request is answered, and the compile is forgotten. */
entry_cell cell_take;
entry_cell cell_tell_failure;

/** The process had died by a signal; now somebody waits for it. */
entry_cell cell_start_again_for_metadata;
entry_cell cell_start_again_for_link;
entry_cell cell_start_again_for_exit;

/** One waiter leaves; the last one takes the process with it. */
entry_cell cell_cancel;

/** One waiter leaves without an answer. */
entry_cell cell_drop_waiter;

/** Nobody can join any more; without waiters the process is killed. */
entry_cell cell_give_way;

/** Nobody can join any more; it goes on for those who wait. */
entry_cell cell_close;

/** Nothing of it is needed any more. */
entry_cell cell_forget;

/** The process that we killed is dead. */
entry_cell cell_bury;

/** Nothing happens. */
entry_cell cell_nothing;

/** This cannot happen: an assertion. */
entry_cell cell_never;

#endif
