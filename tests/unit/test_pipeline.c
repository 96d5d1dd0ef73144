// The pipeline table: sequences of what requests and processes do, and what the worker is told.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sequence.h"

#include <stdio.h>
#include <stdlib.h>

static const struct sequence sequences[] = {
    {"metadata, then full while it runs",
     UNLIMITED,
     {"want 1 k A metadata -> first 1: start 1", "ready 1 -> answer 1 done by 1",
      "candidate k A -> 1",
      "want 2 k A exit -> joined 1: ", "end 1 good -> answer 2 done by 1, forget 1",
      "candidate k A -> 0", "want 3 k A metadata -> first 2: start 2"}},
    {"full before the metadata is ready",
     UNLIMITED,
     {"want 1 k A metadata -> first 1: start 1", "want 2 k A exit -> joined 1: ",
      "ready 1 -> answer 1 done by 1", "end 1 good -> answer 2 done by 1, forget 1"}},
    {"full before metadata",
     UNLIMITED,
     {"want 1 k A exit -> first 1: start 1", "want 2 k A metadata -> joined 1: ",
      "ready 1 -> answer 2 done by 1", "want 3 k A metadata -> taken 1: answer 3 done by 1",
      "end 1 good -> answer 1 done by 1, forget 1"}},
    {"full when it has finished",
     UNLIMITED,
     {"want 1 k A metadata -> first 1: start 1", "ready 1 -> answer 1 done by 1", "end 1 good -> ",
      "candidate k A -> 1", "want 2 k A metadata -> taken 1: answer 2 done by 1",
      "want 3 k A exit -> taken 1: answer 3 done by 1, forget 1", "candidate k A -> 0"}},
    {"full when it has failed: told once",
     UNLIMITED,
     {"want 1 k A metadata -> first 1: start 1", "ready 1 -> answer 1 done by 1", "end 1 bad -> ",
      "want 2 k A exit -> taken 1: answer 2 failed by 1, forget 1",
      "want 3 k A exit -> first 2: start 2"}},
    {"a failure before the metadata",
     UNLIMITED,
     {"want 1 k A metadata -> first 1: start 1", "end 1 bad -> answer 1 failed by 1, forget 1",
      "want 2 k A exit -> first 2: start 2", "end 2 bad -> answer 2 failed by 2, forget 2"}},
    {"no metadata, though it ended well",
     UNLIMITED,
     {"want 1 k A metadata -> first 1: start 1", "end 1 good -> answer 1 done by 1",
      "want 2 k A exit -> taken 1: answer 2 done by 1, forget 1"}},
    {"full alone",
     UNLIMITED,
     {"want 1 k A exit -> first 1: start 1", "ready 1 -> ",
      "end 1 good -> answer 1 done by 1, forget 1"}},

    {"changed behind the metadata: not kept",
     UNLIMITED,
     {"want 1 k A metadata -> first 1: start 1", "ready 1 -> answer 1 done by 1", "keeps 1 -> yes",
      "changed 1 -> ", "candidate k A -> 0", "keeps 1 -> no", "end 1 good -> forget 1",
      "want 2 k A exit -> first 2: start 2"}},
    {"changed behind the metadata: its failure is not told",
     UNLIMITED,
     {"want 1 k A metadata -> first 1: start 1", "ready 1 -> answer 1 done by 1", "changed 1 -> ",
      "end 1 bad -> forget 1"}},
    {"changed, and somebody waits",
     UNLIMITED,
     {"want 1 k A metadata -> first 1: start 1", "want 2 k A exit -> joined 1: ", "keeps 1 -> no",
      "changed 1 -> ", "want 3 k A exit -> first 2: start 2",
      "end 1 good -> answer 1 done by 1, answer 2 done by 1, forget 1", "candidate k A -> 2"}},
    {"killed by a signal while somebody waits: once more",
     UNLIMITED,
     {"want 1 k A metadata -> first 1: start 1", "end 1 signal -> restart 1", "candidate k A -> 1",
      "ready 1 -> answer 1 done by 1",
      "want 2 k A exit -> joined 1: ", "end 1 good -> answer 2 done by 1, forget 1"}},
    {"killed twice while somebody waits",
     UNLIMITED,
     {"want 1 k A metadata -> first 1: start 1",
      "want 2 k A exit -> joined 1: ", "end 1 signal -> restart 1",
      "end 1 signal -> answer 1 failed by 1, answer 2 failed by 1, forget 1"}},
    {"killed behind the metadata, told to who comes",
     UNLIMITED,
     {"want 1 k A metadata -> first 1: start 1", "ready 1 -> answer 1 done by 1",
      "end 1 signal -> ", "want 2 k A exit -> again 1: restart 1", "ready 1 -> ",
      "end 1 signal -> answer 2 failed by 1, forget 1"}},
    {"killed again behind the metadata: a failure that is told, not a third try",
     UNLIMITED,
     {"want 1 k A metadata -> first 1: start 1", "end 1 signal -> restart 1",
      "ready 1 -> answer 1 done by 1", "end 1 signal -> ",
      "want 2 k A exit -> taken 1: answer 2 failed by 1, forget 1"}},
    {"killed, and the metadata is wanted again",
     UNLIMITED,
     {"want 1 k A metadata -> first 1: start 1", "ready 1 -> answer 1 done by 1",
      "end 1 signal -> ", "want 2 k A metadata -> again 1: restart 1",
      "want 3 k A exit -> joined 1: ", "ready 1 -> answer 2 done by 1",
      "end 1 good -> answer 3 done by 1, forget 1"}},
    {"bad after a restart",
     UNLIMITED,
     {"want 1 k A exit -> first 1: start 1", "end 1 signal -> restart 1",
      "end 1 bad -> answer 1 failed by 1, forget 1"}},

    {"another identity; nobody waits for the older",
     UNLIMITED,
     {"want 1 k A metadata -> first 1: start 1", "ready 1 -> answer 1 done by 1",
      "want 2 k B metadata -> different 2: kill 1, start 2", "candidate k A -> 0",
      "candidate k B -> 2", "end 1 signal -> forget 1", "ready 2 -> answer 2 done by 2",
      "want 3 k B exit -> joined 2: ", "end 2 good -> answer 3 done by 2, forget 2"}},
    {"another identity; somebody waits for the older",
     UNLIMITED,
     {"want 1 k A exit -> first 1: start 1", "want 2 k B exit -> different 2: start 2",
      "want 3 k A exit -> different 3: start 3", "ready 1 -> ",
      "end 1 good -> answer 1 done by 1, forget 1", "end 2 bad -> answer 2 failed by 2, forget 2",
      "end 3 good -> answer 3 done by 3, forget 3"}},
    {"the older one's metadata is still waited for",
     UNLIMITED,
     {"want 1 k A metadata -> first 1: start 1", "want 2 k B metadata -> different 2: start 2",
      "ready 1 -> answer 1 done by 1, kill 1", "ready 1 -> ", "end 1 good -> forget 1",
      "ready 2 -> answer 2 done by 2"}},
    {"another identity; the older has finished, failed, died",
     UNLIMITED,
     {"want 1 k A metadata -> first 1: start 1", "end 1 good -> answer 1 done by 1",
      "want 2 k B metadata -> different 2: forget 1, start 2", "ready 2 -> answer 2 done by 2",
      "end 2 bad -> ", "want 3 k C metadata -> different 3: forget 2, start 3",
      "ready 3 -> answer 3 done by 3", "end 3 signal -> ",
      "want 4 k D exit -> different 4: forget 3, start 4"}},
    {"bound to its requests: kept, but it runs for nobody",
     UNLIMITED,
     {"want 1 k A metadata bound -> first 1: start 1", "end 1 good -> answer 1 done by 1",
      "want 2 k A exit bound -> taken 1: answer 2 done by 1, forget 1",
      "want 3 k A metadata bound -> first 2: start 2", "abandon 3 -> kill 2", "candidate k A -> 0",
      "want 4 k A exit bound -> first 3: start 3", "end 2 signal -> forget 2",
      "want 5 k A metadata bound -> joined 3: ", "abandon 4 -> ", "candidate k A -> 3",
      "cancel 5 -> kill 3", "end 3 signal -> answer 5 cancelled by 3, forget 3"}},
    {"keys are apart",
     UNLIMITED,
     {"want 1 k A metadata -> first 1: start 1", "want 2 l A metadata -> first 2: start 2",
      "candidate k A -> 1", "candidate l A -> 2", "candidate m A -> 0", "candidate k B -> 0",
      "ready 2 -> answer 2 done by 2", "end 1 bad -> answer 1 failed by 1, forget 1",
      "want 3 l A exit -> joined 2: ", "end 2 good -> answer 3 done by 2, forget 2"}},
    {"afresh",
     UNLIMITED,
     {"want 1 k A metadata -> first 1: start 1", "ready 1 -> answer 1 done by 1",
      "want 2 k A exit afresh -> afresh 2: kill 1, start 2", "candidate k A -> 2",
      "end 1 signal -> forget 1", "end 2 good -> answer 2 done by 2, forget 2",
      "want 3 k A exit afresh -> first 3: start 3", "want 4 k A exit afresh -> afresh 4: start 4",
      "end 3 good -> answer 3 done by 3, forget 3",
      "want 5 k B exit afresh -> different 5: start 5"}},

    {"cancel of the only one who waits",
     UNLIMITED,
     {"want 1 k A metadata -> first 1: start 1", "cancel 1 -> kill 1", "candidate k A -> 0",
      "cancel 1 -> ", "ready 1 -> ", "want 2 k A metadata -> first 2: start 2",
      "end 1 signal -> answer 1 cancelled by 1, forget 1", "cancel 1 -> ",
      "ready 2 -> answer 2 done by 2"}},
    {"cancel of one of two",
     UNLIMITED,
     {"want 1 k A metadata -> first 1: start 1",
      "want 2 k A exit -> joined 1: ", "cancel 1 -> answer 1 cancelled by 1", "cancel 1 -> ",
      "ready 1 -> ", "end 1 good -> answer 2 done by 1, forget 1"}},
    {"cancel of both",
     UNLIMITED,
     {"want 1 k A exit -> first 1: start 1",
      "want 2 k A exit -> joined 1: ", "cancel 2 -> answer 2 cancelled by 1", "cancel 1 -> kill 1",
      "end 1 bad -> answer 1 cancelled by 1, forget 1"}},
    {"cancel when the answer is on its way",
     UNLIMITED,
     {"want 1 k A metadata -> first 1: start 1", "ready 1 -> answer 1 done by 1", "cancel 1 -> ",
      "cancel 9 -> ", "want 2 k A exit -> joined 1: ", "end 1 good -> answer 2 done by 1, forget 1",
      "cancel 2 -> ", "abandon 2 -> "}},
    {"cancel races with a good end",
     UNLIMITED,
     {"want 1 k A exit -> first 1: start 1", "cancel 1 -> kill 1",
      "end 1 good -> answer 1 cancelled by 1, forget 1"}},
    {"cancel, then abandon",
     UNLIMITED,
     {"want 1 k A exit -> first 1: start 1", "cancel 1 -> kill 1", "abandon 1 -> ", "abandon 1 -> ",
      "cancel 1 -> ", "end 1 signal -> forget 1"}},
    {"abandon leaves a keyed compile running",
     UNLIMITED,
     {"want 1 k A metadata -> first 1: start 1", "abandon 1 -> ", "candidate k A -> 1",
      "want 2 k A metadata -> joined 1: ", "ready 1 -> answer 2 done by 1", "end 1 good -> ",
      "want 3 k A exit -> taken 1: answer 3 done by 1, forget 1"}},
    {"an abandoned compile ends",
     UNLIMITED,
     {"want 1 k A exit -> first 1: start 1", "abandon 1 -> ", "end 1 good -> ",
      "want 2 l A exit -> first 2: start 2", "abandon 2 -> ", "end 2 bad -> forget 2",
      "want 3 m A exit -> first 3: start 3", "abandon 3 -> ", "end 3 signal -> ",
      "want 4 m A exit -> again 3: restart 3", "end 3 signal -> answer 4 failed by 3, forget 3",
      "want 5 k A exit -> taken 1: answer 5 done by 1, forget 1"}},
    {"abandon of one of two",
     UNLIMITED,
     {"want 1 k A exit -> first 1: start 1", "want 2 k A exit -> joined 1: ", "abandon 1 -> ",
      "end 1 good -> answer 2 done by 1, forget 1"}},
    {"abandon of a displaced one",
     UNLIMITED,
     {"want 1 k A exit -> first 1: start 1", "want 2 k B exit -> different 2: start 2",
      "abandon 1 -> kill 1", "end 1 signal -> forget 1"}},

    {"without a key",
     UNLIMITED,
     {"want 1 - - exit -> alone 1: start 1", "want 2 - - exit -> alone 2: start 2",
      "want 3 - - exit -> alone 3: start 3", "candidate - A -> 0",
      "end 2 bad -> answer 2 failed by 2, forget 2", "end 1 good -> answer 1 done by 1, forget 1",
      "end 3 signal -> restart 3", "end 3 signal -> answer 3 failed by 3, forget 3"}},
    {"without a key: cancel, abandon",
     UNLIMITED,
     {"want 1 - - exit -> alone 1: start 1", "want 2 - - exit -> alone 2: start 2",
      "cancel 1 -> kill 1", "abandon 2 -> kill 2", "end 2 signal -> forget 2",
      "end 1 signal -> answer 1 cancelled by 1, forget 1"}},

    {"at most two are kept",
     {2, 1000},
     {"want 1 a A metadata -> first 1: start 1", "want 2 b A metadata -> first 2: start 2",
      "want 3 c A metadata -> first 3: start 3", "want 4 d A metadata -> first 4: start 4",
      "end 2 good 1 -> answer 2 done by 2", "end 3 good 1 -> answer 3 done by 3",
      "end 4 good 1 -> answer 4 done by 4, forget 2", "candidate b A -> 0", "candidate c A -> 3",
      "candidate a A -> 1", "ready 1 -> answer 1 done by 1",
      "want 5 c A exit -> taken 3: answer 5 done by 3, forget 3", "end 1 bad 1 -> ",
      "want 6 e A metadata -> first 5: start 5", "ready 5 -> answer 6 done by 5",
      "end 5 signal 1 -> forget 1", "candidate d A -> 4", "candidate e A -> 5"}},
    {"at most 100 bytes are kept",
     {100, 100},
     {"want 1 a A metadata -> first 1: start 1", "want 2 b A metadata -> first 2: start 2",
      "want 3 c A metadata -> first 3: start 3", "end 1 good 60 -> answer 1 done by 1",
      "end 2 good 40 -> answer 2 done by 2", "end 3 good 1 -> answer 3 done by 3, forget 1",
      "want 4 d A metadata -> first 4: start 4", "ready 4 -> answer 4 done by 4",
      "end 4 bad 100 -> forget 2, forget 3", "candidate d A -> 4"}},
    {"what died counts as well",
     {100, 100},
     {"want 1 a A metadata -> first 1: start 1", "ready 1 -> answer 1 done by 1",
      "end 1 signal 60 -> ", "want 2 b A metadata -> first 2: start 2",
      "end 2 good 50 -> answer 2 done by 2, forget 1", "candidate a A -> 0"}},
    {"one that is too large",
     {100, 100},
     {"want 1 a A metadata -> first 1: start 1", "end 1 good 101 -> answer 1 done by 1, forget 1",
      "want 2 a A exit -> first 2: start 2", "end 2 good 500 -> answer 2 done by 2, forget 2"}},
    {"running ones are never evicted",
     {0, 0},
     {"want 1 a A metadata -> first 1: start 1", "want 2 b A metadata -> first 2: start 2",
      "want 3 c A exit -> first 3: start 3", "ready 1 -> answer 1 done by 1", "abandon 2 -> ",
      "want 4 a A exit -> joined 1: ", "end 1 good 9 -> answer 4 done by 1, forget 1",
      "end 2 good 9 -> forget 2", "end 3 good 9 -> answer 3 done by 3, forget 3"}},
};

static void sequences_hold(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(sequences); i++) {
        sequence_holds(&sequences[i]);
    }
}

// The table copies what it keeps: rustc outlives the request whose text this was.
static void keys_are_copied(void **state)
{
    (void)state;
    struct pipeline *pipeline = pipeline_create(&(struct pipeline_limits)UNLIMITED);
    struct action_list actions = {0};
    struct digest identity = identity_of('A');
    char key[] = "key";
    uint64_t compile = 0;
    struct want want = {.request = 1, .key = key, .identity = &identity};
    assert_int_equal(pipeline_want(pipeline, &want, &compile, &actions), VERDICT_FIRST);
    memset(key, 'x', 3);
    memset(&identity, 'x', sizeof identity);
    identity = identity_of('A');
    assert_int_equal(pipeline_candidate(pipeline, "key", &identity), compile);
    action_list_finish(&actions);
    pipeline_destroy(pipeline);
}

static void many_compiles_are_told_apart(void **state)
{
    (void)state;
    enum { MANY = 1000 };
    struct pipeline *pipeline = pipeline_create(&(struct pipeline_limits){MANY, MANY});
    struct action_list actions = {0};
    struct digest identity = identity_of('A');
    char key[20];
    for (uint64_t i = 1; i <= MANY; i++) {
        uint64_t compile = 0;
        snprintf(key, sizeof key, "%d", (int)i);
        struct want want = {.request = i, .key = key, .identity = &identity};
        pipeline_want(pipeline, &want, &compile, &actions);
        assert_int_equal(compile, i);
        pipeline_ended(pipeline, compile, ENDING_GOOD, 1, &actions);
    }
    assert_int_equal(actions.count, 2 * MANY);
    for (int i = MANY; i > 0; i--) {
        snprintf(key, sizeof key, "%d", i);
        assert_int_equal(pipeline_candidate(pipeline, key, &identity), i);
    }
    action_list_finish(&actions);
    pipeline_destroy(pipeline);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sequences_hold),
        cmocka_unit_test(keys_are_copied),
        cmocka_unit_test(many_compiles_are_told_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
