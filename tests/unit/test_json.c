// JSON objects, read strictly.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/json.h"
#include "words.h"

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdlib.h>

#define BYTES(literal) literal, sizeof(literal) - 1

struct parse_row {
    const char *text;
    size_t len;
    int mistake; // its offset, -1 for a good object, -2 where it depends on cJSON's version
};

static const struct parse_row parse_rows[] = {
    {BYTES("{}"), -1},
    {BYTES("{\"a\":[1,{\"b\":null}]}"), -1},
    {BYTES("{\"a\":1} \t\r\n"), -1},
    {BYTES(" {}"), -1},
    {BYTES("{\"a\":\"\\u001b\\uABcd\\\\u\\n\"}"), -1},
    {BYTES("{\"a\":\"\\u0000\"}"), -1},
    {BYTES("{\"a\":\"\xff\x80\"}"), -1},

    {BYTES(""), 0},
    {BYTES("  "), 0},
    {BYTES("{"), 1},
    {BYTES("{\"a\":1,"), 7},
    {BYTES("{\"a\":"), 5},
    {BYTES("[]"), 2},
    {BYTES("1"), 1},
    {BYTES("text"), 4},
    {BYTES("{} x"), 4},
    {BYTES("{}{}"), 2},
    {BYTES("{} {}"), -2},
    {BYTES("}"), -2},
    {BYTES("[{}"), -2},
    {BYTES("{a:1}"), -2},
    {BYTES("{\"a\":1,}"), -2},
    {BYTES("{\"a\":\"\\uZZZZ\"}"), 6},
    {BYTES("{\"a\":\"\\u12\"}"), 6},
    {BYTES("{\"a\":\"\\\\\\u12g4\"}"), 8},
    {BYTES("{\"a\":\"\\u}"), 6},
    {BYTES("{\"a\":\"\\x\"}"), -2},
    {BYTES("{\"a\":\"\0\"}"), 6},
    {BYTES("{\"a\":1}\0}"), 7},
};

static void row_holds(const struct parse_row *row)
{
    char *exact = malloc(row->len == 0 ? 1 : row->len);
    memcpy(exact, row->text, row->len);
    size_t mistake = 4711;
    cJSON *object = json_parse_object(exact, row->len, &mistake);
    bool good = row->mistake == -1;
    bool placed = good ? mistake == 4711 : row->mistake == -2 || (int)mistake == row->mistake;
    if ((object != NULL) != good || !placed || (!good && mistake > row->len)) {
        fail_msg("%s: %s at %zu", row->text, object == NULL ? "refused" : "read", mistake);
    }
    cJSON_Delete(object);
    free(exact);
}

static void only_whole_objects_are_read(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(parse_rows); i++) {
        row_holds(&parse_rows[i]);
    }
}

static void any_cut_object_is_refused(void **state)
{
    (void)state;
    static const char whole[] = "{\"a\":[1,{\"b\":\"\\u0041}\"}],\"c\":{}}";
    for (size_t len = 0; len < sizeof whole - 1; len++) {
        row_holds(&(struct parse_row){whole, len, -2});
    }
}

struct nul_row {
    const char *text;
    int offset; // of the \u0000, -1 for none
};

static const struct nul_row nul_rows[] = {
    {"", -1},
    {"{}", -1},
    {"{\"a\":\"\\u0000\"}", 6},
    {"{\"a\":\"\\\\u0000\"}", -1},
    {"{\"a\":\"\\\\\\u0000\"}", 8},
    {"{\"a\":\"\\u0001\\u0000\\u0000\"}", 12},
    {"{\"a\":\"\\u00000\"}", 6},
    {"{\"a\":\"\\u000a\"}", -1},
    {"{\"a\":\"u0000\"}", -1},
    {"\\u000", -1},
    {"\\", -1},
};

static void escaped_nuls_are_found(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(nul_rows); i++) {
        const char *text = nul_rows[i].text;
        const char *nul = json_find_nul(text, strlen(text));
        int offset = nul == NULL ? -1 : (int)(nul - text);
        assert_int_equal(offset, nul_rows[i].offset);
    }
}

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
    bytes_append_text(&json, "{\"a\":");
    json_append_string(&json, text, strlen(text));
    bytes_append_text(&json, "}");
    size_t mistake = 0;
    cJSON *object = json_parse_object(json.data, json.len, &mistake);
    assert_non_null(object);
    assert_string_equal(cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, "a")), text);
    assert_null(strchr(json.data, '\n'));
    cJSON_Delete(object);
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
        cmocka_unit_test(only_whole_objects_are_read), cmocka_unit_test(any_cut_object_is_refused),
        cmocka_unit_test(escaped_nuls_are_found),      cmocka_unit_test(strings_come_back),
        cmocka_unit_test(strings_are_quoted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
