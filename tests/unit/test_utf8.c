// Bytes made valid UTF-8: the rows are Unicode's own examples (chapter 3, tables 3-8 to 3-11) and
// the edges of each range.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/bytes.h"
#include "base/utf8.h"

#include <stdlib.h>
#include <string.h>

#define BYTES(literal) literal, sizeof(literal) - 1
#define R "\xef\xbf\xbd"

struct row {
    const char *name;
    const char *text;
    size_t len;
    const char *expected;
};

static const struct row rows[] = {
    {"nothing", BYTES(""), ""},
    {"ASCII with control characters", BYTES("a\x01\x1b[1m\n\t\x7f"), "a\x01\x1b[1m\n\t\x7f"},
    {"NUL", BYTES("a\0\0b"), "a" R R "b"},
    {"first and last of two bytes", BYTES("\xc2\x80\xdf\xbf"), "\xc2\x80\xdf\xbf"},
    {"first and last of three bytes", BYTES("\xe0\xa0\x80\xef\xbf\xbf"),
     "\xe0\xa0\x80\xef\xbf\xbf"},
    {"around the surrogates", BYTES("\xed\x9f\xbf\xee\x80\x80"), "\xed\x9f\xbf\xee\x80\x80"},
    {"first and last of four bytes", BYTES("\xf0\x90\x80\x80\xf4\x8f\xbf\xbf"),
     "\xf0\x90\x80\x80\xf4\x8f\xbf\xbf"},
    {"overlong forms", BYTES("\xc0\xaf\xe0\x80\xbf\xf0\x81\x82\x41"), R R R R R R R R "A"},
    {"surrogates", BYTES("\xed\xa0\x80\xed\xbf\xbf\xed\xaf\x41"), R R R R R R R R "A"},
    {"past the last character", BYTES("\xf4\x91\x92\x93\xff\x41\x80\xbf\x42"),
     R R R R R "A" R R "B"},
    {"cut sequences", BYTES("\xe1\x80\xe2\xf0\x91\x92\xf1\xbf\x41"), R R R R "A"},
    {"cut at the end", BYTES("a\xf0\x9f\xa6"), "a" R},
    {"a lead at the end", BYTES("a\xc3"), "a" R},
    {"leads that never are", BYTES("\xc1\x80\xf5\x80\xfe"), R R R R R},
    {"continuations alone", BYTES("\x80\xbf"), R R},
    {"NUL in a sequence", BYTES("\xc3\0\xe2\x82\0"), R R R R},
    {"good between bad", BYTES("\xff\xe2\x82\xac\xff"), R "\xe2\x82\xac" R},
};

static void row_becomes_valid(const struct row *row)
{
    struct bytes out = {0};
    char *exact = malloc(row->len == 0 ? 1 : row->len); // a read past it is an error
    memcpy(exact, row->text, row->len);
    utf8_append_valid(&out, exact, row->len);
    if (strcmp(bytes_text(&out), row->expected) != 0) {
        fail_msg("%s: %s", row->name, bytes_text(&out));
    }
    free(exact);
    bytes_finish(&out);
}

static void text_becomes_valid(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        row_becomes_valid(&rows[i]);
    }
}

static void it_appends(void **state)
{
    (void)state;
    struct bytes out = {0};
    utf8_append_valid(&out, NULL, 0);
    assert_int_equal(out.len, 0);
    utf8_append_valid(&out, "a", 1);
    utf8_append_valid(&out, "b", 1);
    assert_string_equal(out.data, "ab");
    bytes_finish(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_becomes_valid),
        cmocka_unit_test(it_appends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
