#include "pipeline/entry.h"

#include "base/mem.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

// The event that a cell of the table handles.
struct cell_context {
    const struct entry_cause *cause;
    struct action_list *actions;
};

// Changes the entry and appends actions, nothing else.
typedef void cell(struct entry *entry, const struct cell_context *context);

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

static void nothing(struct entry *entry, const struct cell_context *context)
{
    (void)entry;
    (void)context;
}

static void wait_metadata(struct entry *entry, const struct cell_context *context)
{
    add_waiter(entry, context->cause->request, MILESTONE_METADATA);
}

static void wait_link(struct entry *entry, const struct cell_context *context)
{
    add_waiter(entry, context->cause->request, MILESTONE_LINK);
}

static void wait_exit(struct entry *entry, const struct cell_context *context)
{
    add_waiter(entry, context->cause->request, MILESTONE_EXIT);
}

static void tell_done(struct entry *entry, const struct cell_context *context)
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

static void reach_metadata(struct entry *entry, const struct cell_context *context)
{
    entry->state = ENTRY_METADATA;
    answer_waiters_of(entry, context, MILESTONE_METADATA);
    kill_if_orphaned(entry, context);
}

static void forget(struct entry *entry, const struct cell_context *context)
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
static void reach_gate(struct entry *entry, const struct cell_context *context)
{
    answer_waiters_of(entry, context, MILESTONE_LINK);
    const struct waiter *waiter = exit_waiter(entry);
    entry->state = waiter == NULL ? ENTRY_GATED : ENTRY_LINKING;
    if (waiter != NULL) {
        act_for(entry, context, ACTION_OPEN, waiter->request);
    }
    kill_if_orphaned(entry, context);
}

static void open_gate(struct entry *entry, const struct cell_context *context)
{
    wait_exit(entry, context);
    entry->state = ENTRY_LINKING;
    act_for(entry, context, ACTION_OPEN, context->cause->request);
}

// The early request has nothing to tell: what is wrong, if anything is, the ordinary compile says.
static void ordinary(struct entry *entry, const struct cell_context *context)
{
    answer_waiters_of(entry, context, MILESTONE_LINK);
    const struct waiter *waiter = exit_waiter(entry);
    if (waiter == NULL) {
        forget(entry, context);
        return;
    }
    entry->state = ENTRY_COMPILING;
    act_for(entry, context, ACTION_ORDINARY, waiter->request);
}

// What nobody has taken is kept for the request that will; a compile without a key has no such
// request.
static void finish(struct entry *entry, const struct cell_context *context)
{
    bool taken = exit_waiter(entry) != NULL;
    entry->bytes = context->cause->bytes;
    answer_all(entry, context, OUTCOME_DONE);
    if (taken || entry->key == NULL) {
        forget(entry, context);
    } else {
        entry->state = ENTRY_FINISHED;
    }
}

static void fail(struct entry *entry, const struct cell_context *context)
{
    answer_all(entry, context, OUTCOME_FAILED);
    forget(entry, context);
}

// The request that will take the rlib has not come yet: it must hear of the failure.
static void fail_late(struct entry *entry, const struct cell_context *context)
{
    if (entry->waiter_count > 0 || entry->key == NULL) {
        fail(entry, context);
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

static void die(struct entry *entry, const struct cell_context *context)
{
    (may_try_again(entry) ? try_again : fail)(entry, context);
}

static void die_late(struct entry *entry, const struct cell_context *context)
{
    (may_try_again(entry) ? try_again : fail_late)(entry, context);
}

static void again_metadata(struct entry *entry, const struct cell_context *context)
{
    wait_metadata(entry, context);
    try_again(entry, context);
}

static void again_link(struct entry *entry, const struct cell_context *context)
{
    wait_link(entry, context);
    try_again(entry, context);
}

static void again_exit(struct entry *entry, const struct cell_context *context)
{
    wait_exit(entry, context);
    try_again(entry, context);
}

static void take(struct entry *entry, const struct cell_context *context)
{
    answer(entry, context, context->cause->request, OUTCOME_DONE);
    forget(entry, context);
}

static void tell_failed(struct entry *entry, const struct cell_context *context)
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

static void cancel(struct entry *entry, const struct cell_context *context)
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

static void drop(struct entry *entry, const struct cell_context *context)
{
    remove_waiter(entry, find_waiter(entry, context->cause->request));
    if (entry->state != ENTRY_DYING) {
        kill_if_orphaned(entry, context);
    }
}

static void give_way(struct entry *entry, const struct cell_context *context)
{
    detach(entry);
    kill_if_orphaned(entry, context);
}

static void shut(struct entry *entry, const struct cell_context *context)
{
    (void)context;
    detach(entry);
}

static void bury(struct entry *entry, const struct cell_context *context)
{
    answer_all(entry, context, OUTCOME_CANCELLED);
    forget(entry, context);
}

// A column is a compile's story: what each event does in its state. `_` cannot happen; nothing can
// once it is GONE.
// clang-format off
#define _ NULL
static cell *const table[ENTRY_EVENT_COUNT][ENTRY_GONE] = {
    //                      COMPILING       METADATA   GATED      LINKING    FINISHED   FAILED       DIED            DYING
    [EVENT_WANT_METADATA] = {wait_metadata,  tell_done, _,         _,         tell_done, tell_failed, again_metadata, _},
    [EVENT_WANT_LINK] =     {wait_link,      _,         tell_done, tell_done, tell_done, tell_failed, again_link,     _},
    [EVENT_WANT_EXIT] =     {wait_exit,      wait_exit, open_gate, wait_exit, take,      tell_failed, again_exit,     _},
    [EVENT_METADATA_READY] ={reach_metadata, nothing,   _,         _,         _,         _,           _,              nothing},
    [EVENT_LINKER_ASKED] =  {reach_gate,     _,         _,         _,         _,         _,           _,              nothing},
    [EVENT_ENDED_GOOD] =    {finish,         finish,    finish,    finish,    _,         _,           _,              bury},
    [EVENT_ENDED_BAD] =     {fail,           fail_late, _,         _,         _,         _,           _,              bury},
    [EVENT_ENDED_SIGNAL] =  {die,            die_late,  _,         _,         _,         _,           _,              bury},
    [EVENT_ENDED_UNFIT] =   {ordinary,       _,         ordinary,  ordinary,  _,         _,           _,              bury},
    [EVENT_CHANGED] =       {shut,           shut,      shut,      shut,      _,         _,           _,              nothing},
    [EVENT_CANCEL] =        {cancel,         cancel,    _,         cancel,    _,         _,           _,              nothing},
    [EVENT_ABANDON] =       {drop,           drop,      _,         drop,      _,         _,           _,              drop},
    [EVENT_DISPLACED] =     {give_way,       give_way,  give_way,  give_way,  forget,    forget,      forget,         _},
    [EVENT_EVICTED] =       {_,              _,         give_way,  _,         forget,    forget,      forget,         _},
};
#undef _
// clang-format on

void entry_handle(struct entry *entry, enum entry_event event, const struct entry_cause *cause,
                  struct action_list *actions)
{
    struct cell_context context = {.cause = cause, .actions = actions};
    assert(!entry_is_impossible(entry->state, event));
    table[event][entry->state](entry, &context);
}

bool entry_is_impossible(enum entry_state state, enum entry_event event)
{
    return state == ENTRY_GONE || table[event][state] == NULL;
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
