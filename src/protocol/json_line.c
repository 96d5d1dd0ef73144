#include "protocol/json_line.h"

#include <string.h>

static bool is_blank(char byte)
{
    return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n';
}

static bool is_digit(char byte)
{
    return byte >= '0' && byte <= '9';
}

// A number that something closes: a cut line may have cut the number too.
static bool read_number(const char *at, const char *end, int32_t *number)
{
    bool negative = at < end && *at == '-';
    at += negative ? 1 : 0;
    const char *digits = at;
    int64_t value = 0;
    for (; at < end && is_digit(*at) && value <= INT32_MAX; at++) {
        value = value * 10 + (*at - '0');
    }
    value = negative ? -value : value;
    bool closed = at < end && (*at == ',' || *at == '}' || is_blank(*at));
    if (at == digits || !closed || value > INT32_MAX || value < INT32_MIN) {
        return false;
    }
    *number = (int32_t)value;
    return true;
}

static const char *skip_blanks(const char *at, const char *end)
{
    while (at < end && is_blank(*at)) {
        at++;
    }
    return at;
}

bool json_line_scan_id(const char *line, size_t len, int32_t *request_id)
{
    static const char key[] = "\"requestId\"";
    const size_t key_len = sizeof key - 1;
    const char *end = line + len;
    for (const char *at = line; (size_t)(end - at) >= key_len; at++) {
        at = memchr(at, '"', (size_t)(end - at));
        if (at == NULL || (size_t)(end - at) < key_len) {
            return false;
        }
        // Inside a string the closing quote would be escaped, so this is the key or a plain value.
        const char *colon = skip_blanks(at + key_len, end);
        if (memcmp(at, key, key_len) == 0 && colon < end && *colon == ':') {
            return read_number(skip_blanks(colon + 1, end), end, request_id);
        }
    }
    return false;
}
