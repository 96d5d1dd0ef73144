// Bytes to frames: every row is fed whole, byte by byte and cut in two at every place.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/bytes.h"
#include "base/failure.h"
#include "protocol/frame.h"

#include <string.h>

#define BYTES(literal) literal, sizeof(literal) - 1
#define TEN "0123456789"
#define FORTY TEN TEN TEN TEN

struct row {
    const char *name;
    enum wire wire; // what the reader is told
    const char *input;
    size_t input_len;
    const char *frames; // each frame in angle brackets
    size_t frames_len;
    enum wire told;        // what it then says
    bool at_boundary;      // may the input end there
    const char *complaint; // part of the sentence when the stream is broken
};

static const struct row rows[] = {
    {"nothing", WIRE_AUTO, BYTES(""), BYTES(""), WIRE_AUTO, true, NULL},
    {"one brace could be either", WIRE_AUTO, BYTES("{"), BYTES(""), WIRE_AUTO, false, NULL},
    {"a line", WIRE_AUTO, BYTES("{\"a\":1}\n"), BYTES("<{\"a\":1}>"), WIRE_JSON, true, NULL},
    {"the empty object", WIRE_AUTO, BYTES("{}\n"), BYTES("<{}>"), WIRE_JSON, true, NULL},
    {"CRLF", WIRE_AUTO, BYTES("{}\r\n{}\r\n"), BYTES("<{}><{}>"), WIRE_JSON, true, NULL},
    {"CR inside stays", WIRE_JSON, BYTES("a\rb\r\r\n"), BYTES("<a\rb\r>"), WIRE_JSON, true, NULL},
    {"empty lines", WIRE_JSON, BYTES("\n\r\n{}\n\n\r\n1\n\n"), BYTES("<{}><1>"), WIRE_JSON, true,
     NULL},
    {"a NUL is a byte", WIRE_JSON, BYTES("a\0b\n"), BYTES("<a\0b>"), WIRE_JSON, true, NULL},
    {"no last newline", WIRE_AUTO, BYTES("{}\n{\"a\""), BYTES("<{}>"), WIRE_JSON, false, NULL},
    {"a CR without its LF", WIRE_JSON, BYTES("{}\r"), BYTES(""), WIRE_JSON, false, NULL},
    {"JSON when told so", WIRE_JSON, BYTES("  {}\n"), BYTES("<  {}>"), WIRE_JSON, true, NULL},

    {"blanks and blank lines in front", WIRE_AUTO, BYTES(" \r\n\t\n { }\n \t\n{}\n"),
     BYTES("< { }><{}>"), WIRE_JSON, true, NULL},
    {"a byte order mark", WIRE_AUTO, BYTES("\xef\xbb\xbf{}\n"), BYTES("<{}>"), WIRE_JSON, true,
     NULL},
    {"a byte order mark and a blank line", WIRE_AUTO, BYTES("\xef\xbb\xbf \n{}\n"), BYTES("<{}>"),
     WIRE_JSON, true, NULL},
    {"a byte order mark when told so", WIRE_JSON, BYTES("\xef\xbb\xbf{}\n\xef\xbb\xbf\n"),
     BYTES("<{}><\xef\xbb\xbf>"), WIRE_JSON, true, NULL},
    {"neither", WIRE_AUTO, BYTES("this"), BYTES(""), WIRE_AUTO, false, "neither JSON lines nor"},

    {"a message", WIRE_AUTO, BYTES("\x02\x18\x05"), BYTES("<\x18\x05>"), WIRE_PROTO, true, NULL},
    {"two messages", WIRE_AUTO, BYTES("\x02\x18\x05\x01!"), BYTES("<\x18\x05><!>"), WIRE_PROTO,
     true, NULL},
    {"a message without bytes", WIRE_AUTO, BYTES("\0\0\x01z"), BYTES("<><><z>"), WIRE_PROTO, true,
     NULL},
    {"newlines mean nothing", WIRE_AUTO, BYTES("\x03\n\x01\n"), BYTES("<\n\x01\n>"), WIRE_PROTO,
     true, NULL},
    {"123 bytes start with a brace", WIRE_AUTO, BYTES("{\x0a\x79" FORTY FORTY FORTY "!"),
     BYTES("<\x0a\x79" FORTY FORTY FORTY "!>"), WIRE_PROTO, true, NULL},
    {"protobuf when told so", WIRE_PROTO, BYTES("{\"" FORTY FORTY FORTY "!!\x01x"),
     BYTES("<\"" FORTY FORTY FORTY "!!><x>"), WIRE_PROTO, true, NULL},
    {"a length of two bytes", WIRE_PROTO, BYTES("\x82\x01" FORTY FORTY FORTY TEN),
     BYTES("<" FORTY FORTY FORTY TEN ">"), WIRE_PROTO, true, NULL},
    {"a length padded to five bytes", WIRE_PROTO, BYTES("\x81\x80\x80\x80\x00x"), BYTES("<x>"),
     WIRE_PROTO, true, NULL},
    {"cut in the length", WIRE_PROTO, BYTES("\x01x\x82"), BYTES("<x>"), WIRE_PROTO, false, NULL},
    {"cut before the message", WIRE_AUTO, BYTES("\x02"), BYTES(""), WIRE_AUTO, false, NULL},
    {"cut in the message", WIRE_AUTO, BYTES("\x02\x18"), BYTES(""), WIRE_PROTO, false, NULL},
    {"a length of six bytes", WIRE_PROTO, BYTES("\x01x\x80\x80\x80\x80\x80\x01"), BYTES("<x>"),
     WIRE_PROTO, false, "not a varint of 32 bits"},
    {"a length of 33 bits", WIRE_PROTO, BYTES("\xff\xff\xff\xff\x1f"), BYTES(""), WIRE_PROTO, false,
     "not a varint of 32 bits"},
    {"one byte over the cap", WIRE_PROTO, BYTES("\x81\x80\x80\x80\x01"), BYTES(""), WIRE_PROTO,
     false, "268435457 bytes is larger than the limit of 268435456 bytes"},
    {"as large as the cap", WIRE_PROTO, BYTES("\x80\x80\x80\x80\x01"), BYTES(""), WIRE_PROTO, false,
     NULL},
};

static void add_frame(struct bytes *seen, const char *frame, size_t len)
{
    bytes_append(seen, "<", 1);
    bytes_append(seen, frame, len);
    bytes_append(seen, ">", 1);
}

// All frames there are; the status that ended them.
static enum frame_status drain(struct frame_reader *reader, struct bytes *seen, struct failure *why)
{
    const char *frame = NULL;
    size_t len = 0;
    enum frame_status status = frame_reader_next(reader, &frame, &len, why);
    while (status == FRAME_READY) {
        add_frame(seen, frame, len);
        status = frame_reader_next(reader, &frame, &len, why);
    }
    return status;
}

static void judge(const struct row *row, struct frame_reader *reader, const struct bytes *seen,
                  enum frame_status status)
{
    if (seen->len != row->frames_len ||
        memcmp(bytes_text(seen), row->frames, row->frames_len) != 0) {
        fail_msg("%s: frames %s", row->name, bytes_text(seen));
    }
    if ((status == FRAME_BROKEN) != (row->complaint != NULL)) {
        fail_msg("%s: status %d", row->name, (int)status);
    }
    if (frame_reader_wire(reader) != row->told) {
        fail_msg("%s: wire %d", row->name, (int)frame_reader_wire(reader));
    }
    if (frame_reader_at_boundary(reader) != row->at_boundary) {
        fail_msg("%s: at_boundary", row->name);
    }
}

// The row in pieces: `first` bytes, then `step` at a time.
static void feed_in_pieces(const struct row *row, size_t first, size_t step)
{
    struct frame_reader reader = {.wire = row->wire};
    struct bytes seen = {0};
    struct failure why = {{0}};
    enum frame_status status = FRAME_PARTIAL;
    size_t piece = first;
    for (size_t done = 0; done < row->input_len && status != FRAME_BROKEN; done += piece) {
        piece = done == 0 && first > 0 ? first : step;
        piece = piece < row->input_len - done ? piece : row->input_len - done;
        frame_reader_feed(&reader, row->input + done, piece);
        status = drain(&reader, &seen, &why);
    }
    judge(row, &reader, &seen, status);
    if (row->complaint != NULL && strstr(why.text, row->complaint) == NULL) {
        fail_msg("%s: said '%s'", row->name, why.text);
    }
    bytes_finish(&seen);
    frame_reader_finish(&reader);
}

static void any_split_decodes_alike(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        feed_in_pieces(&rows[i], 0, 1);
        for (size_t first = 1; first <= rows[i].input_len; first++) {
            feed_in_pieces(&rows[i], first, rows[i].input_len);
        }
    }
}

static void frames_may_be_taken_late(void **state)
{
    (void)state;
    struct frame_reader reader;
    struct bytes seen = {0};
    struct failure why;
    frame_reader_init(&reader, WIRE_JSON);
    for (int i = 0; i < 100; i++) {
        frame_reader_feed(&reader, BYTES("first\nsecond\n"));
        const char *frame = NULL;
        size_t len = 0;
        assert_int_equal(frame_reader_next(&reader, &frame, &len, &why), FRAME_READY);
        assert_memory_equal(frame, i % 2 == 0 ? "first" : "second", len);
    }
    assert_int_equal(drain(&reader, &seen, &why), FRAME_PARTIAL);
    assert_int_equal(seen.len, 50 * (sizeof "<first><second>" - 1));
    assert_true(frame_reader_at_boundary(&reader));
    bytes_finish(&seen);
    frame_reader_finish(&reader);
}

static void large_frames_give_their_memory_back(void **state)
{
    (void)state;
    struct frame_reader reader;
    struct bytes seen = {0};
    struct failure why;
    char block[4096];
    memset(block, 'x', sizeof block);
    frame_reader_init(&reader, WIRE_JSON);
    for (int i = 0; i < 1024; i++) {
        frame_reader_feed(&reader, block, sizeof block);
        assert_int_equal(drain(&reader, &seen, &why), FRAME_PARTIAL);
    }
    frame_reader_feed(&reader, BYTES("\n"));
    drain(&reader, &seen, &why);
    assert_int_equal(seen.len, 1024 * sizeof block + 2);
    frame_reader_feed(&reader, BYTES("{}\n"));
    assert_in_range(reader.buffer.capacity, 1, sizeof block);
    bytes_finish(&seen);
    frame_reader_finish(&reader);
}

struct cap_row {
    const char *name;
    enum wire wire;
    const char *input;
    const char *complaint; // NULL: within the cap of ten bytes
};

static const struct cap_row cap_rows[] = {
    {"a line of the cap", WIRE_JSON, TEN "\n", NULL},
    {"a line over it", WIRE_JSON, TEN "!\n",
     "a request of 11 bytes is larger than the limit of 10"},
    {"an unfinished line over it", WIRE_JSON, TEN TEN, "a request of at least 20 bytes"},
    {"an unfinished line of it", WIRE_JSON, TEN, NULL},
    {"a message of the cap", WIRE_PROTO, "\x0a" TEN, NULL},
    {"a message over it", WIRE_PROTO, "\x0b", "a request of 11 bytes is larger"},
};

static void cap_is_named(const struct cap_row *row)
{
    struct frame_reader reader = {.wire = row->wire, .max_bytes = 10};
    struct bytes seen = {0};
    struct failure why = {{0}};
    frame_reader_feed(&reader, row->input, strlen(row->input));
    enum frame_status status = drain(&reader, &seen, &why);
    if ((status == FRAME_BROKEN) != (row->complaint != NULL) ||
        (row->complaint != NULL && strstr(why.text, row->complaint) == NULL)) {
        fail_msg("%s: status %d, said '%s'", row->name, (int)status, why.text);
    }
    assert_int_equal(drain(&reader, &seen, &why), status); // broken stays broken
    bytes_finish(&seen);
    frame_reader_finish(&reader);
}

static void caps_are_named(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cap_rows / sizeof cap_rows[0]; i++) {
        cap_is_named(&cap_rows[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_split_decodes_alike),
        cmocka_unit_test(frames_may_be_taken_late),
        cmocka_unit_test(large_frames_give_their_memory_back),
        cmocka_unit_test(caps_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
