// The policy of the pipeline table: every pair of state and event.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "actions_text.h"
#include "pipeline/entry.h"
#include "words.h"

#include <stdio.h>
#include <stdlib.h>

enum { COMPILE = 7, BYTES_LEFT = 100 };

// An entry is written as words: k = it has its key, r = it was restarted; m1 = request 1 waits for
// the metadata, l2 = request 2 waits for the linker to be asked for, x3 = request 3 waits for the
// end.
struct cell_row {
    enum entry_state state;
    enum entry_event event;
    const char *entry;
    uint64_t request; // the event's
    enum entry_state next;
    const char *next_entry;
    const char *actions;
};

#define C ENTRY_COMPILING
#define M ENTRY_METADATA
#define G ENTRY_GATED
#define L ENTRY_LINKING
#define FIN ENTRY_FINISHED
#define FAIL ENTRY_FAILED
#define DIED ENTRY_DIED
#define DYING ENTRY_DYING
#define GONE ENTRY_GONE

static const struct cell_row rows[] = {
    {C, EVENT_WANT_METADATA, "k", 9, C, "k m9", ""},
    {C, EVENT_WANT_METADATA, "k x1", 9, C, "k x1 m9", ""},
    {C, EVENT_WANT_EXIT, "", 9, C, "x9", ""},
    {C, EVENT_WANT_EXIT, "k m1", 9, C, "k m1 x9", ""},
    {C, EVENT_METADATA_READY, "k m1", 0, M, "k", "answer 1 done by 7"},
    {C, EVENT_METADATA_READY, "k m1 x2", 0, M, "k x2", "answer 1 done by 7"},
    {C, EVENT_METADATA_READY, "k x1 m2 x3", 0, M, "k x1 x3", "answer 2 done by 7"},
    {C, EVENT_METADATA_READY, "k m1 m2 x3", 0, M, "k x3", "answer 1 done by 7, answer 2 done by 7"},
    {C, EVENT_METADATA_READY, "k r", 0, M, "k r", ""},
    {C, EVENT_METADATA_READY, "x1", 0, M, "x1", ""},
    {C, EVENT_METADATA_READY, "m1 x2", 0, M, "x2", "answer 1 done by 7"},
    {C, EVENT_METADATA_READY, "m1", 0, DYING, "", "answer 1 done by 7, kill 7"},
    {C, EVENT_ENDED_GOOD, "k x1", 0, GONE, "", "answer 1 done by 7, forget 7"},
    {C, EVENT_ENDED_GOOD, "k m1", 0, FIN, "k", "answer 1 done by 7"},
    {C, EVENT_ENDED_GOOD, "k", 0, FIN, "k", ""},
    {C, EVENT_ENDED_GOOD, "m1", 0, GONE, "", "answer 1 done by 7, forget 7"},
    {C, EVENT_ENDED_GOOD, "k m1 x2 x3", 0, GONE, "",
     "answer 1 done by 7, answer 2 done by 7, answer 3 done by 7, forget 7"},
    {C, EVENT_ENDED_BAD, "k m1 x2", 0, GONE, "",
     "answer 1 failed by 7, answer 2 failed by 7, forget 7"},
    {C, EVENT_ENDED_BAD, "x1", 0, GONE, "", "answer 1 failed by 7, forget 7"},
    {C, EVENT_ENDED_BAD, "k", 0, GONE, "", "forget 7"},
    {C, EVENT_ENDED_SIGNAL, "k m1", 0, C, "k m1 r", "restart 7"},
    {C, EVENT_ENDED_SIGNAL, "x1", 0, C, "x1 r", "restart 7"},
    {C, EVENT_ENDED_SIGNAL, "k", 0, DIED, "k", ""},
    {C, EVENT_ENDED_SIGNAL, "k m1 x2 r", 0, GONE, "r",
     "answer 1 failed by 7, answer 2 failed by 7, forget 7"},
    {C, EVENT_ENDED_SIGNAL, "k r", 0, GONE, "r", "forget 7"},
    {C, EVENT_CANCEL, "k m1 x2", 1, C, "k x2", "answer 1 cancelled by 7"},
    {C, EVENT_CANCEL, "x1 x2", 2, C, "x1", "answer 2 cancelled by 7"},
    {C, EVENT_CANCEL, "k m1", 1, DYING, "m1", "kill 7"},
    {C, EVENT_CANCEL, "x1", 1, DYING, "x1", "kill 7"},
    {C, EVENT_ABANDON, "k m1", 1, C, "k", ""},
    {C, EVENT_ABANDON, "k m1 x2", 2, C, "k m1", ""},
    {C, EVENT_ABANDON, "m1 x2", 1, C, "x2", ""},
    {C, EVENT_ABANDON, "x1", 1, DYING, "", "kill 7"},
    {C, EVENT_DISPLACED, "k m1", 9, C, "m1", ""},
    {C, EVENT_DISPLACED, "k", 9, DYING, "", "kill 7"},
    {C, EVENT_WANT_LINK, "k", 9, C, "k l9", ""},
    {C, EVENT_WANT_LINK, "k x1", 9, C, "k x1 l9", ""},
    {C, EVENT_LINKER_ASKED, "k l1", 0, G, "k", "answer 1 done by 7"},
    {C, EVENT_LINKER_ASKED, "k l1 l2", 0, G, "k", "answer 1 done by 7, answer 2 done by 7"},
    {C, EVENT_LINKER_ASKED, "k", 0, G, "k", ""},
    {C, EVENT_LINKER_ASKED, "k l1 x2 x3", 0, L, "k x2 x3", "answer 1 done by 7, open 7 for 2"},
    {C, EVENT_LINKER_ASKED, "x2", 0, L, "x2", "open 7 for 2"},
    {C, EVENT_LINKER_ASKED, "l1", 0, DYING, "", "answer 1 done by 7, kill 7"},
    {C, EVENT_ENDED_BAD, "k l1 x2", 0, GONE, "",
     "answer 1 failed by 7, answer 2 failed by 7, forget 7"},
    {C, EVENT_ENDED_UNFIT, "k l1", 0, GONE, "", "answer 1 done by 7, forget 7"},
    {C, EVENT_ENDED_UNFIT, "k", 0, GONE, "", "forget 7"},
    {C, EVENT_ENDED_UNFIT, "l1", 0, GONE, "", "answer 1 done by 7, forget 7"},
    {C, EVENT_ENDED_UNFIT, "k l1 x2 x3", 0, C, "k x2 x3", "answer 1 done by 7, ordinary 7 for 2"},

    {M, EVENT_WANT_METADATA, "k", 9, M, "k", "answer 9 done by 7"},
    {M, EVENT_WANT_METADATA, "k x1", 9, M, "k x1", "answer 9 done by 7"},
    {M, EVENT_WANT_EXIT, "k", 9, M, "k x9", ""},
    {M, EVENT_METADATA_READY, "k", 0, M, "k", ""},
    {M, EVENT_ENDED_GOOD, "k x1", 0, GONE, "", "answer 1 done by 7, forget 7"},
    {M, EVENT_ENDED_GOOD, "x1", 0, GONE, "", "answer 1 done by 7, forget 7"},
    {M, EVENT_ENDED_GOOD, "k", 0, FIN, "k", ""},
    {M, EVENT_ENDED_BAD, "k", 0, FAIL, "k", ""},
    {M, EVENT_ENDED_BAD, "k x1 x2", 0, GONE, "",
     "answer 1 failed by 7, answer 2 failed by 7, forget 7"},
    {M, EVENT_ENDED_BAD, "x1", 0, GONE, "", "answer 1 failed by 7, forget 7"},
    {M, EVENT_ENDED_SIGNAL, "k", 0, DIED, "k", ""},
    {M, EVENT_ENDED_SIGNAL, "k x1", 0, C, "k x1 r", "restart 7"},
    {M, EVENT_ENDED_SIGNAL, "x1", 0, C, "x1 r", "restart 7"},
    {M, EVENT_ENDED_SIGNAL, "k r", 0, FAIL, "k r", ""},
    {M, EVENT_ENDED_SIGNAL, "k x1 r", 0, GONE, "r", "answer 1 failed by 7, forget 7"},
    {M, EVENT_CANCEL, "k x1 x2", 1, M, "k x2", "answer 1 cancelled by 7"},
    {M, EVENT_CANCEL, "k x1", 1, DYING, "x1", "kill 7"},
    {M, EVENT_ABANDON, "k x1", 1, M, "k", ""},
    {M, EVENT_ABANDON, "x1", 1, DYING, "", "kill 7"},
    {M, EVENT_DISPLACED, "k x1", 9, M, "x1", ""},
    {M, EVENT_DISPLACED, "k", 9, DYING, "", "kill 7"},

    {C, EVENT_CHANGED, "k m1 x2", 0, C, "m1 x2", ""},
    {C, EVENT_CHANGED, "k", 0, C, "", ""},
    {M, EVENT_CHANGED, "k x1", 0, M, "x1", ""},
    {G, EVENT_CHANGED, "k", 0, G, "", ""},
    {L, EVENT_CHANGED, "k x1", 0, L, "x1", ""},
    {DYING, EVENT_CHANGED, "x1", 0, DYING, "x1", ""},

    {G, EVENT_WANT_LINK, "k", 9, G, "k", "answer 9 done by 7"},
    {G, EVENT_WANT_EXIT, "k", 9, L, "k x9", "open 7 for 9"},
    {G, EVENT_ENDED_GOOD, "k", 0, FIN, "k", ""},
    {G, EVENT_ENDED_UNFIT, "k", 0, GONE, "", "forget 7"},
    {G, EVENT_DISPLACED, "k", 9, DYING, "", "kill 7"},
    {G, EVENT_EVICTED, "k", 0, DYING, "", "kill 7"},

    {L, EVENT_WANT_LINK, "k x1", 9, L, "k x1", "answer 9 done by 7"},
    {L, EVENT_WANT_EXIT, "k x1", 9, L, "k x1 x9", ""},
    {L, EVENT_ENDED_GOOD, "k x1 x2", 0, GONE, "",
     "answer 1 done by 7, answer 2 done by 7, forget 7"},
    {L, EVENT_ENDED_GOOD, "k", 0, FIN, "k", ""},
    {L, EVENT_ENDED_UNFIT, "k x1", 0, C, "k x1", "ordinary 7 for 1"},
    {L, EVENT_ENDED_UNFIT, "k", 0, GONE, "", "forget 7"},
    {L, EVENT_CANCEL, "k x1", 1, DYING, "x1", "kill 7"},
    {L, EVENT_CANCEL, "k x1 x2", 1, L, "k x2", "answer 1 cancelled by 7"},
    {L, EVENT_ABANDON, "k x1", 1, L, "k", ""},
    {L, EVENT_ABANDON, "x1", 1, DYING, "", "kill 7"},
    {L, EVENT_DISPLACED, "k x1", 9, L, "x1", ""},
    {L, EVENT_DISPLACED, "k", 9, DYING, "", "kill 7"},

    {FIN, EVENT_WANT_LINK, "k", 9, FIN, "k", "answer 9 done by 7"},
    {FAIL, EVENT_WANT_LINK, "k", 9, GONE, "", "answer 9 failed by 7, forget 7"},
    {DIED, EVENT_WANT_LINK, "k", 9, C, "k l9 r", "restart 7"},
    {DYING, EVENT_LINKER_ASKED, "l1", 0, DYING, "l1", ""},
    {DYING, EVENT_ENDED_UNFIT, "l1", 0, GONE, "", "answer 1 cancelled by 7, forget 7"},

    {FIN, EVENT_WANT_METADATA, "k", 9, FIN, "k", "answer 9 done by 7"},
    {FIN, EVENT_WANT_EXIT, "k", 9, GONE, "", "answer 9 done by 7, forget 7"},
    {FIN, EVENT_DISPLACED, "k", 9, GONE, "", "forget 7"},
    {FIN, EVENT_EVICTED, "k", 0, GONE, "", "forget 7"},

    {FAIL, EVENT_WANT_METADATA, "k", 9, GONE, "", "answer 9 failed by 7, forget 7"},
    {FAIL, EVENT_WANT_EXIT, "k", 9, GONE, "", "answer 9 failed by 7, forget 7"},
    {FAIL, EVENT_DISPLACED, "k", 9, GONE, "", "forget 7"},
    {FAIL, EVENT_EVICTED, "k", 0, GONE, "", "forget 7"},

    {DIED, EVENT_WANT_METADATA, "k", 9, C, "k m9 r", "restart 7"},
    {DIED, EVENT_WANT_EXIT, "k", 9, C, "k x9 r", "restart 7"},
    {DIED, EVENT_DISPLACED, "k", 9, GONE, "", "forget 7"},
    {DIED, EVENT_EVICTED, "k", 0, GONE, "", "forget 7"},

    {DYING, EVENT_METADATA_READY, "m1", 0, DYING, "m1", ""},
    {DYING, EVENT_ENDED_GOOD, "x1", 0, GONE, "", "answer 1 cancelled by 7, forget 7"},
    {DYING, EVENT_ENDED_GOOD, "", 0, GONE, "", "forget 7"},
    {DYING, EVENT_ENDED_BAD, "x1", 0, GONE, "", "answer 1 cancelled by 7, forget 7"},
    {DYING, EVENT_ENDED_SIGNAL, "m1", 0, GONE, "", "answer 1 cancelled by 7, forget 7"},
    {DYING, EVENT_ENDED_SIGNAL, "", 0, GONE, "", "forget 7"},
    {DYING, EVENT_CANCEL, "x1", 1, DYING, "x1", ""},
    {DYING, EVENT_ABANDON, "x1", 1, DYING, "", ""},
};

static void add_waiter(struct entry *entry, const char *word)
{
    entry->waiters =
        mem_grow_array(entry->waiters, entry->waiter_count + 1, sizeof entry->waiters[0]);
    entry->waiters[entry->waiter_count++] =
        (struct waiter){.request = (uint64_t)strtoull(word + 1, NULL, 10),
                        .milestone = word[0] == 'm'   ? MILESTONE_METADATA
                                     : word[0] == 'l' ? MILESTONE_LINK
                                                      : MILESTONE_EXIT};
}

static struct entry *entry_of(enum entry_state state, const char *text)
{
    struct strlist words = words_of(text);
    struct entry *entry = mem_zalloc(sizeof *entry);
    entry->compile = COMPILE;
    entry->state = state;
    for (size_t i = 0; i < words.count; i++) {
        const char *word = words.items[i];
        if (strcmp(word, "k") == 0) {
            entry->key = mem_dup("key");
        } else if (strcmp(word, "r") == 0) {
            entry->restarted = true;
        } else {
            add_waiter(entry, word);
        }
    }
    strlist_finish(&words);
    return entry;
}

static void append_entry(struct bytes *got, const struct entry *entry)
{
    struct strlist words = {0};
    if (entry->key != NULL) {
        strlist_push(&words, "k");
    }
    for (size_t i = 0; i < entry->waiter_count; i++) {
        const struct waiter *waiter = &entry->waiters[i];
        strlist_push_take(&words, mem_format("%c%llu", "mlx"[waiter->milestone],
                                             (unsigned long long)waiter -> request));
    }
    if (entry->restarted) {
        strlist_push(&words, "r");
    }
    append_line(got, &words);
    strlist_finish(&words);
}

static bool is_ending(enum entry_event event)
{
    return event == EVENT_ENDED_GOOD || event == EVENT_ENDED_BAD || event == EVENT_ENDED_SIGNAL;
}

static void row_holds(const struct cell_row *row)
{
    char name[100];
    struct entry *entry = entry_of(row->state, row->entry);
    struct entry_cause cause = {.request = row->request,
                                .bytes = is_ending(row->event) ? BYTES_LEFT : 0};
    struct action_list actions = {0};
    struct bytes got = {0};
    snprintf(name, sizeof name, "state %d, event %d, '%s'", (int)row->state, (int)row->event,
             row->entry);
    entry_handle(entry, row->event, &cause, &actions);
    append_actions(&got, &actions);
    assert_text(name, &got, row->actions);
    append_entry(&got, entry);
    assert_text(name, &got, row->next_entry);
    bool counted = !entry_is_kept(entry) || !is_ending(row->event) || entry->bytes == BYTES_LEFT;
    if (entry->state != row->next || !counted) {
        fail_msg("%s: state %d, %d bytes", name, (int)entry->state, (int)entry->bytes);
    }
    action_list_finish(&actions);
    entry_destroy(entry);
}

static void every_possible_pair_does_what_it_should(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        row_holds(&rows[i]);
    }
}

static bool has_row(enum entry_state state, enum entry_event event)
{
    for (size_t i = 0; i < COUNT(rows); i++) {
        if (rows[i].state == state && rows[i].event == event) {
            return true;
        }
    }
    return false;
}

static void pair_is_known(enum entry_state state, enum entry_event event)
{
    bool possible = has_row(state, event);
    if (entry_is_impossible(state, event) == possible) {
        fail_msg("state %d, event %d is %s", (int)state, (int)event,
                 possible ? "impossible" : "possible");
    }
}

// An empty cell is neither impossible nor in a row, so this walk finds it too.
static void every_other_pair_is_impossible(void **state)
{
    (void)state;
    size_t walked = 0;
    for (int s = 0; s < ENTRY_STATE_COUNT; s++) {
        for (int e = 0; e < ENTRY_EVENT_COUNT; e++) {
            pair_is_known((enum entry_state)s, (enum entry_event)e);
            walked++;
        }
    }
    assert_int_equal(walked, 9 * 14);
}

static void kept_ones_have_no_process(void **state)
{
    (void)state;
    static const bool kept[ENTRY_STATE_COUNT] = {
        [ENTRY_FINISHED] = true, [ENTRY_FAILED] = true, [ENTRY_DIED] = true};
    for (int s = 0; s < ENTRY_STATE_COUNT; s++) {
        struct entry entry = {.state = (enum entry_state)s};
        assert_int_equal(entry_is_kept(&entry), kept[s]);
    }
}

static void would_be_kept(enum entry_state state, const char *text, bool expected)
{
    struct entry *entry = entry_of(state, text);
    assert_int_equal(entry_would_be_kept(entry), expected);
    entry_destroy(entry);
}

static void what_nobody_waits_for_would_be_kept(void **state)
{
    (void)state;
    would_be_kept(ENTRY_COMPILING, "k", true);
    would_be_kept(ENTRY_COMPILING, "k m1 l2", true);
    would_be_kept(ENTRY_COMPILING, "k m1 x2", false);
    would_be_kept(ENTRY_METADATA, "k", true);
    would_be_kept(ENTRY_METADATA, "", false);
    would_be_kept(ENTRY_LINKING, "k x1", false);
}

static void waiters_are_found(void **state)
{
    (void)state;
    struct entry *entry = entry_of(ENTRY_COMPILING, "k m1 x20 m3");
    assert_true(entry_serves(entry, 1));
    assert_true(entry_serves(entry, 20));
    assert_true(entry_serves(entry, 3));
    assert_false(entry_serves(entry, 2));
    assert_false(entry_serves(entry, 0));
    entry_destroy(entry);
    entry_destroy(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_possible_pair_does_what_it_should),
        cmocka_unit_test(every_other_pair_is_impossible),
        cmocka_unit_test(kept_ones_have_no_process),
        cmocka_unit_test(what_nobody_waits_for_would_be_kept),
        cmocka_unit_test(waiters_are_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
