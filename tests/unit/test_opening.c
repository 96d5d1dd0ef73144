// The first bytes of a stream: each row is read whole, and before its last byte it must not be told
// yet; what comes behind changes nothing.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/bytes.h"
#include "protocol/opening.h"

#include <string.h>

#define BYTES(literal) literal, sizeof(literal) - 1

struct row {
    const char *name;
    const char *input;
    size_t input_len;
    enum opening told; // by its last byte, unless it is OPENING_MORE
};

static const struct row rows[] = {
    {"nothing", BYTES(""), OPENING_MORE},
    {"a brace", BYTES("{"), OPENING_MORE},
    {"a key", BYTES("{\""), OPENING_JSON},
    {"the empty object", BYTES("{}"), OPENING_JSON},
    {"a space behind the brace", BYTES("{ \""), OPENING_JSON},
    {"a space in the empty object", BYTES("{ }"), OPENING_JSON},
    {"spaces behind the brace", BYTES("{   \""), OPENING_JSON},
    {"a tab behind the brace", BYTES("{\t\""), OPENING_JSON},
    {"a CR behind the brace", BYTES("{\r\""), OPENING_JSON},
    {"a space before the brace", BYTES(" {\""), OPENING_JSON},
    {"spaces before the brace", BYTES("   {\""), OPENING_JSON},
    {"a tab before the brace", BYTES("\t{\""), OPENING_JSON},
    {"an empty line before", BYTES("\n{\""), OPENING_JSON},
    {"empty lines before", BYTES("\n\n\n{\""), OPENING_JSON},
    {"CRLF before", BYTES("\r\n\r\n{\""), OPENING_JSON},
    {"a line of blanks before", BYTES(" \t\r\n \t{ \t\""), OPENING_JSON},
    {"what protobuf could be too", BYTES(" \n\n{\""), OPENING_JSON},
    {"a byte order mark", BYTES("\xef\xbb\xbf{\""), OPENING_JSON},
    {"a byte order mark and blanks", BYTES("\xef\xbb\xbf \n{ \""), OPENING_JSON},
    {"half a byte order mark", BYTES("\xef\xbb"), OPENING_MORE},
    {"an object over several lines", BYTES("{\n  \""), OPENING_JSON},
    {"the same with a tab", BYTES("{\n\t\""), OPENING_JSON},
    {"the same that is empty", BYTES("{\n}"), OPENING_JSON},
    {"blanks only", BYTES(" \n \n "), OPENING_MORE},

    {"a length", BYTES("\x05"), OPENING_MORE},
    {"half a length", BYTES("\x85"), OPENING_MORE},
    {"a message without bytes", BYTES("\0"), OPENING_PROTO},
    {"an argument", BYTES("\x05\x0a\x03"), OPENING_PROTO},
    {"an argument of no bytes", BYTES("\x05\x0a\0"), OPENING_PROTO},
    {"a long argument", BYTES("\x85\x02\x0a\x82\x02"), OPENING_PROTO},
    {"half the length of a long argument", BYTES("\x85\x02\x0a\x82"), OPENING_MORE},
    {"an input", BYTES("\x05\x12\x03"), OPENING_PROTO},
    {"an id", BYTES("\x02\x18"), OPENING_PROTO},
    {"a cancel", BYTES("\x02\x20\x01"), OPENING_PROTO},
    {"no cancel", BYTES("\x02\x20\0"), OPENING_PROTO},
    {"a verbosity", BYTES("\x02\x28"), OPENING_PROTO},
    {"a sandbox", BYTES("\x05\x32\x03"), OPENING_PROTO},
    {"a padded length", BYTES("\x85\x80\x80\x80\0\x0a\x03"), OPENING_PROTO},
    {"123 bytes that begin with an argument", BYTES("{\x0a\x0b"), OPENING_PROTO},
    {"123 bytes that begin with 34", BYTES("{\x0a\""), OPENING_PROTO},
    {"123 bytes that begin with 32", BYTES("{\x0a -"), OPENING_PROTO},
    {"123 bytes that begin with 10", BYTES("{\x0a\x0a-"), OPENING_PROTO},
    {"123 bytes that begin with a cancel", BYTES("{ \x01"), OPENING_PROTO},
    {"32 bytes that begin with a cancel", BYTES("  \x01"), OPENING_PROTO},
    {"32 bytes that begin with 10", BYTES(" \x0a\x0al"), OPENING_PROTO},
    {"10 bytes", BYTES("\x0a\x0a\x05"), OPENING_PROTO},
    {"13 bytes that begin with 9", BYTES("\r\x0a\tl"), OPENING_PROTO},
    {"as many bytes as a byte order mark says", BYTES("\xef\xbb\xbf\x01\x0a\x05"), OPENING_PROTO},

    {"a word", BYTES("th"), OPENING_NEITHER},
    {"a word behind blanks", BYTES(" \n t"), OPENING_NEITHER},
    {"an array", BYTES("[1"), OPENING_NEITHER},
    {"a brace in a brace", BYTES("{{"), OPENING_NEITHER},
    {"a key without quotes", BYTES("{a"), OPENING_NEITHER},
    {"a byte order mark and a word", BYTES("\xef\xbb\xbfth"), OPENING_NEITHER},
    {"a length of six bytes", BYTES("\x80\x80\x80\x80\x80"), OPENING_NEITHER},
    {"a length of 33 bits", BYTES("\xff\xff\xff\xff\x1f"), OPENING_NEITHER},
    {"an argument longer than its request", BYTES("\x05\x0a\x04"), OPENING_NEITHER},
    {"an id without its number", BYTES("\x01\x18"), OPENING_NEITHER},
    {"a cancel that is neither true nor false", BYTES("\x05\x20\x02"), OPENING_NEITHER},
    {"a cancel without its value", BYTES("\x01\x20\x01"), OPENING_NEITHER},
    {"a field that no request has", BYTES("\x05\x3a"), OPENING_NEITHER},
    {"an id that is a text", BYTES("\x05\x1a"), OPENING_NEITHER},
};

static void check(const struct row *row)
{
    struct bytes longer = {0};
    bytes_append(&longer, row->input, row->input_len);
    for (size_t len = 0; len < row->input_len; len++) {
        // Only the whole row tells: byte by byte comes the same as at once.
        enum opening told = opening_read(bytes_text(&longer), len);
        if (told != OPENING_MORE) {
            fail_msg("%s: told %d by %zu bytes", row->name, (int)told, len);
        }
    }
    enum opening told = opening_read(bytes_text(&longer), longer.len);
    if (told != row->told) {
        fail_msg("%s: told %d", row->name, (int)told);
    }
    bytes_append_text(&longer, "\x18\" }{0123456789");
    told = opening_read(bytes_text(&longer), longer.len);
    if (row->told != OPENING_MORE && told != row->told) {
        fail_msg("%s: told %d in the end", row->name, (int)told);
    }
    bytes_finish(&longer);
}

static void first_bytes_tell(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        check(&rows[i]);
    }
}

static void blanks_have_an_end(void **state)
{
    (void)state;
    char blanks[OPENING_MAX_BYTES];
    memset(blanks, ' ', sizeof blanks);
    assert_int_equal(opening_read(blanks, sizeof blanks - 1), OPENING_MORE);
    assert_int_equal(opening_read(blanks, sizeof blanks), OPENING_NEITHER);
}

static void a_mark_is_three_bytes(void **state)
{
    (void)state;
    assert_int_equal(opening_mark_bytes(BYTES("\xef\xbb\xbf{}")), 3);
    assert_int_equal(opening_mark_bytes(BYTES("\xef\xbb")), 0);
    assert_int_equal(opening_mark_bytes(BYTES("{}")), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(first_bytes_tell),
        cmocka_unit_test(blanks_have_an_end),
        cmocka_unit_test(a_mark_is_three_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
