#include "base/json.h"

#include "base/bytes.h"

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <string.h>

enum { UNICODE_ESCAPE_LEN = 6 }; // \uXXXX

static bool is_blank(char byte)
{
    return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n';
}

static bool is_digit(char byte)
{
    return byte >= '0' && byte <= '9';
}

static bool is_hex(char byte)
{
    return is_digit(byte) || (byte >= 'a' && byte <= 'f') || (byte >= 'A' && byte <= 'F');
}

// The next escape at or after `at`; NULL when there is none. A backslash escapes one byte at least.
static const char *find_escape(const char *at, const char *end)
{
    return at < end ? memchr(at, '\\', (size_t)(end - at)) : NULL;
}

static bool is_unicode_escape(const char *escape, const char *end)
{
    return end - escape >= 2 && escape[1] == 'u';
}

static bool has_four_digits(const char *escape, const char *end)
{
    if (end - escape < UNICODE_ESCAPE_LEN) {
        return false;
    }
    return is_hex(escape[2]) && is_hex(escape[3]) && is_hex(escape[4]) && is_hex(escape[5]);
}

// The first \u that four hex digits do not follow (cJSON reads it as \u0000); NULL when all are
// good.
static const char *find_bad_escape(const char *text, const char *end)
{
    for (const char *at = find_escape(text, end); at != NULL; at = find_escape(at + 2, end)) {
        if (is_unicode_escape(at, end) && !has_four_digits(at, end)) {
            return at;
        }
    }
    return NULL;
}

const char *json_find_nul(const char *text, size_t len)
{
    const char *end = text + len;
    for (const char *at = find_escape(text, end); at != NULL; at = find_escape(at + 2, end)) {
        if (is_unicode_escape(at, end) && has_four_digits(at, end) &&
            memcmp(at + 2, "0000", 4) == 0) {
            return at;
        }
    }
    return NULL;
}

static cJSON *refuse(const char *text, const char *mistake, size_t *ret_mistake)
{
    *ret_mistake = (size_t)(mistake - text);
    return NULL;
}

struct cJSON *json_parse_object(const char *text, size_t len, size_t *ret_mistake)
{
    const char *end = text + len;
    while (end > text && is_blank(end[-1])) {
        end--;
    }
    // cJSON up to 1.7.17 looks one byte past a text that ends in a comma; an object ends in a
    // brace.
    if (end == text || end[-1] != '}') {
        return refuse(text, end, ret_mistake);
    }
    size_t trimmed = (size_t)(end - text);
    const char *mistake = memchr(text, '\0', trimmed);
    if (mistake == NULL) {
        mistake = find_bad_escape(text, end);
    }
    if (mistake != NULL) {
        return refuse(text, mistake, ret_mistake);
    }
    const char *stopped = text;
    cJSON *tree = cJSON_ParseWithLengthOpts(text, trimmed, &stopped, 0);
    if (tree == NULL || stopped != end || !cJSON_IsObject(tree)) {
        cJSON_Delete(tree);
        return refuse(text, stopped, ret_mistake);
    }
    return tree;
}

static void append_escape(struct bytes *out, char byte)
{
    switch (byte) {
    case '"':
        bytes_append_text(out, "\\\"");
        return;
    case '\\':
        bytes_append_text(out, "\\\\");
        return;
    case '\n':
        bytes_append_text(out, "\\n");
        return;
    default:
        bytes_append_format(out, "\\u%04x", (unsigned)(unsigned char)byte);
    }
}

void json_append_string(struct bytes *out, const char *text, size_t len)
{
    bytes_append_text(out, "\"");
    size_t done = 0; // text before it is in `out`
    for (size_t i = 0; i < len; i++) {
        unsigned char byte = (unsigned char)text[i];
        if (byte < 0x20 || byte == '"' || byte == '\\') {
            bytes_append(out, text + done, i - done);
            append_escape(out, text[i]);
            done = i + 1;
        }
    }
    if (done < len) {
        bytes_append(out, text + done, len - done);
    }
    bytes_append_text(out, "\"");
}
