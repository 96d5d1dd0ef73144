#include "protocol/opening.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

// A way to read the bytes. MAYBE: they are its beginning.
enum reading { READING_NO, READING_MAYBE, READING_YES };

enum { LENGTH_MAX_BYTES = 5 };

// The tags of a WorkRequest: field number and kind.
enum {
    ARGUMENTS = 0x0a,
    INPUTS = 0x12,
    ID = 0x18,
    CANCEL = 0x20,
    VERBOSITY = 0x28,
    SANDBOX = 0x32
};

static const char mark[] = "\xef\xbb\xbf";
enum { MARK_BYTES = sizeof mark - 1 };

static bool is_blank(char byte)
{
    return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n';
}

static size_t skip_blanks(const char *data, size_t len, size_t at)
{
    while (at < len && is_blank(data[at])) {
        at++;
    }
    return at;
}

size_t opening_mark_bytes(const char *data, size_t len)
{
    return len >= MARK_BYTES && memcmp(data, mark, MARK_BYTES) == 0 ? MARK_BYTES : 0;
}

// In front of a quote, `{` and a newline are what many a protobuf request begins with: a length of
// 123, and a first argument of 34 bytes. No line of JSON does.
static bool is_broken_line(const char *data, size_t len)
{
    return len >= 3 && memcmp(data, "{\n\"", 3) == 0;
}

static enum reading read_json(const char *data, size_t len)
{
    if (len < MARK_BYTES && memcmp(data, mark, len) == 0) {
        return READING_MAYBE;
    }
    size_t brace = skip_blanks(data, len, opening_mark_bytes(data, len));
    if (brace == len) {
        return READING_MAYBE;
    }
    size_t next = skip_blanks(data, len, brace + 1);
    if (data[brace] != '{' || (next < len && data[next] != '"' && data[next] != '}')) {
        return READING_NO;
    }
    if (next == len) {
        return READING_MAYBE;
    }
    return is_broken_line(data, len) ? READING_NO : READING_YES;
}

// A varint of 32 bits from `*at` on, which then stands behind it.
static enum reading read_length(const char *data, size_t len, size_t *at, uint64_t *ret_length)
{
    uint64_t length = 0;
    for (size_t i = 0; i < LENGTH_MAX_BYTES && *at + i < len; i++) {
        unsigned char byte = (unsigned char)data[*at + i];
        length |= (uint64_t)(byte & 0x7fU) << (7 * i);
        if (byte < 0x80) {
            *at += i + 1;
            *ret_length = length;
            return length <= UINT32_MAX ? READING_YES : READING_NO;
        }
    }
    return len - *at >= LENGTH_MAX_BYTES ? READING_NO : READING_MAYBE;
}

static enum reading read_field(const char *data, size_t len, size_t at, uint64_t end)
{
    char tag = data[at++];
    uint64_t value = 0;
    enum reading reading = READING_NO;
    switch (tag) {
    case ID:
    case VERBOSITY:
        return at < end ? READING_YES : READING_NO;
    case CANCEL:
        reading = read_length(data, len, &at, &value);
        return reading == READING_YES && (value > 1 || at > end) ? READING_NO : reading;
    case ARGUMENTS:
    case INPUTS:
    case SANDBOX:
        reading = read_length(data, len, &at, &value);
        return reading == READING_YES && at + value > end ? READING_NO : reading;
    default:
        return READING_NO;
    }
}

static enum reading read_proto(const char *data, size_t len)
{
    size_t at = 0;
    uint64_t length = 0;
    enum reading reading = read_length(data, len, &at, &length);
    if (reading != READING_YES || length == 0) {
        return reading; // a request of defaults has no bytes
    }
    return at == len ? READING_MAYBE : read_field(data, len, at, at + length);
}

enum opening opening_read(const char *data, size_t len)
{
    enum reading json = read_json(data, len);
    enum reading proto = read_proto(data, len);
    if (json == READING_YES) {
        return OPENING_JSON;
    }
    if (json == READING_MAYBE && len < OPENING_MAX_BYTES) {
        return OPENING_MORE;
    }
    switch (proto) {
    case READING_YES:
        return OPENING_PROTO;
    case READING_MAYBE:
        return OPENING_MORE;
    case READING_NO:
        break;
    }
    return OPENING_NEITHER;
}
