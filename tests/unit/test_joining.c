#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "pipeline/joining.h"

#include <string.h>

static void test_the_first_doubt_counts(void **state)
{
    (void)state;
    const struct row {
        const char *name;
        struct joining_compile compile;
        enum joining_doubt doubt;
    } rows[] = {
        {"fits", {.has_same_metadata = true}, JOINING_FITS},
        {"fits, with a gate that nobody needs",
         {.has_same_metadata = true, .has_gate = true},
         JOINING_FITS},
        {"fits, with a gate",
         {.has_same_metadata = true, .needs_gate = true, .has_gate = true},
         JOINING_FITS},
        {"nothing is known", {0}, JOINING_OTHER_METADATA},
        {"changed", {.has_changed = true, .has_same_metadata = true}, JOINING_CHANGED},
        {"claimed", {.is_claimed = true, .has_same_metadata = true}, JOINING_CLAIMED},
        {"gone", {.is_gone = true, .has_same_metadata = true}, JOINING_GONE},
        {"no gate", {.needs_gate = true, .has_same_metadata = true}, JOINING_UNGATED},
        {"other metadata at its gate",
         {.needs_gate = true, .has_gate = true},
         JOINING_OTHER_METADATA},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (joining_doubt_of(&rows[i].compile) != rows[i].doubt) {
            fail_msg("%s", rows[i].name);
        }
    }
}

static void test_each_verdict(void **state)
{
    (void)state;
    const struct row {
        const char *name;
        struct joining facts;
        enum verdict verdict;
        bool is_new;
    } rows[] = {
        {"no identity", {.is_known = true, .is_same = true}, VERDICT_ALONE, true},
        {"nothing known", {.has_identity = true}, VERDICT_FIRST, true},
        {"another identity",
         {.has_identity = true, .is_known = true, .is_reached = true},
         VERDICT_DIFFERENT,
         true},
        {"in doubt",
         {.has_identity = true,
          .is_known = true,
          .is_same = true,
          .is_reached = true,
          .doubt = JOINING_GONE},
         VERDICT_AFRESH,
         true},
        {"dead and in doubt",
         {.has_identity = true,
          .is_known = true,
          .is_same = true,
          .has_died = true,
          .doubt = JOINING_CHANGED},
         VERDICT_AFRESH,
         true},
        {"dead",
         {.has_identity = true, .is_known = true, .is_same = true, .has_died = true},
         VERDICT_AGAIN,
         false},
        {"runs", {.has_identity = true, .is_known = true, .is_same = true}, VERDICT_JOINED, false},
        {"is there",
         {.has_identity = true, .is_known = true, .is_same = true, .is_reached = true},
         VERDICT_TAKEN,
         false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        enum verdict verdict = joining_verdict(&rows[i].facts);
        if (verdict != rows[i].verdict || joining_is_new(verdict) != rows[i].is_new) {
            fail_msg("%s", rows[i].name);
        }
    }
}

static void test_what_keeps_an_early_request_from_a_process(void **state)
{
    (void)state;
    const struct row {
        struct joining_early early;
        const char *obstacle; // a part of it; NULL: none
    } rows[] = {
        {{.has_identity = true, .has_program = true, .held = 1, .most = 2}, NULL},
        {{.obstacle = "LTO", .has_identity = true, .has_program = true, .most = 2}, "LTO"},
        {{.is_bound = true, .has_identity = true, .has_program = true, .most = 2}, "emptied"},
        {{.has_program = true, .most = 2}, "digest"},
        {{.has_identity = true, .most = 2}, "own program"},
        {{.has_identity = true, .has_program = true, .held = 2, .most = 2}, "--keep-gates"},
        {{.has_identity = true, .has_program = true, .is_known = true, .held = 2, .most = 2}, NULL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const char *obstacle = joining_early_obstacle(&rows[i].early);
        bool same = rows[i].obstacle == NULL
                        ? obstacle == NULL
                        : obstacle != NULL && strstr(obstacle, rows[i].obstacle) != NULL;
        if (!same) {
            fail_msg("row %zu: %s", i, obstacle);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_first_doubt_counts),
        cmocka_unit_test(test_each_verdict),
        cmocka_unit_test(test_what_keeps_an_early_request_from_a_process),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
