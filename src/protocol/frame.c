#include "protocol/frame.h"

#include "base/failure.h"
#include "protocol/opening.h"

#include <stdint.h>
#include <string.h>

enum {
    LENGTH_MAX_BYTES = 5,           // a varint of 32 bits
    BUFFER_KEEP_BYTES = 1024 * 1024 // one huge request must not hold its memory for ever
};

void frame_reader_init(struct frame_reader *reader, enum wire wire)
{
    *reader = (struct frame_reader){.wire = wire};
}

void frame_reader_finish(struct frame_reader *reader)
{
    bytes_finish(&reader->buffer);
    frame_reader_init(reader, reader->wire);
}

// Moves the rest only when it is no longer than what was consumed: each byte is moved once on
// average.
static void drop_consumed(struct frame_reader *reader)
{
    size_t rest = reader->buffer.len - reader->offset;
    if (reader->offset == 0 || rest > reader->offset) {
        return;
    }
    if (rest == 0 && reader->buffer.capacity > BUFFER_KEEP_BYTES) {
        bytes_finish(&reader->buffer);
    } else {
        bytes_consume(&reader->buffer, reader->offset);
    }
    reader->scanned -= reader->offset;
    reader->offset = 0;
}

void frame_reader_feed(struct frame_reader *reader, const char *data, size_t len)
{
    bytes_append(&reader->buffer, data, len);
}

static void consume(struct frame_reader *reader, size_t count)
{
    reader->offset += count;
    reader->scanned = reader->offset;
}

static bool is_blank(const char *line, size_t len)
{
    size_t blanks = 0;
    while (blanks < len && (line[blanks] == ' ' || line[blanks] == '\t' || line[blanks] == '\r')) {
        blanks++;
    }
    return blanks == len;
}

static bool fits(const struct frame_reader *reader, const char *at_least, size_t len,
                 struct failure *why)
{
    size_t cap = reader->max_bytes == 0 ? FRAME_MAX_BYTES : reader->max_bytes;
    if (len > cap) {
        return failure_set(why, "a request of %s%zu bytes is larger than the limit of %zu bytes",
                           at_least, len, cap);
    }
    return true;
}

static enum frame_status next_line(struct frame_reader *reader, const char **frame, size_t *len,
                                   struct failure *why)
{
    while (reader->offset < reader->buffer.len) {
        const char *start = reader->buffer.data + reader->offset;
        const char *newline = memchr(reader->buffer.data + reader->scanned, '\n',
                                     reader->buffer.len - reader->scanned);
        const char *end = newline != NULL ? newline : reader->buffer.data + reader->buffer.len;
        size_t line_len = (size_t)(end - start);
        if (!fits(reader, newline == NULL ? "at least " : "", line_len, why)) {
            return FRAME_BROKEN;
        }
        if (newline == NULL) {
            reader->scanned = reader->buffer.len;
            return FRAME_PARTIAL;
        }
        consume(reader, line_len + 1);
        size_t mark_len = reader->any ? 0 : opening_mark_bytes(start, line_len);
        reader->any = true;
        start += mark_len;
        line_len -= mark_len;
        if (line_len > 0 && start[line_len - 1] == '\r') {
            line_len--;
        }
        if (!is_blank(start, line_len)) {
            *frame = start;
            *len = line_len;
            return FRAME_READY;
        }
    }
    return FRAME_PARTIAL;
}

// On READY `*prefix_len` bytes of varint say that `*frame_len` bytes follow.
static enum frame_status read_length(const char *data, size_t len, size_t *prefix_len,
                                     size_t *frame_len, struct failure *why)
{
    uint64_t value = 0;
    for (size_t i = 0; i < LENGTH_MAX_BYTES; i++) {
        if (i == len) {
            return FRAME_PARTIAL;
        }
        unsigned char byte = (unsigned char)data[i];
        value |= (uint64_t)(byte & 0x7fU) << (7 * i);
        if (byte < 0x80 && value <= UINT32_MAX) {
            *prefix_len = i + 1;
            *frame_len = (size_t)value;
            return FRAME_READY;
        }
    }
    failure_set(why, "the length in front of a request is not a varint of 32 bits: the input is "
                     "neither JSON lines nor length-delimited protobuf");
    return FRAME_BROKEN;
}

static enum frame_status next_delimited(struct frame_reader *reader, const char **frame,
                                        size_t *len, struct failure *why)
{
    const char *data = bytes_text(&reader->buffer) + reader->offset;
    size_t available = reader->buffer.len - reader->offset;
    size_t prefix_len = 0;
    size_t frame_len = 0;
    enum frame_status status = read_length(data, available, &prefix_len, &frame_len, why);
    if (status != FRAME_READY) {
        return status;
    }
    if (!fits(reader, "", frame_len, why)) {
        return FRAME_BROKEN;
    }
    if (available - prefix_len < frame_len) {
        return FRAME_PARTIAL;
    }
    consume(reader, prefix_len + frame_len);
    *frame = data + prefix_len;
    *len = frame_len;
    return FRAME_READY;
}

static enum frame_status tell_wire(struct frame_reader *reader, struct failure *why)
{
    switch (opening_read(bytes_text(&reader->buffer), reader->buffer.len)) {
    case OPENING_MORE:
        break;
    case OPENING_JSON:
        reader->wire = WIRE_JSON;
        return FRAME_READY;
    case OPENING_PROTO:
        reader->wire = WIRE_PROTO;
        return FRAME_READY;
    case OPENING_NEITHER:
        failure_set(why, "the input begins like neither JSON lines nor length-delimited protobuf "
                         "(--wire says which it is)");
        return FRAME_BROKEN;
    }
    return FRAME_PARTIAL;
}

enum frame_status frame_reader_next(struct frame_reader *reader, const char **frame, size_t *len,
                                    struct failure *why)
{
    drop_consumed(reader);
    enum frame_status told = reader->wire == WIRE_AUTO ? tell_wire(reader, why) : FRAME_READY;
    if (told != FRAME_READY) {
        return told;
    }
    switch (reader->wire) {
    case WIRE_JSON:
        return next_line(reader, frame, len, why);
    case WIRE_PROTO:
        return next_delimited(reader, frame, len, why);
    case WIRE_AUTO:
        break;
    }
    return FRAME_PARTIAL;
}

enum wire frame_reader_wire(const struct frame_reader *reader)
{
    return reader->wire;
}

bool frame_reader_at_boundary(const struct frame_reader *reader)
{
    return reader->offset == reader->buffer.len;
}
