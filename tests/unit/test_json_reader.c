// JSON values, read one by one and strictly.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/json_reader.h"
#include "base/mem.h"
#include "words.h"

#include <stdlib.h>
#include <string.h>

#define BYTES(literal) literal, sizeof(literal) - 1

// A value as the calls tell it.
static void append_value(struct bytes *told, struct json_reader *reader)
{
    const char *text = NULL;
    size_t len = 0;
    double number = 0;
    switch (json_reader_kind(reader)) {
    case JSON_OBJECT:
        bytes_append_text(told, json_reader_begin(reader, JSON_OBJECT) ? "{" : "!");
        while (json_reader_member(reader, &text)) {
            bytes_append_format(told, "%s:", text);
            append_value(told, reader);
        }
        bytes_append_text(told, "}");
        break;
    case JSON_LIST:
        bytes_append_text(told, json_reader_begin(reader, JSON_LIST) ? "[" : "!");
        while (json_reader_item(reader)) {
            append_value(told, reader);
            bytes_append_text(told, ";");
        }
        bytes_append_text(told, "]");
        break;
    case JSON_TEXT:
        if (json_reader_text(reader, &text, &len)) {
            assert_int_equal(text[len], '\0');
            bytes_append(told, text, len);
        }
        break;
    case JSON_NUMBER:
        if (json_reader_number(reader, &number)) {
            bytes_append_format(told, "%.17g", number);
        }
        break;
    case JSON_TRUE:
    case JSON_FALSE:
    case JSON_NULL:
    case JSON_NOTHING:
        bytes_append_text(told, json_reader_skip(reader) ? "word" : "!");
    }
}

struct row {
    const char *text;
    size_t len;
    int mistake;      // its offset, -1 for good JSON
    const char *told; // of good JSON
};

static const struct row rows[] = {
    {BYTES("{}"), -1, "{}"},
    {BYTES("[]"), -1, "[]"},
    {BYTES("1"), -1, "1"},
    {BYTES(" { } \t\r\n"), -1, "{}"},
    {BYTES("{\"a\":[1,{\"b\":null}],\"c\":\"d\"}"), -1, "{a:[1;{b:word};]c:d}"},
    {BYTES("[ [ ] , { } , [ [ 1 ] ] ]"), -1, "[[];{};[[1;];];]"},
    {BYTES("[true,false,null]"), -1, "[word;word;word;]"},
    {BYTES("[0,-0,10,-1.5,1e3,1E+2,12e-1]"), -1, "[0;-0;10;-1.5;1000;100;1.2;]"},
    {BYTES("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\""), -1, "\"\\/\b\f\n\r\t"},
    {BYTES("\"a\\u003db\\u00e9\\u20AC\\ud83e\\udd80c\""), -1,
     "a=b\xc3\xa9\xe2\x82\xac\xf0\x9f\xa6\x80"
     "c"},
    {BYTES("{\"\\u0061\":\"\\u0000\"}"), -1, "{a:\xef\xbf\xbd}"},
    {BYTES("\"\xff\x80\t\""), -1, "\xff\x80\t"},

    {BYTES(""), 0, NULL},
    {BYTES("  "), 2, NULL},
    {BYTES("{"), 1, NULL},
    {BYTES("{\"a\":1,"), 7, NULL},
    {BYTES("{\"a\":"), 5, NULL},
    {BYTES("{\"a\""), 4, NULL},
    {BYTES("text"), 0, NULL},
    {BYTES("tru"), 0, NULL},
    {BYTES("{} x"), 3, NULL},
    {BYTES("{}{}"), 2, NULL},
    {BYTES("}"), 0, NULL},
    {BYTES("[{}"), 3, NULL},
    {BYTES("[1}"), 2, NULL},
    {BYTES("{a:1}"), 1, NULL},
    {BYTES("{1:1}"), 1, NULL},
    {BYTES("{\"a\":1,}"), 7, NULL},
    {BYTES("{,}"), 1, NULL},
    {BYTES("[,1]"), 1, NULL},
    {BYTES("[1,]"), 3, NULL},
    {BYTES("[1 2]"), 3, NULL},
    {BYTES("-"), 0, NULL},
    {BYTES("01"), 1, NULL},
    {BYTES("1."), 0, NULL},
    {BYTES("1e"), 0, NULL},
    {BYTES("+1"), 0, NULL},
    {BYTES("0x1"), 1, NULL},
    {BYTES("\"abc"), 4, NULL},
    {BYTES("\"\\"), 1, NULL},
    {BYTES("\"\\x\""), 1, NULL},
    {BYTES("\"\\uZZZZ\""), 1, NULL},
    {BYTES("\"\\u12\""), 1, NULL},
    {BYTES("\"\\\\\\u12g4\""), 3, NULL},
    {BYTES("\"\\ud83e\""), 1, NULL},
    {BYTES("\"\\ud83e\\u0041\""), 1, NULL},
    {BYTES("\"\\udd80\""), 1, NULL},
    {BYTES("\"a\0b\""), 2, NULL},
    {BYTES("[1\0]"), 2, NULL},
    {BYTES("{\"a\":1}\0}"), 7, NULL},
};

// Copies the text to memory of just its size, so that sanitizers see what is read behind it.
static void start(struct json_reader *reader, const struct row *row, char **ret_copy)
{
    *ret_copy = mem_dup_len(row->text, row->len);
    json_reader_init(reader, *ret_copy, row->len);
}

static void check_mistake(const struct row *row, const struct json_reader *reader, const char *copy)
{
    int mistake = reader->mistake == NULL ? -1 : (int)(reader->mistake - copy);
    if (mistake != row->mistake) {
        fail_msg("%s: the mistake is at %d", row->text, mistake);
    }
}

static void row_is_read(const struct row *row)
{
    struct json_reader reader;
    struct bytes told = {0};
    char *copy = NULL;
    start(&reader, row, &copy);
    append_value(&told, &reader);
    assert_int_equal(json_reader_end(&reader), row->mistake == -1);
    check_mistake(row, &reader, copy);
    if (row->told != NULL) {
        assert_text(row->text, &told, row->told);
    } else {
        bytes_finish(&told);
    }
    free(copy);
}

static void row_is_skipped(const struct row *row)
{
    struct json_reader reader;
    char *copy = NULL;
    start(&reader, row, &copy);
    json_reader_skip(&reader);
    json_reader_end(&reader);
    check_mistake(row, &reader, copy);
    free(copy);
}

static void values_are_read_and_skipped(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        row_is_read(&rows[i]);
        row_is_skipped(&rows[i]);
    }
}

static void any_cut_value_is_refused(void **state)
{
    (void)state;
    static const char whole[] = "{\"a\":[1,{\"b\":\"\\u0041}\"}],\"c\":{}}";
    for (size_t len = 0; len < sizeof whole - 1; len++) {
        struct json_reader reader;
        char *copy = mem_dup_len(whole, len);
        json_reader_init(&reader, copy, len);
        json_reader_skip(&reader);
        assert_false(json_reader_end(&reader));
        free(copy);
    }
}

static void a_nul_is_noted(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool has_nul;
    } texts[] = {{"\"\\u0000\"", true},
                 {"\"\\\\u0000\"", false},
                 {"\"\\\\\\u0000\"", true},
                 {"[\"\\u0001\",{\"\\u0000\":1}]", true},
                 {"\"\\u000a\"", false}};
    for (size_t i = 0; i < COUNT(texts); i++) {
        struct json_reader reader;
        char *copy = mem_dup(texts[i].text);
        json_reader_init(&reader, copy, strlen(copy));
        assert_true(json_reader_skip(&reader));
        assert_int_equal(reader.has_nul, texts[i].has_nul);
        free(copy);
    }
}

static void depth_is_capped(void **state)
{
    (void)state;
    for (size_t depth = JSON_DEPTH_MAX; depth <= JSON_DEPTH_MAX + 1; depth++) {
        struct json_reader reader;
        char *text = mem_zalloc(2 * depth + 1);
        memset(text, '[', depth);
        memset(text + depth, ']', depth);
        json_reader_init(&reader, text, 2 * depth);
        assert_int_equal(json_reader_skip(&reader), depth == JSON_DEPTH_MAX);
        free(text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_are_read_and_skipped),
        cmocka_unit_test(any_cut_value_is_refused),
        cmocka_unit_test(a_nul_is_noted),
        cmocka_unit_test(depth_is_capped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
