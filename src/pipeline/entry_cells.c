#include "pipeline/entry_cells.h"

#include "base/mem.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static void act_on(const struct entry *entry, const struct cell_context *context,
                   enum action_kind kind)
{
    action_list_push(context->actions, (struct action){.kind = kind, .compile = entry->compile});
}

static void answer(const struct entry *entry, const struct cell_context *context, uint64_t request,
                   enum outcome outcome)
{
    action_list_push(context->actions, (struct action){.kind = ACTION_ANSWER,
                                                       .compile = entry->compile,
                                                       .request = request,
                                                       .outcome = outcome});
}

static void add_waiter(struct entry *entry, uint64_t request, enum milestone milestone)
{
    entry->waiters =
        mem_grow_array(entry->waiters, entry->waiter_count + 1, sizeof entry->waiters[0]);
    entry->waiters[entry->waiter_count++] =
        (struct waiter){.request = request, .milestone = milestone};
}

static void remove_waiter(struct entry *entry, size_t index)
{
    memmove(&entry->waiters[index], &entry->waiters[index + 1],
            (entry->waiter_count - index - 1) * sizeof entry->waiters[0]);
    entry->waiter_count--;
}

static void answer_all(struct entry *entry, const struct cell_context *context,
                       enum outcome outcome)
{
    for (size_t i = 0; i < entry->waiter_count; i++) {
        answer(entry, context, entry->waiters[i].request, outcome);
    }
    entry->waiter_count = 0;
}

static void detach(struct entry *entry)
{
    free(entry->key);
    entry->key = NULL;
}

// Nobody waits, and nobody can come or what runs may not wait for him: it is not wanted.
static void kill_if_orphaned(struct entry *entry, const struct cell_context *context)
{
    if ((entry->key == NULL || entry->is_bound) && entry->waiter_count == 0) {
        detach(entry);
        entry->state = ENTRY_DYING;
        act_on(entry, context, ACTION_KILL);
    }
}

void cell_nothing(struct entry *entry, const struct cell_context *context)
{
    (void)entry;
    (void)context;
}

void cell_never(struct entry *entry, const struct cell_context *context)
{
    (void)entry;
    (void)context;
    assert(false); // an event that cannot happen in this state
}

void cell_wait_for_metadata(struct entry *entry, const struct cell_context *context)
{
    add_waiter(entry, context->cause->request, MILESTONE_METADATA);
}

void cell_wait_for_link(struct entry *entry, const struct cell_context *context)
{
    add_waiter(entry, context->cause->request, MILESTONE_LINK);
}

void cell_wait_for_exit(struct entry *entry, const struct cell_context *context)
{
    add_waiter(entry, context->cause->request, MILESTONE_EXIT);
}

void cell_tell_done(struct entry *entry, const struct cell_context *context)
{
    answer(entry, context, context->cause->request, OUTCOME_DONE);
}

// Answers those who wait for the milestone; the others go on waiting.
static void answer_waiters_of(struct entry *entry, const struct cell_context *context,
                              enum milestone milestone)
{
    size_t kept = 0;
    for (size_t i = 0; i < entry->waiter_count; i++) {
        if (entry->waiters[i].milestone == milestone) {
            answer(entry, context, entry->waiters[i].request, OUTCOME_DONE);
        } else {
            entry->waiters[kept++] = entry->waiters[i];
        }
    }
    entry->waiter_count = kept;
}

void cell_answer_metadata_waiters(struct entry *entry, const struct cell_context *context)
{
    entry->state = ENTRY_METADATA;
    answer_waiters_of(entry, context, MILESTONE_METADATA);
    kill_if_orphaned(entry, context);
}

void cell_forget(struct entry *entry, const struct cell_context *context)
{
    detach(entry);
    entry->state = ENTRY_GONE;
    act_on(entry, context, ACTION_FORGET);
}

// The oldest request that waits for the end, or NULL.
static const struct waiter *exit_waiter(const struct entry *entry)
{
    for (size_t i = 0; i < entry->waiter_count; i++) {
        if (entry->waiters[i].milestone == MILESTONE_EXIT) {
            return &entry->waiters[i];
        }
    }
    return NULL;
}

static void act_for(const struct entry *entry, const struct cell_context *context,
                    enum action_kind kind, uint64_t request)
{
    action_list_push(context->actions,
                     (struct action){.kind = kind, .compile = entry->compile, .request = request});
}

// Whoever wants the end has brought the rlibs.
void cell_reach_gate(struct entry *entry, const struct cell_context *context)
{
    answer_waiters_of(entry, context, MILESTONE_LINK);
    const struct waiter *waiter = exit_waiter(entry);
    entry->state = waiter == NULL ? ENTRY_GATED : ENTRY_LINKING;
    if (waiter != NULL) {
        act_for(entry, context, ACTION_OPEN, waiter->request);
    }
    kill_if_orphaned(entry, context);
}

void cell_open_gate(struct entry *entry, const struct cell_context *context)
{
    cell_wait_for_exit(entry, context);
    entry->state = ENTRY_LINKING;
    act_for(entry, context, ACTION_OPEN, context->cause->request);
}

// The early request has nothing to tell: what is wrong, if anything is, the ordinary compile says.
void cell_go_ordinary(struct entry *entry, const struct cell_context *context)
{
    answer_waiters_of(entry, context, MILESTONE_LINK);
    const struct waiter *waiter = exit_waiter(entry);
    if (waiter == NULL) {
        cell_forget(entry, context);
        return;
    }
    entry->state = ENTRY_COMPILING;
    act_for(entry, context, ACTION_ORDINARY, waiter->request);
}

// What nobody has taken is kept for the request that will; a compile without a key has no such
// request.
void cell_finish(struct entry *entry, const struct cell_context *context)
{
    bool taken = exit_waiter(entry) != NULL;
    entry->bytes = context->cause->bytes;
    answer_all(entry, context, OUTCOME_DONE);
    if (taken || entry->key == NULL) {
        cell_forget(entry, context);
    } else {
        entry->state = ENTRY_FINISHED;
    }
}

void cell_finish_bad(struct entry *entry, const struct cell_context *context)
{
    answer_all(entry, context, OUTCOME_FAILED);
    cell_forget(entry, context);
}

// The request that will take the rlib has not come yet: it must hear of the failure.
void cell_finish_bad_after_metadata(struct entry *entry, const struct cell_context *context)
{
    if (entry->waiter_count > 0 || entry->key == NULL) {
        cell_finish_bad(entry, context);
        return;
    }
    entry->bytes = context->cause->bytes;
    entry->state = ENTRY_FAILED;
}

// A death by signal (out of memory, a crash) gets one more try, as soon as somebody waits for it.
static void try_again(struct entry *entry, const struct cell_context *context)
{
    if (entry->waiter_count == 0) {
        entry->bytes = context->cause->bytes;
        entry->state = ENTRY_DIED;
        return;
    }
    entry->restarted = true;
    entry->state = ENTRY_COMPILING;
    act_on(entry, context, ACTION_RESTART);
}

static bool may_try_again(const struct entry *entry)
{
    return !entry->restarted && (entry->waiter_count > 0 || entry->key != NULL);
}

void cell_finish_signal(struct entry *entry, const struct cell_context *context)
{
    (may_try_again(entry) ? try_again : cell_finish_bad)(entry, context);
}

void cell_finish_signal_after_metadata(struct entry *entry, const struct cell_context *context)
{
    (may_try_again(entry) ? try_again : cell_finish_bad_after_metadata)(entry, context);
}

void cell_start_again_for_metadata(struct entry *entry, const struct cell_context *context)
{
    cell_wait_for_metadata(entry, context);
    try_again(entry, context);
}

void cell_start_again_for_link(struct entry *entry, const struct cell_context *context)
{
    cell_wait_for_link(entry, context);
    try_again(entry, context);
}

void cell_start_again_for_exit(struct entry *entry, const struct cell_context *context)
{
    cell_wait_for_exit(entry, context);
    try_again(entry, context);
}

void cell_take(struct entry *entry, const struct cell_context *context)
{
    answer(entry, context, context->cause->request, OUTCOME_DONE);
    cell_forget(entry, context);
}

void cell_tell_failure(struct entry *entry, const struct cell_context *context)
{
    answer(entry, context, context->cause->request, OUTCOME_FAILED);
    cell_forget(entry, context);
}

static size_t find_waiter(const struct entry *entry, uint64_t request)
{
    size_t index = 0;
    while (index < entry->waiter_count && entry->waiters[index].request != request) {
        index++;
    }
    assert(index < entry->waiter_count);
    return index;
}

void cell_cancel(struct entry *entry, const struct cell_context *context)
{
    if (entry->waiter_count > 1) {
        remove_waiter(entry, find_waiter(entry, context->cause->request));
        answer(entry, context, context->cause->request, OUTCOME_CANCELLED);
        return;
    }
    // The answer waits until the process group is dead: the waiter stays.
    detach(entry);
    entry->state = ENTRY_DYING;
    act_on(entry, context, ACTION_KILL);
}

void cell_drop_waiter(struct entry *entry, const struct cell_context *context)
{
    remove_waiter(entry, find_waiter(entry, context->cause->request));
    if (entry->state != ENTRY_DYING) {
        kill_if_orphaned(entry, context);
    }
}

void cell_give_way(struct entry *entry, const struct cell_context *context)
{
    detach(entry);
    kill_if_orphaned(entry, context);
}

void cell_close(struct entry *entry, const struct cell_context *context)
{
    (void)context;
    detach(entry);
}

void cell_bury(struct entry *entry, const struct cell_context *context)
{
    answer_all(entry, context, OUTCOME_CANCELLED);
    cell_forget(entry, context);
}
