#include "process/lines.h"

#include <string.h>

// A buffer that one long line has grown is given back; usual lines fit below.
enum { KEPT_BYTES = 64 * 1024 };

void lines_finish(struct lines *lines)
{
    bytes_finish(&lines->partial);
}

static void hand_out(struct lines *lines, bool ends, lines_sink *sink, void *owner)
{
    sink(owner, bytes_text(&lines->partial), lines->partial.len, ends);
    if (lines->partial.capacity > KEPT_BYTES) {
        bytes_finish(&lines->partial);
    }
    lines->partial.len = 0;
}

// A line that has become too long: its beginning goes.
static void hand_out_half(struct lines *lines, lines_sink *sink, void *owner)
{
    size_t half = lines->partial.len / 2;
    sink(owner, bytes_text(&lines->partial), half, false);
    bytes_consume(&lines->partial, half);
}

// Without a newline in `data`.
static void keep(struct lines *lines, const char *data, size_t len, lines_sink *sink, void *owner)
{
    while (lines->partial.len + len > LINES_MAX_BYTES) {
        size_t room = LINES_MAX_BYTES - lines->partial.len;
        bytes_append(&lines->partial, data, room);
        data += room;
        len -= room;
        hand_out_half(lines, sink, owner);
    }
    bytes_append(&lines->partial, data, len);
}

static void end_line(struct lines *lines, const char *data, size_t len, lines_sink *sink,
                     void *owner)
{
    if (lines->partial.len == 0 && len <= LINES_MAX_BYTES) {
        sink(owner, data, len, true);
        return;
    }
    keep(lines, data, len, sink, owner);
    hand_out(lines, true, sink, owner);
}

void lines_feed(struct lines *lines, const char *data, size_t len, lines_sink *sink, void *owner)
{
    while (len > 0) {
        const char *newline = memchr(data, '\n', len);
        if (newline == NULL) {
            keep(lines, data, len, sink, owner);
            return;
        }
        size_t line_len = (size_t)(newline - data);
        end_line(lines, data, line_len, sink, owner);
        data += line_len + 1;
        len -= line_len + 1;
    }
}

void lines_flush(struct lines *lines, lines_sink *sink, void *owner)
{
    if (lines->partial.len > 0) {
        hand_out(lines, false, sink, owner);
    }
}
