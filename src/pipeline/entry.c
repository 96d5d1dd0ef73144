#include "pipeline/entry.h"

#include "pipeline/entry_cells.h"

#include <stdlib.h>

static entry_cell *const table[ENTRY_STATE_COUNT]
                              [ENTRY_EVENT_COUNT] = {
                                  [ENTRY_COMPILING] =
                                      {
                                          [EVENT_WANT_METADATA] = cell_wait_for_metadata,
                                          [EVENT_WANT_LINK] = cell_wait_for_link,
                                          [EVENT_WANT_EXIT] = cell_wait_for_exit,
                                          [EVENT_METADATA_READY] = cell_answer_metadata_waiters,
                                          [EVENT_LINKER_ASKED] = cell_reach_gate,
                                          [EVENT_ENDED_GOOD] = cell_finish,
                                          [EVENT_ENDED_BAD] = cell_finish_bad,
                                          [EVENT_ENDED_SIGNAL] = cell_finish_signal,
                                          [EVENT_ENDED_UNFIT] = cell_go_ordinary,
                                          [EVENT_CHANGED] = cell_close,
                                          [EVENT_CANCEL] = cell_cancel,
                                          [EVENT_ABANDON] = cell_drop_waiter,
                                          [EVENT_DISPLACED] = cell_give_way,
                                          [EVENT_EVICTED] = cell_never,
                                      },
                                  [ENTRY_METADATA] =
                                      {
                                          [EVENT_WANT_METADATA] = cell_tell_done,
                                          [EVENT_WANT_LINK] = cell_never,
                                          [EVENT_WANT_EXIT] = cell_wait_for_exit,
                                          [EVENT_METADATA_READY] = cell_nothing,
                                          [EVENT_LINKER_ASKED] = cell_never,
                                          [EVENT_ENDED_GOOD] = cell_finish,
                                          [EVENT_ENDED_BAD] = cell_finish_bad_after_metadata,
                                          [EVENT_ENDED_SIGNAL] = cell_finish_signal_after_metadata,
                                          [EVENT_ENDED_UNFIT] = cell_never,
                                          [EVENT_CHANGED] = cell_close,
                                          [EVENT_CANCEL] = cell_cancel,
                                          [EVENT_ABANDON] = cell_drop_waiter,
                                          [EVENT_DISPLACED] = cell_give_way,
                                          [EVENT_EVICTED] = cell_never,
                                      },
                                  [ENTRY_GATED] =
                                      {
                                          [EVENT_WANT_METADATA] = cell_never,
                                          [EVENT_WANT_LINK] = cell_tell_done,
                                          [EVENT_WANT_EXIT] = cell_open_gate,
                                          [EVENT_METADATA_READY] = cell_never,
                                          [EVENT_LINKER_ASKED] = cell_never,
                                          [EVENT_ENDED_GOOD] = cell_finish,
                                          [EVENT_ENDED_BAD] = cell_never,
                                          [EVENT_ENDED_SIGNAL] = cell_never,
                                          [EVENT_ENDED_UNFIT] = cell_go_ordinary,
                                          [EVENT_CHANGED] = cell_close,
                                          [EVENT_CANCEL] = cell_never,
                                          [EVENT_ABANDON] = cell_never,
                                          [EVENT_DISPLACED] = cell_give_way,
                                          [EVENT_EVICTED] = cell_give_way,
                                      },
                                  [ENTRY_LINKING] =
                                      {
                                          [EVENT_WANT_METADATA] = cell_never,
                                          [EVENT_WANT_LINK] = cell_tell_done,
                                          [EVENT_WANT_EXIT] = cell_wait_for_exit,
                                          [EVENT_METADATA_READY] = cell_never,
                                          [EVENT_LINKER_ASKED] = cell_never,
                                          [EVENT_ENDED_GOOD] = cell_finish,
                                          [EVENT_ENDED_BAD] = cell_never,
                                          [EVENT_ENDED_SIGNAL] = cell_never,
                                          [EVENT_ENDED_UNFIT] = cell_go_ordinary,
                                          [EVENT_CHANGED] = cell_close,
                                          [EVENT_CANCEL] = cell_cancel,
                                          [EVENT_ABANDON] = cell_drop_waiter,
                                          [EVENT_DISPLACED] = cell_give_way,
                                          [EVENT_EVICTED] = cell_never,
                                      },
                                  [ENTRY_FINISHED] =
                                      {
                                          [EVENT_WANT_METADATA] = cell_tell_done,
                                          [EVENT_WANT_LINK] = cell_tell_done,
                                          [EVENT_WANT_EXIT] = cell_take,
                                          [EVENT_METADATA_READY] = cell_never,
                                          [EVENT_LINKER_ASKED] = cell_never,
                                          [EVENT_ENDED_GOOD] = cell_never,
                                          [EVENT_ENDED_BAD] = cell_never,
                                          [EVENT_ENDED_SIGNAL] = cell_never,
                                          [EVENT_ENDED_UNFIT] = cell_never,
                                          [EVENT_CHANGED] = cell_never,
                                          [EVENT_CANCEL] = cell_never,
                                          [EVENT_ABANDON] = cell_never,
                                          [EVENT_DISPLACED] = cell_forget,
                                          [EVENT_EVICTED] = cell_forget,
                                      },
                                  [ENTRY_FAILED] =
                                      {
                                          [EVENT_WANT_METADATA] = cell_tell_failure,
                                          [EVENT_WANT_LINK] = cell_tell_failure,
                                          [EVENT_WANT_EXIT] = cell_tell_failure,
                                          [EVENT_METADATA_READY] = cell_never,
                                          [EVENT_LINKER_ASKED] = cell_never,
                                          [EVENT_ENDED_GOOD] = cell_never,
                                          [EVENT_ENDED_BAD] = cell_never,
                                          [EVENT_ENDED_SIGNAL] = cell_never,
                                          [EVENT_ENDED_UNFIT] = cell_never,
                                          [EVENT_CHANGED] = cell_never,
                                          [EVENT_CANCEL] = cell_never,
                                          [EVENT_ABANDON] = cell_never,
                                          [EVENT_DISPLACED] = cell_forget,
                                          [EVENT_EVICTED] = cell_forget,
                                      },
                                  [ENTRY_DIED] =
                                      {
                                          [EVENT_WANT_METADATA] = cell_start_again_for_metadata,
                                          [EVENT_WANT_LINK] = cell_start_again_for_link,
                                          [EVENT_WANT_EXIT] = cell_start_again_for_exit,
                                          [EVENT_METADATA_READY] = cell_never,
                                          [EVENT_LINKER_ASKED] = cell_never,
                                          [EVENT_ENDED_GOOD] = cell_never,
                                          [EVENT_ENDED_BAD] = cell_never,
                                          [EVENT_ENDED_SIGNAL] = cell_never,
                                          [EVENT_ENDED_UNFIT] = cell_never,
                                          [EVENT_CHANGED] = cell_never,
                                          [EVENT_CANCEL] = cell_never,
                                          [EVENT_ABANDON] = cell_never,
                                          [EVENT_DISPLACED] = cell_forget,
                                          [EVENT_EVICTED] = cell_forget,
                                      },
                                  [ENTRY_DYING] =
                                      {
                                          [EVENT_WANT_METADATA] = cell_never,
                                          [EVENT_WANT_LINK] = cell_never,
                                          [EVENT_WANT_EXIT] = cell_never,
                                          [EVENT_METADATA_READY] = cell_nothing,
                                          [EVENT_LINKER_ASKED] = cell_nothing,
                                          [EVENT_ENDED_GOOD] = cell_bury,
                                          [EVENT_ENDED_BAD] = cell_bury,
                                          [EVENT_ENDED_SIGNAL] = cell_bury,
                                          [EVENT_ENDED_UNFIT] = cell_bury,
                                          [EVENT_CHANGED] = cell_nothing,
                                          [EVENT_CANCEL] = cell_nothing,
                                          [EVENT_ABANDON] = cell_drop_waiter,
                                          [EVENT_DISPLACED] = cell_never,
                                          [EVENT_EVICTED] = cell_never,
                                      },
                                  [ENTRY_GONE] =
                                      {
                                          [EVENT_WANT_METADATA] = cell_never,
                                          [EVENT_WANT_LINK] = cell_never,
                                          [EVENT_WANT_EXIT] = cell_never,
                                          [EVENT_METADATA_READY] = cell_never,
                                          [EVENT_LINKER_ASKED] = cell_never,
                                          [EVENT_ENDED_GOOD] = cell_never,
                                          [EVENT_ENDED_BAD] = cell_never,
                                          [EVENT_ENDED_SIGNAL] = cell_never,
                                          [EVENT_ENDED_UNFIT] = cell_never,
                                          [EVENT_CHANGED] = cell_never,
                                          [EVENT_CANCEL] = cell_never,
                                          [EVENT_ABANDON] = cell_never,
                                          [EVENT_DISPLACED] = cell_never,
                                          [EVENT_EVICTED] = cell_never,
                                      },
};

void entry_handle(struct entry *entry, enum entry_event event, const struct entry_cause *cause,
                  struct action_list *actions)
{
    struct cell_context context = {.cause = cause, .actions = actions};
    table[entry->state][event](entry, &context);
}

bool entry_is_impossible(enum entry_state state, enum entry_event event)
{
    return table[state][event] == cell_never;
}

bool entry_is_kept(const struct entry *entry)
{
    return entry->state == ENTRY_FINISHED || entry->state == ENTRY_FAILED ||
           entry->state == ENTRY_DIED;
}

bool entry_would_be_kept(const struct entry *entry)
{
    bool is_awaited = false;
    for (size_t i = 0; i < entry->waiter_count; i++) {
        is_awaited = is_awaited || entry->waiters[i].milestone == MILESTONE_EXIT;
    }
    return entry->key != NULL && !is_awaited;
}

bool entry_serves(const struct entry *entry, uint64_t request)
{
    for (size_t i = 0; i < entry->waiter_count; i++) {
        if (entry->waiters[i].request == request) {
            return true;
        }
    }
    return false;
}

void entry_destroy(struct entry *entry)
{
    if (entry == NULL) {
        return;
    }
    free(entry->key);
    free(entry->waiters);
    free(entry);
}
