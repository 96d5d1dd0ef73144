#include "pipeline/entry.h"

#include "base/mem.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct context {
    const struct entry_cause *cause;
    struct action_list *actions;
};

typedef void transition(struct entry *entry, const struct context *context);

// The cells, in the order of a compile's life.
static transition wait_for_metadata, wait_for_exit, answer_metadata, answer_metadata_waiters;
static transition finish, finish_bad, finish_bad_after_metadata;
static transition finish_signal, finish_signal_after_metadata;
static transition take, keep_taken, tell_failure, start_again_for_metadata, start_again_for_exit;
static transition cancel, drop_waiter, give_way, forget, bury, nothing, never;

static transition *const table[ENTRY_STATE_COUNT][ENTRY_EVENT_COUNT] = {
    [ENTRY_COMPILING] =
        {
            [EVENT_WANT_METADATA] = wait_for_metadata,
            [EVENT_WANT_EXIT] = wait_for_exit,
            [EVENT_METADATA_READY] = answer_metadata_waiters,
            [EVENT_ENDED_GOOD] = finish,
            [EVENT_ENDED_BAD] = finish_bad,
            [EVENT_ENDED_SIGNAL] = finish_signal,
            [EVENT_CANCEL] = cancel,
            [EVENT_ABANDON] = drop_waiter,
            [EVENT_DISPLACED] = give_way,
            [EVENT_EVICTED] = never,
        },
    [ENTRY_METADATA] =
        {
            [EVENT_WANT_METADATA] = answer_metadata,
            [EVENT_WANT_EXIT] = wait_for_exit,
            [EVENT_METADATA_READY] = nothing,
            [EVENT_ENDED_GOOD] = finish,
            [EVENT_ENDED_BAD] = finish_bad_after_metadata,
            [EVENT_ENDED_SIGNAL] = finish_signal_after_metadata,
            [EVENT_CANCEL] = cancel,
            [EVENT_ABANDON] = drop_waiter,
            [EVENT_DISPLACED] = give_way,
            [EVENT_EVICTED] = never,
        },
    [ENTRY_FINISHED] =
        {
            [EVENT_WANT_METADATA] = keep_taken,
            [EVENT_WANT_EXIT] = take,
            [EVENT_METADATA_READY] = never,
            [EVENT_ENDED_GOOD] = never,
            [EVENT_ENDED_BAD] = never,
            [EVENT_ENDED_SIGNAL] = never,
            [EVENT_CANCEL] = never,
            [EVENT_ABANDON] = never,
            [EVENT_DISPLACED] = forget,
            [EVENT_EVICTED] = forget,
        },
    [ENTRY_FAILED] =
        {
            [EVENT_WANT_METADATA] = tell_failure,
            [EVENT_WANT_EXIT] = tell_failure,
            [EVENT_METADATA_READY] = never,
            [EVENT_ENDED_GOOD] = never,
            [EVENT_ENDED_BAD] = never,
            [EVENT_ENDED_SIGNAL] = never,
            [EVENT_CANCEL] = never,
            [EVENT_ABANDON] = never,
            [EVENT_DISPLACED] = forget,
            [EVENT_EVICTED] = forget,
        },
    [ENTRY_DIED] =
        {
            [EVENT_WANT_METADATA] = start_again_for_metadata,
            [EVENT_WANT_EXIT] = start_again_for_exit,
            [EVENT_METADATA_READY] = never,
            [EVENT_ENDED_GOOD] = never,
            [EVENT_ENDED_BAD] = never,
            [EVENT_ENDED_SIGNAL] = never,
            [EVENT_CANCEL] = never,
            [EVENT_ABANDON] = never,
            [EVENT_DISPLACED] = forget,
            [EVENT_EVICTED] = forget,
        },
    [ENTRY_DYING] =
        {
            [EVENT_WANT_METADATA] = never,
            [EVENT_WANT_EXIT] = never,
            [EVENT_METADATA_READY] = nothing,
            [EVENT_ENDED_GOOD] = bury,
            [EVENT_ENDED_BAD] = bury,
            [EVENT_ENDED_SIGNAL] = bury,
            [EVENT_CANCEL] = nothing,
            [EVENT_ABANDON] = drop_waiter,
            [EVENT_DISPLACED] = never,
            [EVENT_EVICTED] = never,
        },
    [ENTRY_GONE] =
        {
            [EVENT_WANT_METADATA] = never,
            [EVENT_WANT_EXIT] = never,
            [EVENT_METADATA_READY] = never,
            [EVENT_ENDED_GOOD] = never,
            [EVENT_ENDED_BAD] = never,
            [EVENT_ENDED_SIGNAL] = never,
            [EVENT_CANCEL] = never,
            [EVENT_ABANDON] = never,
            [EVENT_DISPLACED] = never,
            [EVENT_EVICTED] = never,
        },
};

void entry_handle(struct entry *entry, enum entry_event event, const struct entry_cause *cause,
                  struct action_list *actions)
{
    struct context context = {.cause = cause, .actions = actions};
    table[entry->state][event](entry, &context);
}

bool entry_is_impossible(enum entry_state state, enum entry_event event)
{
    return table[state][event] == never;
}

bool entry_is_kept(const struct entry *entry)
{
    return entry->state == ENTRY_FINISHED || entry->state == ENTRY_FAILED ||
           entry->state == ENTRY_DIED;
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

static void act_on(const struct entry *entry, const struct context *context, enum action_kind kind)
{
    action_list_push(context->actions, (struct action){.kind = kind, .compile = entry->compile});
}

static void answer(const struct entry *entry, const struct context *context, uint64_t request,
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

static void answer_all(struct entry *entry, const struct context *context, enum outcome outcome)
{
    for (size_t i = 0; i < entry->waiter_count; i++) {
        answer(entry, context, entry->waiters[i].request, outcome);
    }
    entry->waiter_count = 0;
}

// Nobody waits and nobody can come: what still runs is not wanted.
static void kill_if_orphaned(struct entry *entry, const struct context *context)
{
    if (entry->key == NULL && entry->waiter_count == 0) {
        entry->state = ENTRY_DYING;
        act_on(entry, context, ACTION_KILL);
    }
}

static void detach(struct entry *entry)
{
    free(entry->key);
    entry->key = NULL;
}

static void nothing(struct entry *entry, const struct context *context)
{
    (void)entry;
    (void)context;
}

static void never(struct entry *entry, const struct context *context)
{
    (void)entry;
    (void)context;
    assert(false); // an event that cannot happen in this state
}

static void wait_for_metadata(struct entry *entry, const struct context *context)
{
    add_waiter(entry, context->cause->request, MILESTONE_METADATA);
}

static void wait_for_exit(struct entry *entry, const struct context *context)
{
    add_waiter(entry, context->cause->request, MILESTONE_EXIT);
}

static void answer_metadata(struct entry *entry, const struct context *context)
{
    answer(entry, context, context->cause->request, OUTCOME_DONE);
}

static void answer_metadata_waiters(struct entry *entry, const struct context *context)
{
    entry->state = ENTRY_METADATA;
    size_t kept = 0;
    for (size_t i = 0; i < entry->waiter_count; i++) {
        if (entry->waiters[i].milestone == MILESTONE_METADATA) {
            answer(entry, context, entry->waiters[i].request, OUTCOME_DONE);
        } else {
            entry->waiters[kept++] = entry->waiters[i];
        }
    }
    entry->waiter_count = kept;
    kill_if_orphaned(entry, context);
}

static void forget(struct entry *entry, const struct context *context)
{
    detach(entry);
    entry->state = ENTRY_GONE;
    act_on(entry, context, ACTION_FORGET);
}

static bool has_exit_waiter(const struct entry *entry)
{
    for (size_t i = 0; i < entry->waiter_count; i++) {
        if (entry->waiters[i].milestone == MILESTONE_EXIT) {
            return true;
        }
    }
    return false;
}

// What nobody has taken is kept for the request that will; a compile without a key has no such
// request.
static void finish(struct entry *entry, const struct context *context)
{
    bool taken = has_exit_waiter(entry);
    entry->bytes = context->cause->bytes;
    answer_all(entry, context, OUTCOME_DONE);
    if (taken || entry->key == NULL) {
        forget(entry, context);
    } else {
        entry->state = ENTRY_FINISHED;
    }
}

static void finish_bad(struct entry *entry, const struct context *context)
{
    answer_all(entry, context, OUTCOME_FAILED);
    forget(entry, context);
}

// The request that will take the rlib has not come yet: it must hear of the failure.
static void finish_bad_after_metadata(struct entry *entry, const struct context *context)
{
    if (entry->waiter_count > 0 || entry->key == NULL) {
        finish_bad(entry, context);
        return;
    }
    entry->bytes = context->cause->bytes;
    entry->state = ENTRY_FAILED;
}

// A death by signal (out of memory, a crash) gets one more try, as soon as somebody waits for it.
static void try_again(struct entry *entry, const struct context *context)
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

static void finish_signal(struct entry *entry, const struct context *context)
{
    (may_try_again(entry) ? try_again : finish_bad)(entry, context);
}

static void finish_signal_after_metadata(struct entry *entry, const struct context *context)
{
    (may_try_again(entry) ? try_again : finish_bad_after_metadata)(entry, context);
}

static void start_again_for_metadata(struct entry *entry, const struct context *context)
{
    wait_for_metadata(entry, context);
    try_again(entry, context);
}

static void start_again_for_exit(struct entry *entry, const struct context *context)
{
    wait_for_exit(entry, context);
    try_again(entry, context);
}

static void take(struct entry *entry, const struct context *context)
{
    answer(entry, context, context->cause->request, OUTCOME_DONE);
    forget(entry, context);
}

static void keep_taken(struct entry *entry, const struct context *context)
{
    answer(entry, context, context->cause->request, OUTCOME_DONE);
}

static void tell_failure(struct entry *entry, const struct context *context)
{
    answer(entry, context, context->cause->request, OUTCOME_FAILED);
    forget(entry, context);
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

static void cancel(struct entry *entry, const struct context *context)
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

static void drop_waiter(struct entry *entry, const struct context *context)
{
    remove_waiter(entry, find_waiter(entry, context->cause->request));
    if (entry->state != ENTRY_DYING) {
        kill_if_orphaned(entry, context);
    }
}

static void give_way(struct entry *entry, const struct context *context)
{
    detach(entry);
    kill_if_orphaned(entry, context);
}

static void bury(struct entry *entry, const struct context *context)
{
    answer_all(entry, context, OUTCOME_CANCELLED);
    forget(entry, context);
}
