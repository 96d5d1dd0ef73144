// The owned list of strings.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/bytes.h"
#include "base/mem.h"
#include "base/strlist.h"

#include <string.h>

// The list as "a|b|", counted by its closing NULL.
static void assert_list(struct strlist *list, const char *expected)
{
    struct bytes text = {0};
    char **argv = strlist_argv(list);
    size_t count = 0;
    for (; argv[count] != NULL; count++) {
        bytes_append_format(&text, "%s|", argv[count]);
    }
    assert_int_equal(count, list->count);
    assert_string_equal(bytes_text(&text), expected);
    bytes_finish(&text);
}

static void push_words(struct strlist *list, const char *words)
{
    for (; *words != '\0'; words++) {
        strlist_push_take(list, mem_format("%c", *words));
    }
}

static void a_zeroed_list_is_an_argv(void **state)
{
    (void)state;
    struct strlist list = {0};
    strlist_sort(&list);
    assert_list(&list, "");
    strlist_finish(&list);
    strlist_finish(&list);
}

static void pushing_copies(void **state)
{
    (void)state;
    struct strlist list = {0};
    char word[] = "one";
    strlist_push(&list, word);
    word[0] = 'X';
    strlist_push_take(&list, mem_dup("two"));
    strlist_push(&list, "");
    assert_list(&list, "one|two||");
    strlist_finish(&list);
    assert_null(list.items);
}

static void any_number_fits(void **state)
{
    (void)state;
    struct strlist list = {0};
    for (size_t i = 0; i < 1000; i++) {
        strlist_push(&list, "x");
        assert_int_equal(list.count, i + 1);
        assert_null(list.items[list.count]);
    }
    strlist_finish(&list);
}

static void the_first_is_found(void **state)
{
    (void)state;
    struct strlist list = {0};
    assert_int_equal(strlist_find(&list, "a"), 0);
    strlist_push(&list, "b");
    strlist_push(&list, "a");
    strlist_push(&list, "a");
    assert_int_equal(strlist_find(&list, "a"), 1);
    assert_int_equal(strlist_find(&list, ""), 3);
    assert_true(strlist_holds(&list, "b"));
    assert_false(strlist_holds(&list, "ab"));
    strlist_finish(&list);
}

static void lists_are_appended(void **state)
{
    (void)state;
    struct strlist list = {0};
    struct strlist other = {0};
    strlist_push_all(&list, &other);
    push_words(&other, "bc");
    push_words(&list, "a");
    strlist_push_all(&list, &other);
    strlist_finish(&other);
    assert_list(&list, "a|b|c|");
    strlist_finish(&list);
}

static void items_are_replaced(void **state)
{
    (void)state;
    struct strlist list = {0};
    push_words(&list, "abc");
    strlist_replace_take(&list, 0, mem_dup("first"));
    strlist_replace_take(&list, 2, mem_dup("last"));
    assert_list(&list, "first|b|last|");
    strlist_finish(&list);
}

struct remove_row {
    size_t index;
    const char *left;
};

static const struct remove_row remove_rows[] = {{0, "b|c|"}, {1, "a|c|"}, {2, "a|b|"}};

static void removing_closes_the_gap(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof remove_rows / sizeof remove_rows[0]; i++) {
        struct strlist list = {0};
        push_words(&list, "abc");
        strlist_remove(&list, remove_rows[i].index);
        assert_null(list.items[list.count]);
        assert_list(&list, remove_rows[i].left);
        strlist_finish(&list);
    }
}

static void sorting_is_bytewise(void **state)
{
    (void)state;
    struct strlist list = {0};
    strlist_push(&list, "\xc3\xa9");
    push_words(&list, "bZab");
    strlist_push(&list, "aa");
    strlist_push(&list, "");
    strlist_sort(&list);
    assert_list(&list, "|Z|a|aa|b|b|\xc3\xa9|");
    strlist_finish(&list);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_zeroed_list_is_an_argv), cmocka_unit_test(pushing_copies),
        cmocka_unit_test(any_number_fits),          cmocka_unit_test(the_first_is_found),
        cmocka_unit_test(lists_are_appended),       cmocka_unit_test(items_are_replaced),
        cmocka_unit_test(removing_closes_the_gap),  cmocka_unit_test(sorting_is_bytewise),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
