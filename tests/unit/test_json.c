// Text written as JSON.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/json.h"
#include "base/json_reader.h"
#include "words.h"

#include <string.h>

#define BYTES(literal) literal, sizeof(literal) - 1

// Every byte that UTF-8 text may hold comes back through a parser.
static void strings_come_back(void **state)
{
    (void)state;
    char text[0x80 + 3];
    struct bytes json = {0};
    for (size_t i = 0; i < 0x7f; i++) {
        text[i] = (char)(i + 1);
    }
    memcpy(text + 0x7f, "\xc3\xa9", 3);
    json_append_string(&json, text, strlen(text));
    assert_null(strchr(json.data, '\n'));
    struct json_reader reader;
    const char *got = NULL;
    size_t len = 0;
    json_reader_init(&reader, json.data, json.len);
    assert_true(json_reader_text(&reader, &got, &len));
    assert_true(json_reader_end(&reader));
    assert_int_equal(len, strlen(text));
    assert_string_equal(got, text);
    bytes_finish(&json);
}

static void strings_are_quoted(void **state)
{
    (void)state;
    struct bytes json = {0};
    json_append_string(&json, "", 0);
    json_append_string(&json, BYTES("a\"b\\c\n\t\x1b[0m"));
    assert_text("quoted", &json, "\"\"\"a\\\"b\\\\c\\n\\u0009\\u001b[0m\"");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(strings_come_back),
        cmocka_unit_test(strings_are_quoted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
