// The sentence that says why.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/failure.h"

#include <errno.h>
#include <string.h>

static void a_failure_is_false_and_says_why(void **state)
{
    (void)state;
    struct failure why;
    assert_false(failure_set(&why, "request %d: %s", 12, "no crate name"));
    assert_string_equal(why.text, "request 12: no crate name");
}

struct errno_row {
    int error;
    const char *expected;
};

static const struct errno_row errno_rows[] = {
    {ENOENT, "cannot open 'x': no such file or directory"},
    {EACCES, "cannot open 'x': permission denied"},
    {EIO, "cannot open 'x': input/output error"},
};

static void the_systems_reason_follows(void **state)
{
    (void)state;
    struct failure why;
    assert_false(failure_errno(&why, errno_rows[0].error, "cannot open '%s'", "x"));
    for (size_t i = 0; i < sizeof errno_rows / sizeof errno_rows[0]; i++) {
        failure_errno(&why, errno_rows[i].error, "cannot open '%s'", "x");
        assert_string_equal(why.text, errno_rows[i].expected);
    }
}

static void long_sentences_are_cut(void **state)
{
    (void)state;
    char path[2 * FAILURE_MAX_BYTES];
    memset(path, 'p', sizeof path);
    path[sizeof path - 1] = '\0';
    // Every place for the cut: in the sentence, in the colon, in the reason, nowhere.
    for (size_t len = FAILURE_MAX_BYTES - 40; len < FAILURE_MAX_BYTES + 10; len++) {
        struct failure why;
        failure_errno(&why, ENOENT, "%.*s", (int)len, path);
        size_t whole = len + strlen(": no such file or directory");
        size_t cut = whole < sizeof why.text ? whole : sizeof why.text - 1;
        assert_int_equal(strlen(why.text), cut);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_failure_is_false_and_says_why),
        cmocka_unit_test(the_systems_reason_follows),
        cmocka_unit_test(long_sentences_are_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
