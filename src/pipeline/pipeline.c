#include "pipeline/pipeline.h"

#include "base/mem.h"
#include "pipeline/entry.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct pipeline {
    struct pipeline_limits limits;
    struct entry **entries; // in the order of their start
    size_t count;
    size_t capacity;
    uint64_t last_compile; // serial of the youngest compile
};

struct pipeline *pipeline_create(const struct pipeline_limits *limits)
{
    struct pipeline *pipeline = mem_zalloc(sizeof *pipeline);
    pipeline->limits = *limits;
    return pipeline;
}

void pipeline_destroy(struct pipeline *pipeline)
{
    if (pipeline == NULL) {
        return;
    }
    for (size_t i = 0; i < pipeline->count; i++) {
        entry_destroy(pipeline->entries[i]);
    }
    free(pipeline->entries);
    free(pipeline);
}

static struct entry *find_key(const struct pipeline *pipeline, const char *key)
{
    for (size_t i = 0; key != NULL && i < pipeline->count; i++) {
        struct entry *entry = pipeline->entries[i];
        if (entry->key != NULL && strcmp(entry->key, key) == 0) {
            return entry;
        }
    }
    return NULL;
}

static struct entry *find_compile(const struct pipeline *pipeline, uint64_t compile)
{
    for (size_t i = 0; i < pipeline->count; i++) {
        if (pipeline->entries[i]->compile == compile) {
            return pipeline->entries[i];
        }
    }
    assert(false); // a compile that the table does not know
    return NULL;
}

static struct entry *find_served(const struct pipeline *pipeline, uint64_t request)
{
    for (size_t i = 0; i < pipeline->count; i++) {
        if (entry_serves(pipeline->entries[i], request)) {
            return pipeline->entries[i];
        }
    }
    return NULL;
}

static void remove_gone(struct pipeline *pipeline)
{
    size_t kept = 0;
    for (size_t i = 0; i < pipeline->count; i++) {
        struct entry *entry = pipeline->entries[i];
        if (entry->state == ENTRY_GONE) {
            entry_destroy(entry);
        } else {
            pipeline->entries[kept++] = entry;
        }
    }
    pipeline->count = kept;
}

// The oldest compile that is kept while the limits are exceeded, or NULL.
static struct entry *find_surplus(const struct pipeline *pipeline)
{
    struct entry *oldest = NULL;
    size_t count = 0;
    uint64_t bytes = 0;
    for (size_t i = 0; i < pipeline->count; i++) {
        struct entry *entry = pipeline->entries[i];
        if (entry_is_kept(entry)) {
            oldest = oldest == NULL ? entry : oldest;
            count++;
            bytes += entry->bytes;
        }
    }
    bool exceeded = count > pipeline->limits.kept_count || bytes > pipeline->limits.kept_bytes;
    return exceeded ? oldest : NULL;
}

static void handle(struct pipeline *pipeline, struct entry *entry, enum entry_event event,
                   const struct entry_cause *cause, struct action_list *actions)
{
    entry_handle(entry, event, cause, actions);
    remove_gone(pipeline);
    struct entry *surplus = find_surplus(pipeline);
    while (surplus != NULL) {
        entry_handle(surplus, EVENT_EVICTED, &(struct entry_cause){0}, actions);
        remove_gone(pipeline);
        surplus = find_surplus(pipeline);
    }
}

uint64_t pipeline_candidate(const struct pipeline *pipeline, const char *key,
                            const struct digest *identity)
{
    const struct entry *entry = find_key(pipeline, key);
    bool same = entry != NULL && digest_equal(&entry->identity, identity);
    return same ? entry->compile : 0;
}

static struct entry *add_entry(struct pipeline *pipeline, const struct want *want)
{
    if (pipeline->count == pipeline->capacity) {
        pipeline->capacity = pipeline->capacity == 0 ? 16 : pipeline->capacity * 2;
        pipeline->entries =
            mem_grow_array(pipeline->entries, pipeline->capacity, sizeof pipeline->entries[0]);
    }
    struct entry *entry = mem_zalloc(sizeof *entry);
    entry->compile = ++pipeline->last_compile;
    entry->state = ENTRY_COMPILING;
    if (want->key != NULL) {
        entry->key = mem_dup(want->key);
        entry->identity = *want->identity;
        entry->is_bound = want->is_bound;
    }
    pipeline->entries[pipeline->count++] = entry;
    return entry;
}

static bool has_reached(const struct entry *entry, enum milestone milestone)
{
    bool is_early = (entry->state == ENTRY_METADATA && milestone == MILESTONE_METADATA) ||
                    (milestone == MILESTONE_LINK &&
                     (entry->state == ENTRY_GATED || entry->state == ENTRY_LINKING));
    return is_early || entry_is_kept(entry);
}

static enum verdict verdict_of(const struct entry *entry, const struct want *want)
{
    struct joining facts = {
        .has_identity = want->key != NULL, .is_known = entry != NULL, .doubt = want->doubt};
    if (entry != NULL) {
        facts.is_same = digest_equal(&entry->identity, want->identity);
        facts.has_died = entry->state == ENTRY_DIED;
        facts.is_reached = has_reached(entry, want->milestone);
    }
    return joining_verdict(&facts);
}

enum verdict pipeline_want(struct pipeline *pipeline, const struct want *want,
                           uint64_t *ret_compile, struct action_list *actions)
{
    static const enum entry_event events[] = {[MILESTONE_METADATA] = EVENT_WANT_METADATA,
                                              [MILESTONE_LINK] = EVENT_WANT_LINK,
                                              [MILESTONE_EXIT] = EVENT_WANT_EXIT};
    struct entry_cause cause = {.request = want->request};
    struct entry *entry = find_key(pipeline, want->key);
    enum verdict verdict = verdict_of(entry, want);
    if (joining_is_new(verdict)) {
        if (entry != NULL) {
            handle(pipeline, entry, EVENT_DISPLACED, &cause, actions);
        }
        entry = add_entry(pipeline, want);
        action_list_push(actions, (struct action){.kind = ACTION_START, .compile = entry->compile});
    }
    *ret_compile = entry->compile;
    handle(pipeline, entry, events[want->milestone], &cause, actions);
    return verdict;
}

void pipeline_metadata_ready(struct pipeline *pipeline, uint64_t compile,
                             struct action_list *actions)
{
    handle(pipeline, find_compile(pipeline, compile), EVENT_METADATA_READY,
           &(struct entry_cause){0}, actions);
}

void pipeline_linker_asked(struct pipeline *pipeline, uint64_t compile, struct action_list *actions)
{
    handle(pipeline, find_compile(pipeline, compile), EVENT_LINKER_ASKED, &(struct entry_cause){0},
           actions);
}

bool pipeline_holds_gates(const struct pipeline *pipeline)
{
    for (size_t i = 0; i < pipeline->count; i++) {
        if (pipeline->entries[i]->state == ENTRY_GATED) {
            return true;
        }
    }
    return false;
}

void pipeline_release_gates(struct pipeline *pipeline, struct action_list *actions)
{
    for (size_t i = 0; i < pipeline->count; i++) {
        if (pipeline->entries[i]->state == ENTRY_GATED) {
            entry_handle(pipeline->entries[i], EVENT_EVICTED, &(struct entry_cause){0}, actions);
        }
    }
}

bool pipeline_would_keep(const struct pipeline *pipeline, uint64_t compile)
{
    return entry_would_be_kept(find_compile(pipeline, compile));
}

void pipeline_changed(struct pipeline *pipeline, uint64_t compile, struct action_list *actions)
{
    handle(pipeline, find_compile(pipeline, compile), EVENT_CHANGED, &(struct entry_cause){0},
           actions);
}

void pipeline_ended(struct pipeline *pipeline, uint64_t compile, enum ending ending, uint64_t bytes,
                    struct action_list *actions)
{
    static const enum entry_event events[] = {[ENDING_GOOD] = EVENT_ENDED_GOOD,
                                              [ENDING_BAD] = EVENT_ENDED_BAD,
                                              [ENDING_SIGNAL] = EVENT_ENDED_SIGNAL,
                                              [ENDING_UNFIT] = EVENT_ENDED_UNFIT};
    handle(pipeline, find_compile(pipeline, compile), events[ending],
           &(struct entry_cause){.bytes = bytes}, actions);
}

void pipeline_cancel(struct pipeline *pipeline, uint64_t request, struct action_list *actions)
{
    struct entry *entry = find_served(pipeline, request);
    if (entry != NULL) {
        handle(pipeline, entry, EVENT_CANCEL, &(struct entry_cause){.request = request}, actions);
    }
}

void pipeline_abandon(struct pipeline *pipeline, uint64_t request, struct action_list *actions)
{
    struct entry *entry = find_served(pipeline, request);
    if (entry != NULL) {
        handle(pipeline, entry, EVENT_ABANDON, &(struct entry_cause){.request = request}, actions);
    }
}
