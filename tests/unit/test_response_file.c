// Response files of the linker.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "rustc/response_file.h"
#include "temp_dir.h"
#include "words.h"

struct read_row {
    const char *text;
    const char *expected;
};

static const struct read_row rows[] = {
    {"", ""},
    {"a\nb\n", "[a][b]"},
    {"a\nb", "[a][b]"},
    {"-L/a\\ b\n", "[-L/a b]"},
    {"a b\tc\n\n  \nd", "[a][b][c][d]"},
    {"'a b'\"c d\"e\n", "[a bc de]"},
    {"'a\"b' \"a'b\" 'a\\'b'\n", "[a\"b][a'b][a'b]"},
    {"'' a\"\"\n", "[][a]"},
    {"'open", "[open]"},
    {"a\\\\b\n", "[a\\b]"},
    {"a\\\nb\n", "[a\nb]"},
    {"end\\", "[end\\]"},
};

static void rustc_s_files_are_read(void **state)
{
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct strlist words = {0};
        struct bytes got = {0};
        struct failure why;
        assert_true(response_file_read(temp_text(*state, "r", rows[i].text), &words, &why));
        append_words(&got, &words);
        assert_text(rows[i].text, &got, rows[i].expected);
        strlist_finish(&words);
    }
}

static void what_is_written_comes_back(void **state)
{
    static const char *const arguments[] = {"cc",          "-o",      "a b", "q'u\"o",
                                            "back\\slash", "t\tn\n.", "",    "\r\v\f@x"};
    struct strlist words = {0};
    struct strlist again = {0};
    struct failure why;
    for (size_t i = 0; i < COUNT(arguments); i++) {
        strlist_push(&words, arguments[i]);
    }
    char *path = path_join(*state, "w");
    assert_true(response_file_write(path, &words, 1, &why));
    assert_true(response_file_read(path, &again, &why));
    assert_int_equal(again.count, COUNT(arguments) - 1);
    for (size_t i = 0; i < again.count; i++) {
        assert_string_equal(again.items[i], arguments[i + 1]);
    }
    strlist_finish(&again);
    strlist_finish(&words);
    free(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rustc_s_files_are_read),
        cmocka_unit_test(what_is_written_comes_back),
    };
    return cmocka_run_group_tests(tests, temp_dir_make, temp_dir_remove);
}
