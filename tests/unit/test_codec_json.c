// JSON lines to requests, responses to JSON lines.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "protocol/codec_json.h"
#include "protocol/wire.h"
#include "request_text.h"

#define BYTES(literal) literal, sizeof(literal) - 1
#define NOTHING " verbosity=0 sandbox='' arguments= inputs="

struct decode_row {
    const char *name;
    const char *line;
    size_t len;
    const char *expected; // as append_decoded() writes it; a blank at the end: and more
};

static const struct decode_row decode_rows[] = {
    {"defaults", BYTES("{}"), "id=0" NOTHING},
    {"every field",
     BYTES(
         "{\"arguments\":[\"--a\",\"\",\"b c\"],\"inputs\":[{\"path\":\"x/y\",\"digest\":\"aGk=\"},"
         "{\"path\":\"z\"},{}],\"requestId\":7,\"cancel\":false,\"verbosity\":10,"
         "\"sandboxDir\":\"__sandbox/1/_main\"}"),
     "id=7 verbosity=10 sandbox='__sandbox/1/_main' arguments=[--a][][b c] "
     "inputs=[x/y#aGk=][z#][#]"},
    {"cancel", BYTES("{\"requestId\":1,\"cancel\":true,\"sandboxDir\":\"s\"}"),
     "id=1 cancel verbosity=0 sandbox='s' arguments= inputs="},
    {"blanks", BYTES(" { \"requestId\" :\t2 } \r"), "id=2" NOTHING},
    {"null is absent",
     BYTES("{\"arguments\":null,\"inputs\":null,\"requestId\":null,\"cancel\":null,"
           "\"verbosity\":null,\"sandboxDir\":null}"),
     "id=0" NOTHING},
    {"unknown keys", BYTES("{\"new\":{\"requestId\":3},\"REQUESTID\":4,\"request_id\":5}"),
     "id=0" NOTHING},
    {"of two equal keys the first",
     BYTES("{\"requestId\":3,\"arguments\":[\"a\"],\"requestId\":4,\"arguments\":[\"b\"]}"),
     "id=3 verbosity=0 sandbox='' arguments=[a] inputs="},
    {"unknown keys of any shape, keys with escapes",
     BYTES("{\"x\":[[],{\"requestId\":9,\"arguments\":[1]},\"]\",-1.5e3,null,true],"
           "\"requestI\\u0064\":3,\"y\":\"{\"}"),
     "id=3" NOTHING},
    {"unknown keys of inputs, null in them",
     BYTES("{\"inputs\":[{\"size\":[1],\"digest\":\"d\",\"path\":\"p\"},"
           "{\"path\":null,\"digest\":null}]}"),
     "id=0 verbosity=0 sandbox='' arguments= inputs=[p#d][#]"},
    {"an id behind what is wrong", BYTES("{\"cancel\":[{}],\"requestId\":3}"),
     "bad 3: the request's cancel is neither true nor false"},
    {"the smallest id", BYTES("{\"requestId\":-2147483648}"), "id=-2147483648" NOTHING},
    {"the largest id", BYTES("{\"requestId\":2147483647}"), "id=2147483647" NOTHING},
    {"escapes",
     BYTES("{\"arguments\":[\"a\\u003db\",\"\\\"\\\\\\/\\b\\f\\n\\r\\t\",\"\\\\u0000\"]}"),
     "id=0 verbosity=0 sandbox='' arguments=[a=b][\"\\/\b\f\n\r\t][\\u0000] inputs="},
    {"escapes past ASCII", BYTES("{\"arguments\":[\"\\u00e9\\u20AC\\uFFFD\",\"\\ud83e\\udd80\"]}"),
     "id=0 verbosity=0 sandbox='' arguments=[\xc3\xa9\xe2\x82\xac\xef\xbf\xbd][\xf0\x9f\xa6\x80] "
     "inputs="},
    {"bytes that are not UTF-8 stay", BYTES("{\"arguments\":[\"a\xff\xc3\"]}"),
     "id=0 verbosity=0 sandbox='' arguments=[a\xff\xc3] inputs="},

    {"an argument that is a number", BYTES("{\"requestId\":3,\"arguments\":[\"a\",1]}"),
     "bad 3: argument 2 of the request is not a string"},
    {"an argument that is null", BYTES("{\"requestId\":3,\"arguments\":[null]}"),
     "bad 3: argument 1 of the request is not a string"},
    {"arguments that are no list", BYTES("{\"requestId\":3,\"arguments\":\"a\"}"),
     "bad 3: the request's arguments is not a list"},
    {"inputs that are no list", BYTES("{\"inputs\":{},\"requestId\":3}"),
     "bad 3: the request's inputs is not a list"},
    {"an input that is a string", BYTES("{\"requestId\":3,\"inputs\":[{},\"a\"]}"),
     "bad 3: input 2 of the request is not an object"},
    {"a path that is a list", BYTES("{\"requestId\":3,\"inputs\":[{\"path\":[]}]}"),
     "bad 3: the path or digest of input 1 is not a string"},
    {"a digest that is a number", BYTES("{\"requestId\":3,\"inputs\":[{\"digest\":1}]}"),
     "bad 3: the path or digest of input 1 is not a string"},
    {"cancel by number", BYTES("{\"requestId\":3,\"cancel\":1}"),
     "bad 3: the request's cancel is neither true nor false"},
    {"half a verbosity", BYTES("{\"requestId\":3,\"verbosity\":1.5}"),
     "bad 3: the request's verbosity is not a whole number of 32 bits"},
    {"a sandbox that is true", BYTES("{\"requestId\":3,\"sandboxDir\":true}"),
     "bad 3: the request's sandboxDir is not a string"},
    {"NUL in an argument", BYTES("{\"requestId\":3,\"arguments\":[\"a\\u0000b\"]}"),
     "bad 3: the request has a NUL (\\u0000) inside a string, which no argument and no path can "
     "hold"},
    {"NUL in a path, no id", BYTES("{\"inputs\":[{\"path\":\"\\\\\\u0000\"}]}"),
     "bad 0: the request has a NUL (\\u0000) inside a string, which no argument and no path can "
     "hold"},

    {"broken after the id", BYTES("{\"requestId\":3,\"arguments\":[\"a\"}"),
     "bad 3: the request is not a JSON object: see byte "},
    {"broken before the id", BYTES("{\"arguments\":[,],\"requestId\" : -3 }"),
     "bad -3: the request is not a JSON object: see byte "},
    {"cut behind the id", BYTES("{\"requestId\":3,"),
     "bad 3: the request is not a JSON object: see byte 16 of its line"},
    {"the id itself cut", BYTES("{\"requestId\":3"),
     "broken: the request is not a JSON object: see byte 15 of its line"},
    {"an id as a value", BYTES("[\"requestId\",{\"requestId\":4}"),
     "bad 4: the request is not a JSON object: see byte "},
    {"an id inside a string", BYTES("{\"arguments\":[\"\\\"requestId\\\":5,\"}"),
     "broken: the request is not a JSON object: see byte "},
    {"\\u without digits", BYTES("{\"requestId\":3,\"arguments\":[\"\\uZZZZ\"]}"),
     "bad 3: the request is not a JSON object: see byte 30 of its line"},
    {"\\u that is too short", BYTES("{\"requestId\":3,\"a\":\"\\u00\"}"),
     "bad 3: the request is not a JSON object: see byte 21 of its line"},
    {"half a surrogate pair", BYTES("{\"requestId\":3,\"arguments\":[\"\\ud83e\"]}"),
     "bad 3: the request is not a JSON object: see byte "},
    {"a raw NUL", BYTES("{\"requestId\":3,\"arguments\":[\"a\0b\"]}"),
     "bad 3: the request is not a JSON object: see byte 31 of its line"},
    {"two objects", BYTES("{\"requestId\":3}{}"),
     "bad 3: the request is not a JSON object: see byte "},
    {"a list", BYTES("[]"), "broken: the request is not a JSON object: see byte 1 of its line"},
    {"no JSON", BYTES("hello"), "broken: the request is not a JSON object: see byte 1 of its line"},
    {"no bytes", BYTES(""), "broken: the request is not a JSON object: see byte 1 of its line"},
    {"an id that is text", BYTES("{\"requestId\":\"3\"}"),
     "broken: the request's requestId is not a whole number of 32 bits"},
    {"an id that is too large", BYTES("{\"requestId\":2147483648}"),
     "broken: the request's requestId is not a whole number of 32 bits"},
    {"an unparsed id that is too large", BYTES("{\"requestId\":99999999999999999999999,}"),
     "broken: the request is not a JSON object: see byte "},
    {"half an id", BYTES("{\"requestId\":0.5}"),
     "broken: the request's requestId is not a whole number of 32 bits"},
    {"an endless id", BYTES("{\"requestId\":1e999}"),
     "broken: the request's requestId is not a whole number of 32 bits"},
};

static bool matches(const char *text, const char *expected)
{
    size_t len = strlen(expected);
    bool open = len > 0 && expected[len - 1] == ' ';
    return open ? strncmp(text, expected, len) == 0 : strcmp(text, expected) == 0;
}

static void line_is_decoded(const struct decode_row *row)
{
    struct bytes got = {0};
    append_decoded(&got, &codec_json, row->line, row->len);
    if (!matches(bytes_text(&got), row->expected)) {
        fail_msg("%s: %s", row->name, bytes_text(&got));
    }
    bytes_finish(&got);
}

static void lines_are_decoded(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof decode_rows / sizeof decode_rows[0]; i++) {
        line_is_decoded(&decode_rows[i]);
    }
}

static void any_cut_line_is_refused(void **state)
{
    (void)state;
    const struct decode_row *whole = &decode_rows[1];
    for (size_t len = 0; len < whole->len; len++) {
        struct bytes got = {0};
        append_decoded(&got, &codec_json, whole->line, len);
        assert_true(strncmp(got.data, "bad 7: ", 7) == 0 || strncmp(got.data, "broken: ", 8) == 0);
        bytes_finish(&got);
    }
}

static void counts_are_capped(void **state)
{
    (void)state;
    struct bytes line = {0};
    struct bytes got = {0};
    bytes_append_text(&line, "{\"requestId\":3,\"inputs\":[0");
    for (int i = 0; i < INPUTS_MAX; i++) {
        bytes_append_text(&line, ",0");
    }
    bytes_append_text(&line, "]}");
    append_decoded(&got, &codec_json, line.data, line.len);
    assert_string_equal(got.data, "bad 3: the request has 1048577 inputs, the limit is 1048576");
    bytes_finish(&line);
    bytes_finish(&got);
}

struct encode_row {
    const char *name;
    struct work_response response;
    const char *expected;
};

static const struct encode_row encode_rows[] = {
    {"zero", {0}, "{\"exitCode\":0,\"output\":\"\",\"requestId\":0}\n"},
    {"cancelled",
     {.request_id = 4, .was_cancelled = true},
     "{\"exitCode\":0,\"output\":\"\",\"requestId\":4,\"wasCancelled\":true}\n"},
    {"negative",
     {.exit_code = -1, .request_id = INT32_MIN},
     "{\"exitCode\":-1,\"output\":\"\",\"requestId\":-2147483648}\n"},
    {"quoting",
     {1, BYTES("a\"b\\c\n\r\t/\x7f"), 2, false},
     "{\"exitCode\":1,\"output\":\"a\\\"b\\\\c\\n\\u000d\\u0009/\x7f\",\"requestId\":2}\n"},
    {"A10: colours arrive",
     {1, BYTES("\x1b[1m\x1b[33mwarning\x1b[0m"), 2, false},
     "{\"exitCode\":1,\"output\":\"\\u001b[1m\\u001b[33mwarning\\u001b[0m\",\"requestId\":2}\n"},
    {"A8: bytes that are not UTF-8",
     {1, BYTES("caf\xe9 \xc3\xa9 a\0b"), 2, false},
     "{\"exitCode\":1,\"output\":\"caf\xef\xbf\xbd \xc3\xa9 a\xef\xbf\xbd"
     "b\",\"requestId\":2}\n"},
};

static void response_is_encoded(const struct encode_row *row)
{
    struct bytes out = {0};
    bytes_append_text(&out, "before ");
    codec_json.encode(&row->response, &out);
    if (strcmp(out.data + strlen("before "), row->expected) != 0) {
        fail_msg("%s: %s", row->name, out.data);
    }
    bytes_finish(&out);
}

static void responses_are_encoded(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof encode_rows / sizeof encode_rows[0]; i++) {
        response_is_encoded(&encode_rows[i]);
    }
}

static void the_wire_picks_the_codec(void **state)
{
    (void)state;
    assert_ptr_equal(codec_for(WIRE_JSON), &codec_json);
    assert_ptr_not_equal(codec_for(WIRE_PROTO), &codec_json);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_are_decoded),        cmocka_unit_test(any_cut_line_is_refused),
        cmocka_unit_test(counts_are_capped),        cmocka_unit_test(responses_are_encoded),
        cmocka_unit_test(the_wire_picks_the_codec),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
