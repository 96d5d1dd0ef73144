// Files of one item a line.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "rustc/linefile.h"
#include "temp_dir.h"
#include "words.h"

struct line_row {
    const char *name;
    const char *text;
    const char *expected;
};

static const struct line_row rows[] = {
    {"no bytes", "", ""},
    {"one line", "a\n", "[a]"},
    {"no newline at the end", "a\nb", "[a][b]"},
    {"empty lines", "\n\na\n\n\nb\n\n", "[a][b]"},
    {"blanks are bytes like others", " a \n\t\n", "[ a ][\t]"},
    {"nothing is quoted", "'a' \"b\" $c #d\n", "['a' \"b\" $c #d]"},
    {"CR before the newline", "a\r\nb\r\n\r\nc", "[a][b][c]"},
    {"one CR only", "a\r\r\n", "[a\r]"},
    {"CR elsewhere", "a\rb\nc\r", "[a\rb][c\r]"},

    {"a joined line", "a\\\nb\n", "[a\nb]"},
    {"joined by CR LF", "a\\\r\nb\r\n", "[a\nb]"},
    {"three joined lines", "K=a\\\nb\\\nc\nd\n", "[K=a\nb\nc][d]"},
    {"a line that is only joined", "a\\\n\\\nb\n", "[a\n\nb]"},
    {"it begins with a newline", "\\\na\n", "[\na]"},
    {"empty lines are skipped here too", "a\\\n\n\nb\n", "[a\nb]"},
    {"backslashes within", "a\\b\\\\c\\\\\\d\n", "[a\\b\\\\c\\\\\\d]"},
    {"two at the end", "a\\\\\nb\n", "[a\\][b]"},
    {"three", "a\\\\\\\nb\n", "[a\\\nb]"},
    {"four", "a\\\\\\\\\nb\n", "[a\\\\][b]"},
    {"only two", "\\\\\nb\n", "[\\][b]"},
    {"two at the end of the file", "a\\\\", "[a\\]"},
    {"nothing to join with", "a\nb\\\n", "[a][b\n]"},
};

static void lines_are_split(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        size_t len = strlen(rows[i].text);
        char *exact = malloc(len == 0 ? 1 : len);
        memcpy(exact, rows[i].text, len);
        struct strlist items = {0};
        struct bytes got = {0};
        linefile_split(exact, len, &items);
        append_words(&got, &items);
        assert_text(rows[i].name, &got, rows[i].expected);
        strlist_finish(&items);
        free(exact);
    }
}

static void items_are_appended(void **state)
{
    struct strlist items = words_of("first");
    struct failure why;
    struct bytes got = {0};
    assert_true(linefile_read(temp_text(*state, "x", "a b\n\nc"), "env file", &items, &why));
    append_words(&got, &items);
    assert_text("read", &got, "[first][a b][c]");
    strlist_finish(&items);
}

static void a_file_that_is_missing_is_named(void **state)
{
    (void)state;
    struct strlist items = {0};
    struct failure why;
    assert_false(linefile_read("/no/such", "status file", &items, &why));
    assert_non_null(strstr(why.text, "status file '/no/such': no such file"));
    assert_int_equal(items.count, 0);
    strlist_finish(&items);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_are_split),
        cmocka_unit_test(items_are_appended),
        cmocka_unit_test(a_file_that_is_missing_is_named),
    };
    return cmocka_run_group_tests(tests, temp_dir_make, temp_dir_remove);
}
