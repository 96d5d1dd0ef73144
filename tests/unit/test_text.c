#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/text.h"

#include <string.h>

static const struct {
    const char *text;
    const char *part;
    const char *after; // NULL: it does not begin so
    bool ends;
} rows[] = {
    {"", "", "", true},
    {"a", "", "a", true},
    {"", "a", NULL, false},
    {"lib.rs", "lib", ".rs", false},
    {"lib.rs", ".rs", NULL, true},
    {"lib", "lib.rs", NULL, false},
    {"aa", "a", "a", true},
    {"ab", "b", NULL, true},
    {"ab", "ab", "", true},
};

static void texts_begin_and_end(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const char *after = text_after(rows[i].text, rows[i].part);
        assert_int_equal(after != NULL, rows[i].after != NULL);
        if (after != NULL) {
            assert_string_equal(after, rows[i].after);
        }
        assert_int_equal(text_starts_with(rows[i].text, rows[i].part), rows[i].after != NULL);
        assert_int_equal(text_ends_with(rows[i].text, rows[i].part), rows[i].ends);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_begin_and_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
