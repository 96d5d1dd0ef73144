// Protobuf messages to requests, responses to messages. Bytes are written out by hand, so that the
// field numbers and types are checked against Bazel's and not against our own generated code.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <sys/resource.h>

#include "protocol/codec_proto.h"
#include "protocol/wire.h"
#include "request_text.h"

#define BYTES(literal) literal, sizeof(literal) - 1
#define NOTHING " verbosity=0 sandbox='' arguments= inputs="
#define MINUS_ONE "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"

struct decode_row {
    const char *name;
    const char *frame;
    size_t len;
    const char *expected; // as append_decoded() writes it
};

static const struct decode_row decode_rows[] = {
    {"defaults", BYTES(""), "id=0" NOTHING},
    {"every field",
     BYTES("\x0a\x03--a\x0a\x00\x0a\x03"
           "b c"
           "\x12\x09\x0a\x03x/y\x12\x02hi\x12\x03\x0a\x01z\x12\x00"
           "\x18\x07\x20\x00\x28\x0a\x32\x03s/1"),
     "id=7 verbosity=10 sandbox='s/1' arguments=[--a][][b c] inputs=[x/y#hi][z#][#]"},
    {"cancel", BYTES("\x18\x01\x20\x01"), "id=1 cancel" NOTHING},
    {"a negative id", BYTES("\x18" MINUS_ONE), "id=-1" NOTHING},
    {"fields in any order", BYTES("\x32\x01s\x18\x02\x0a\x01z"),
     "id=2 verbosity=0 sandbox='s' arguments=[z] inputs="},
    {"the last value counts", BYTES("\x18\x02\x32\x02no\x32\x01s\x18\x03"),
     "id=3 verbosity=0 sandbox='s' arguments= inputs="},
    {"unknown fields",
     BYTES("\x78\x05\x18\x02\x7a\x02hi\x7d"
           "abcd"),
     "id=2" NOTHING},
    {"bytes that are not UTF-8 stay",
     BYTES("\x0a\x02"
           "a\xff"),
     "id=0 verbosity=0 sandbox='' arguments=[a\xff] inputs="},
    {"a digest with NUL",
     BYTES("\x12\x05\x12\x03"
           "a\0b"),
     "id=0 verbosity=0 sandbox='' arguments= inputs=[#a"},

    {"texts in front of long tags",
     BYTES("\x0a\x01z\x82\x01\x02hi\x12\x08\x0a\x01p\x82\x01\x02hi\x82\x01\x00\x0a\x01y"),
     "id=0 verbosity=0 sandbox='' arguments=[z][y] inputs=[p#]"},
    {"the last path counts",
     BYTES("\x12\x06\x0a\x01"
           "a\x0a\x01"
           "b"),
     "id=0 verbosity=0 sandbox='' arguments= inputs=[b#]"},
    {"an empty text behind a text", BYTES("\x0a\x01z\x0a\x00\x12\x04\x0a\x00\x12\x00"),
     "id=0 verbosity=0 sandbox='' arguments=[z][] inputs=[#]"},
    {"unknown fields of an input", BYTES("\x12\x06\x78\x05\x0a\x02p1"),
     "id=0 verbosity=0 sandbox='' arguments= inputs=[p1#]"},

    {"NUL in an argument",
     BYTES("\x18\x03\x0a\x01z\x0a\x03"
           "a\0b"),
     "bad 3: argument 2 of the request has a NUL inside: 'a'"},
    {"NUL at an argument's end",
     BYTES("\x18\x03\x0a\x02"
           "a\0"),
     "bad 3: argument 1 of the request has a NUL inside: 'a'"},
    {"NUL in a path",
     BYTES("\x18\x03\x12\x05\x0a\x03"
           "a\0b"),
     "bad 3: the path of input 1 has a NUL inside: 'a'"},
    {"NUL in the sandbox",
     BYTES("\x18\x03\x32\x03"
           "a\0b"),
     "bad 3: the sandbox_dir of the request has a NUL inside: 'a'"},

    {"cut in a field",
     BYTES("\x18\x03\x0a\x05"
           "ab"),
     "broken: a frame of 6 bytes is not a WorkRequest in protobuf"},
    {"cut in an input", BYTES("\x12\x02\x0a\x05"),
     "broken: a frame of 4 bytes is not a WorkRequest in protobuf"},
    {"an argument beyond its message", BYTES("\x0a\xff\xff\xff\xff\x0fz"),
     "broken: a frame of 7 bytes is not a WorkRequest in protobuf"},
    {"a number without an end", BYTES("\x18\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"),
     "broken: a frame of 12 bytes is not a WorkRequest in protobuf"},
    {"an argument that is a number", BYTES("\x08\x01"),
     "broken: a frame of 2 bytes is not a WorkRequest in protobuf"},
    {"an id that is text",
     BYTES("\x1a\x01"
           "a"),
     "broken: a frame of 3 bytes is not a WorkRequest in protobuf"},
    {"a number of more than 64 bits", BYTES("\x20\x80\x80\x80\x80\x80\x80\x80\x80\x80\x02"),
     "broken: a frame of 11 bytes is not a WorkRequest in protobuf"},
    {"a group", BYTES("\x0b\x0c"), "broken: a frame of 2 bytes is not a WorkRequest in protobuf"},
    {"field 0", BYTES("\x00\x01"), "broken: a frame of 2 bytes is not a WorkRequest in protobuf"},
    {"no protobuf", BYTES("hello"), "broken: a frame of 5 bytes is not a WorkRequest in protobuf"},
};

static void frame_is_decoded(const struct decode_row *row)
{
    struct bytes got = {0};
    append_decoded(&got, &codec_proto, row->frame, row->len);
    if (strcmp(bytes_text(&got), row->expected) != 0) {
        fail_msg("%s: %s", row->name, bytes_text(&got));
    }
    bytes_finish(&got);
}

static void frames_are_decoded(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof decode_rows / sizeof decode_rows[0]; i++) {
        frame_is_decoded(&decode_rows[i]);
    }
}

// Enough of everything that the lists grow several times.
static void many_small_fields_fit(void **state)
{
    (void)state;
    struct bytes frame = {0};
    struct work_request request;
    struct failure why;
    for (int i = 0; i < 20000; i++) {
        bytes_append(&frame, BYTES("\x0a\x01"
                                   "a\x12\x06\x0a\x01p\x12\x01"
                                   "d"));
    }
    assert_int_equal(codec_proto.decode(frame.data, frame.len, &request, &why), DECODE_OK);
    assert_int_equal(request.argument_count, 20000);
    assert_int_equal(request.input_count, 20000);
    for (size_t i = 0; i < 20000; i++) {
        assert_string_equal(request.arguments[i], "a");
        assert_string_equal(request.inputs[i].path, "p");
        assert_memory_equal(request.inputs[i].digest, "d", request.inputs[i].digest_len);
    }
    work_request_finish(&request);
    bytes_finish(&frame);
}

static void counts_are_capped(void **state)
{
    (void)state;
    struct bytes frame = {0};
    struct bytes got = {0};
    bytes_append(&frame, BYTES("\x18\x03"));
    for (int i = 0; i <= ARGUMENTS_MAX; i++) {
        bytes_append(&frame, BYTES("\x0a\x00"));
    }
    append_decoded(&got, &codec_proto, frame.data, frame.len);
    assert_string_equal(got.data, "bad 3: the request has 1048577 arguments, the limit is 1048576");
    bytes_finish(&frame);
    bytes_finish(&got);
}

static size_t peak_bytes(void)
{
    struct rusage usage;
    assert_int_equal(getrusage(RUSAGE_SELF, &usage), 0);
    return (size_t)usage.ru_maxrss * 1024;
}

// How many inputs a frame holds is known when it is read, not by its size.
static void what_is_beyond_the_cap_is_only_counted(void **state)
{
    (void)state;
    const size_t count = 16 * 1000 * 1000;
    struct work_request request;
    struct failure why;
    char *frame = malloc(2 * count);
    for (size_t i = 0; i < count; i++) {
        memcpy(frame + 2 * i, "\x12\x00", 2);
    }
    size_t before = peak_bytes();
    assert_int_equal(codec_proto.decode(frame, 2 * count, &request, &why), DECODE_BAD_REQUEST);
    assert_string_equal(why.text, "the request has 16000000 inputs, the limit is 1048576");
    assert_true(peak_bytes() - before < 4 * 2 * count);
    free(frame);
}

struct encode_row {
    const char *name;
    struct work_response response;
    const char *expected;
    size_t len;
};

static const struct encode_row encode_rows[] = {
    {"zero", {0}, BYTES("\x00")},
    {"every field", {1, BYTES("no\n"), 5, true}, BYTES("\x0b\x08\x01\x12\x03no\n\x18\x05\x20\x01")},
    {"negative", {.exit_code = -1}, BYTES("\x0b\x08" MINUS_ONE)},
    {"A10: colours arrive",
     {0, BYTES("\x1b[1mW\x1b[0m"), 0, false},
     BYTES("\x0b\x12\x09\x1b[1mW\x1b[0m")},
    {"A8: bytes that are not UTF-8",
     {0,
      BYTES("\xff"
            "a\0b"),
      0, false},
     BYTES("\x0a\x12\x08\xef\xbf\xbd"
           "a\xef\xbf\xbd"
           "b")},
};

static void response_is_encoded(const struct encode_row *row)
{
    struct bytes out = {0};
    bytes_append_text(&out, "<");
    codec_proto.encode(&row->response, &out);
    if (out.len != row->len + 1 || memcmp(out.data + 1, row->expected, row->len) != 0) {
        fail_msg("%s: %zu bytes", row->name, out.len);
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

static void long_output_has_a_long_length(void **state)
{
    (void)state;
    struct bytes output = {0};
    struct bytes out = {0};
    for (int i = 0; i < 100000; i++) {
        bytes_append_text(&output, "x");
    }
    struct work_response response = {.output = output.data, .output_len = output.len};
    codec_proto.encode(&response, &out);
    // 100,004 bytes: a tag, 100,000 in three bytes of varint, and the output.
    assert_int_equal(out.len, 3 + 100004);
    assert_memory_equal(out.data, "\xa4\x8d\x06\x12\xa0\x8d\x06x", 8);
    bytes_finish(&output);
    bytes_finish(&out);
}

static void the_wire_picks_the_codec(void **state)
{
    (void)state;
    assert_ptr_equal(codec_for(WIRE_PROTO), &codec_proto);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(frames_are_decoded),
        cmocka_unit_test(many_small_fields_fit),
        cmocka_unit_test(counts_are_capped),
        cmocka_unit_test(what_is_beyond_the_cap_is_only_counted),
        cmocka_unit_test(responses_are_encoded),
        cmocka_unit_test(long_output_has_a_long_length),
        cmocka_unit_test(the_wire_picks_the_codec),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
