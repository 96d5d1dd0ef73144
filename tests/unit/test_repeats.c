// Texts that are said a second time.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "rustc/repeats.h"

#include <stdbool.h>
#include <string.h>

static void add(struct repeats *repeats, const char *text)
{
    repeats_add(repeats, text, strlen(text));
}

static bool take(struct repeats *repeats, const char *text)
{
    return repeats_take(repeats, text, strlen(text));
}

static void nothing_was_said(void **state)
{
    (void)state;
    struct repeats repeats = {0};
    assert_false(take(&repeats, "a"));
    repeats_begin(&repeats, 0);
    assert_false(take(&repeats, "a"));
    assert_false(take(&repeats, ""));
    repeats_finish(&repeats);
    repeats_finish(&repeats);
}

static void each_is_taken_as_often_as_it_was_said(void **state)
{
    (void)state;
    struct repeats repeats = {0};
    repeats_begin(&repeats, 4);
    add(&repeats, "a\n");
    add(&repeats, "b");
    add(&repeats, "a");
    add(&repeats, "\n");
    assert_true(take(&repeats, "a"));
    assert_true(take(&repeats, "b\n"));
    assert_false(take(&repeats, "b"));
    assert_true(take(&repeats, "a\n"));
    assert_false(take(&repeats, "a"));
    assert_true(take(&repeats, ""));
    assert_false(take(&repeats, "c"));
    repeats_begin(&repeats, 1);
    assert_false(take(&repeats, "a"));
    repeats_finish(&repeats);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_was_said),
        cmocka_unit_test(each_is_taken_as_often_as_it_was_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
