// Sequences of what requests and processes do, and what the table tells the worker, as lines of
// text.
#ifndef RELAY_TESTS_SEQUENCE_H
#define RELAY_TESTS_SEQUENCE_H

#include "actions_text.h"
#include "pipeline/pipeline.h"
#include "words.h"

#include <stdlib.h>

/*
 * A sequence is lines of CALL -> EXPECTED:
 *
 *   want REQUEST KEY IDENTITY metadata|link|exit [afresh|bound] -> VERDICT COMPILE: ACTIONS
 *                                                                  (KEY - is none)
 *   ready COMPILE | asked COMPILE | changed COMPILE -> ACTIONS
 *   end COMPILE good|bad|signal|unfit [BYTES] | release -> ACTIONS
 *   cancel REQUEST | abandon REQUEST -> ACTIONS
 *   keeps COMPILE -> yes|no
 *   candidate KEY IDENTITY -> COMPILE, 0 for none
 */
struct sequence {
    const char *name;
    struct pipeline_limits limits;
    const char *const lines[24];
};

#define UNLIMITED                                                                                  \
    {                                                                                              \
        100, 1000 * 1000                                                                           \
    }

static inline struct digest identity_of(char name)
{
    struct digest identity = {{0}};
    identity.bytes[sizeof identity.bytes - 1] = (unsigned char)name;
    return identity;
}

static inline void append_want(struct bytes *got, struct pipeline *pipeline,
                               const struct strlist *words, struct action_list *actions)
{
    static const char *const verdicts[] = {"alone",  "first", "different", "afresh",
                                           "joined", "taken", "again"};
    static const enum milestone milestones[] = {
        ['m'] = MILESTONE_METADATA, ['l'] = MILESTONE_LINK, ['e'] = MILESTONE_EXIT};
    struct digest identity = identity_of(words->items[3][0]);
    bool keyed = strcmp(words->items[2], "-") != 0;
    struct want want = {
        .request = (uint64_t)strtoull(words->items[1], NULL, 10),
        .key = keyed ? words->items[2] : NULL,
        .identity = keyed ? &identity : NULL,
        .milestone = milestones[(unsigned char)words->items[4][0]],
        .doubt = words->count > 5 && words->items[5][0] == 'a' ? JOINING_CHANGED : JOINING_FITS,
        .is_bound = words->count > 5 && words->items[5][0] == 'b',
    };
    uint64_t compile = 0;
    enum verdict verdict = pipeline_want(pipeline, &want, &compile, actions);
    bytes_append_format(got, "%s %llu: ", verdicts[verdict], (unsigned long long)compile);
}

static inline void end_compile(struct pipeline *pipeline, const struct strlist *words,
                               struct action_list *actions)
{
    const char *how = words->items[2];
    enum ending ending = strcmp(how, "good") == 0    ? ENDING_GOOD
                         : strcmp(how, "bad") == 0   ? ENDING_BAD
                         : strcmp(how, "unfit") == 0 ? ENDING_UNFIT
                                                     : ENDING_SIGNAL;
    uint64_t bytes = words->count > 3 ? (uint64_t)strtoull(words->items[3], NULL, 10) : 0;
    pipeline_ended(pipeline, (uint64_t)strtoull(words->items[1], NULL, 10), ending, bytes, actions);
}

static inline void append_candidate(struct bytes *got, const struct pipeline *pipeline,
                                    const struct strlist *words)
{
    struct digest identity = identity_of(words->items[2][0]);
    const char *key = strcmp(words->items[1], "-") == 0 ? NULL : words->items[1];
    bytes_append_format(got, "%llu",
                        (unsigned long long)pipeline_candidate(pipeline, key, &identity));
}

static inline void append_call(struct bytes *got, struct pipeline *pipeline,
                               const struct strlist *words)
{
    const char *call = words->items[0];
    uint64_t number = words->count < 2 ? 0 : (uint64_t)strtoull(words->items[1], NULL, 10);
    struct action_list actions = {0};
    if (strcmp(call, "want") == 0) {
        append_want(got, pipeline, words, &actions);
    } else if (strcmp(call, "ready") == 0) {
        pipeline_metadata_ready(pipeline, number, &actions);
    } else if (strcmp(call, "asked") == 0) {
        pipeline_linker_asked(pipeline, number, &actions);
    } else if (strcmp(call, "release") == 0) {
        bool held = pipeline_holds_gates(pipeline);
        pipeline_release_gates(pipeline, &actions);
        assert_int_equal(held, actions.count > 0);
        assert_false(pipeline_holds_gates(pipeline));
    } else if (strcmp(call, "end") == 0) {
        end_compile(pipeline, words, &actions);
    } else if (strcmp(call, "changed") == 0) {
        pipeline_changed(pipeline, number, &actions);
    } else if (strcmp(call, "keeps") == 0) {
        bytes_append_text(got, pipeline_would_keep(pipeline, number) ? "yes" : "no");
    } else if (strcmp(call, "cancel") == 0) {
        pipeline_cancel(pipeline, number, &actions);
    } else if (strcmp(call, "abandon") == 0) {
        pipeline_abandon(pipeline, number, &actions);
    } else {
        append_candidate(got, pipeline, words);
    }
    append_actions(got, &actions);
    action_list_finish(&actions);
}

static inline void line_holds(const struct sequence *sequence, size_t index,
                              struct pipeline *pipeline)
{
    const char *line = sequence->lines[index];
    if (line == NULL) {
        return;
    }
    const char *arrow = strstr(line, " -> ");
    assert_non_null(arrow);
    char *call = mem_dup_len(line, (size_t)(arrow - line));
    char *name = mem_format("%s: %zu. %s", sequence->name, index + 1, call);
    struct strlist words = words_of(call);
    struct bytes got = {0};
    append_call(&got, pipeline, &words);
    assert_text(name, &got, arrow + strlen(" -> "));
    strlist_finish(&words);
    free(name);
    free(call);
}

static inline void sequence_holds(const struct sequence *sequence)
{
    struct pipeline *pipeline = pipeline_create(&sequence->limits);
    for (size_t line = 0; line < COUNT(sequence->lines); line++) {
        line_holds(sequence, line, pipeline);
    }
    pipeline_destroy(pipeline);
}

#endif
