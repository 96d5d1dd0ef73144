// What a rustc said, answered once.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "rustc/diagnostics.h"
#include "words.h"

#include <stdio.h>
#include <stdlib.h>

enum { ALL = DIAGNOSTICS_ANSWER_MAX_BYTES };

// Items are one word each; an 'E' in front makes an error of it.
static void add_words(struct diagnostics *list, const char *text)
{
    struct strlist words = words_of(text);
    for (size_t i = 0; i < words.count; i++) {
        const char *word = words.items[i];
        diagnostics_add(list, word, strlen(word), word[0] == 'E');
    }
    strlist_finish(&words);
}

static void assert_answer(struct diagnostics *list, size_t max_bytes, const char *expected)
{
    struct bytes got = {0};
    diagnostics_answer(list, max_bytes, &got);
    assert_text("answer", &got, expected);
}

static void assert_all(const struct diagnostics *list, const char *expected)
{
    struct bytes got = {0};
    diagnostics_all(list, &got);
    assert_text("all", &got, expected);
}

static void each_item_is_answered_once(void **state)
{
    (void)state;
    struct diagnostics list = {0};
    assert_answer(&list, ALL, "");
    add_words(&list, "a b");
    assert_answer(&list, ALL, "a\nb\n");
    assert_answer(&list, ALL, "");
    add_words(&list, "c");
    add_words(&list, "a Ed");
    assert_answer(&list, ALL, "c\na\nEd\n");
    assert_answer(&list, ALL, "");
    assert_all(&list, "a\nb\nc\na\nEd\n");
    assert_all(&list, "a\nb\nc\na\nEd\n");
    diagnostics_finish(&list);
    diagnostics_finish(&list);
}

static void all_is_not_an_answer(void **state)
{
    (void)state;
    struct diagnostics list = {0};
    assert_all(&list, "");
    add_words(&list, "a");
    assert_all(&list, "a\n");
    assert_answer(&list, ALL, "a\n");
    diagnostics_finish(&list);
}

static void items_are_complete_lines(void **state)
{
    (void)state;
    struct diagnostics list = {0};
    char text[] = "one\ntwo";
    diagnostics_add(&list, text, strlen(text), false);
    memset(text, 'x', strlen(text));
    diagnostics_add(&list, "three\n", 6, false);
    diagnostics_add(&list, "", 0, true);
    diagnostics_add(&list, NULL, 0, false);
    diagnostics_add(&list, "\n", 1, false);
    assert_int_equal(list.count, 3);
    assert_answer(&list, ALL, "one\ntwo\nthree\n\n");
    diagnostics_finish(&list);
}

static void answers_are_appended_and_bytes_stay(void **state)
{
    (void)state;
    struct diagnostics list = {0};
    struct bytes out = {0};
    bytes_append_text(&out, "before ");
    diagnostics_add(&list, "a\0\xff", 3, false);
    diagnostics_answer(&list, ALL, &out);
    assert_int_equal(out.len, 11);
    assert_memory_equal(out.data, "before a\0\xff\n", 11);
    bytes_finish(&out);
    diagnostics_finish(&list);
}

#define CUT(bytes, count) "rustc-relay: ... " bytes " bytes cut (" count "): more than is shown\n"
#define ONE "1 diagnostic"
#define MANY(count) count " diagnostics"

struct cut_row {
    const char *words; // each takes its length and a newline
    size_t max_bytes;
    const char *expected;
};

static const struct cut_row cut_rows[] = {
    {"aaa bbb", 8, "aaa\nbbb\n"},
    {"aaa bbb", 7, "aaa\n" CUT("4", ONE)},
    {"aaa bbb ccc", 4, "aaa\n" CUT("8", MANY("2"))},
    {"aaa Ebb", 4, "Ebb\n" CUT("4", ONE)},
    {"aaa Ebb ccc Edd", 8, "Ebb\nEdd\n" CUT("8", MANY("2"))},
    {"aaa Ebb ccc Edd", 12, "aaa\nEbb\nEdd\n" CUT("4", ONE)},
    {"Ebb Ecc Edd", 8, "Ebb\nEcc\n" CUT("4", ONE)},
    {"aaa Ebb", 0, CUT("8", MANY("2"))},
};

static void errors_are_kept_first(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(cut_rows); i++) {
        struct diagnostics list = {0};
        struct bytes got = {0};
        add_words(&list, cut_rows[i].words);
        diagnostics_answer(&list, cut_rows[i].max_bytes, &got);
        assert_text(cut_rows[i].words, &got, cut_rows[i].expected);
        assert_answer(&list, ALL, "");
        diagnostics_finish(&list);
    }
}

// The beginning of the only thing worth showing, whatever else would fit.
static const struct cut_row huge_rows[] = {
    {"Eabcdefgh", 5, "Eabc\n" CUT("6", ONE)},
    {"abcdefgh", 5, "abcd\n" CUT("5", ONE)},
    {"w Eabcdefgh v", 5, "Eabc\n" CUT("10", MANY("3"))},
    {"w Eabcdefgh Ex", 5, "Eabc\n" CUT("11", MANY("3"))},
    {"Eabcdefgh", 9, "Eabcdefg\n" CUT("2", ONE)},
    {"Eabcdefgh", 10, "Eabcdefgh\n"},
};

static void one_huge_error_is_cut(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(huge_rows); i++) {
        struct diagnostics list = {0};
        struct bytes got = {0};
        add_words(&list, huge_rows[i].words);
        diagnostics_answer(&list, huge_rows[i].max_bytes, &got);
        assert_text(huge_rows[i].words, &got, huge_rows[i].expected);
        assert_answer(&list, ALL, "");
        diagnostics_finish(&list);
    }
}

static void what_was_answered_does_not_count_for_the_cut(void **state)
{
    (void)state;
    struct diagnostics list = {0};
    add_words(&list, "aaaaaaaaaaaa Ebbbbbbbbbbb");
    assert_answer(&list, ALL, "aaaaaaaaaaaa\nEbbbbbbbbbbb\n");
    add_words(&list, "ccc");
    assert_answer(&list, 4, "ccc\n");
    diagnostics_finish(&list);
}

static void a_successor_is_heard_only_for_news(void **state)
{
    (void)state;
    struct diagnostics list = {0};
    add_words(&list, "a b");
    assert_answer(&list, ALL, "a\nb\n");
    add_words(&list, "c");
    diagnostics_start_again(&list);
    add_words(&list, "died a");
    diagnostics_add(&list, "b\n", 2, false);
    add_words(&list, "c d aa d");
    assert_answer(&list, ALL, "c\ndied\nd\naa\nd\n");
    diagnostics_finish(&list);
}

static void it_may_start_again_twice(void **state)
{
    (void)state;
    struct diagnostics list = {0};
    diagnostics_start_again(&list);
    add_words(&list, "a");
    diagnostics_start_again(&list);
    add_words(&list, "a b");
    diagnostics_start_again(&list);
    add_words(&list, "b a c");
    assert_answer(&list, ALL, "a\nb\nc\n");
    diagnostics_finish(&list);
}

// Time is linear: a comparison of each with each would take minutes.
static void a_successor_of_one_that_said_much(void **state)
{
    (void)state;
    enum { LINES = 20000 };
    struct diagnostics list = {0};
    for (int run = 0; run < 3; run++) {
        for (int i = 0; i < LINES; i++) {
            char line[32];
            snprintf(line, sizeof line, "line %d", i);
            assert_int_equal(diagnostics_add(&list, line, strlen(line), false), run == 0);
            assert_int_equal(diagnostics_add(&list, "same\n", 5, false), run == 0);
        }
        assert_int_equal(list.count, 2 * LINES);
        diagnostics_start_again(&list);
    }
    diagnostics_finish(&list);
}

static void each_earlier_item_stands_for_one(void **state)
{
    (void)state;
    struct diagnostics list = {0};
    add_words(&list, "a a b");
    diagnostics_start_again(&list);
    add_words(&list, "a a a b");
    assert_answer(&list, ALL, "a\na\nb\na\n");
    diagnostics_finish(&list);
}

// A chatty rustc is cut short; its errors and all else have a cap each.
static void what_is_kept_is_capped(void **state)
{
    (void)state;
    enum { ITEM = 1000 * 1000, FITTING = DIAGNOSTICS_KEPT_MAX_BYTES / ITEM + 1 };
    struct diagnostics list = {0};
    struct bytes got = {0};
    char *item = mem_zalloc(ITEM);
    memset(item, 'x', ITEM);
    item[ITEM - 1] = '\n';
    for (int i = 0; i < FITTING + 3; i++) {
        diagnostics_add(&list, item, ITEM, false);
    }
    assert_int_equal(list.count, FITTING);
    diagnostics_add(&list, "Eerror", 6, true);
    diagnostics_add(&list, "w", 1, false);
    diagnostics_answer(&list, 7, &got);
    assert_text("capped", &got, "Eerror\n" CUT("8,000,001", MANY("9")));
    diagnostics_add(&list, "Eagain", 6, true);
    assert_answer(&list, ALL, "Eagain\n");
    for (int i = 0; i < FITTING; i++) {
        diagnostics_add(&list, item, ITEM, true);
    }
    assert_int_equal(list.count, 2 * FITTING + 2);
    diagnostics_add(&list, "Emore", 5, true);
    assert_int_equal(list.count, 2 * FITTING + 2);
    diagnostics_waiting(&list, &got);
    assert_int_equal(got.len, FITTING * ITEM + strlen(CUT("5", ONE)));
    assert_string_equal(got.data + FITTING * ITEM, CUT("5", ONE));
    bytes_consume(&got, got.len);
    diagnostics_all(&list, &got);
    assert_non_null(strstr(got.data, CUT("3,000,006", MANY("5"))));
    bytes_finish(&got);
    free(item);
    diagnostics_finish(&list);
}

// So that many short ones take no more than few long ones.
static void short_items_count_for_what_they_take(void **state)
{
    (void)state;
    struct diagnostics list = {0};
    for (int i = 0; i < DIAGNOSTICS_KEPT_MAX_BYTES / DIAGNOSTICS_ITEM_BYTES; i++) {
        diagnostics_add(&list, "x", 1, false);
    }
    assert_true(list.other_bytes < DIAGNOSTICS_KEPT_MAX_BYTES + 2 * DIAGNOSTICS_ITEM_BYTES);
    assert_true(list.cut.count > 0);
    diagnostics_finish(&list);
}

static void what_waits_can_be_dropped(void **state)
{
    (void)state;
    struct diagnostics list = {0};
    add_words(&list, "a b");
    assert_answer(&list, ALL, "a\nb\n");
    add_words(&list, "c Ed");
    diagnostics_drop_waiting(&list);
    assert_answer(&list, ALL, "");
    assert_all(&list, "a\nb\n");
    diagnostics_start_again(&list);
    add_words(&list, "a c");
    assert_answer(&list, ALL, "c\n");
    assert_int_equal(list.other_bytes, 6 + 3 * DIAGNOSTICS_ITEM_BYTES);
    assert_int_equal(list.error_bytes, 0);
    diagnostics_finish(&list);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_item_is_answered_once),
        cmocka_unit_test(all_is_not_an_answer),
        cmocka_unit_test(items_are_complete_lines),
        cmocka_unit_test(answers_are_appended_and_bytes_stay),
        cmocka_unit_test(errors_are_kept_first),
        cmocka_unit_test(one_huge_error_is_cut),
        cmocka_unit_test(what_was_answered_does_not_count_for_the_cut),
        cmocka_unit_test(a_successor_is_heard_only_for_news),
        cmocka_unit_test(it_may_start_again_twice),
        cmocka_unit_test(a_successor_of_one_that_said_much),
        cmocka_unit_test(each_earlier_item_stands_for_one),
        cmocka_unit_test(what_is_kept_is_capped),
        cmocka_unit_test(short_items_count_for_what_they_take),
        cmocka_unit_test(what_waits_can_be_dropped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
