#include "base/json_reader.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { ESCAPE_DIGITS = 4 }; // of \uXXXX
enum { HIGH_FIRST = 0xd800, LOW_FIRST = 0xdc00, SURROGATES_END = 0xe000, REPLACEMENT = 0xfffd };

void json_reader_init(struct json_reader *reader, char *text, size_t len)
{
    *reader = (struct json_reader){.at = text, .end = text + len};
}

static bool refuse(struct json_reader *reader, const char *mistake)
{
    if (reader->mistake == NULL) {
        reader->mistake = mistake;
    }
    return false;
}

static void skip_blanks(struct json_reader *reader)
{
    while (*reader->at == ' ' || *reader->at == '\t' || *reader->at == '\r' ||
           *reader->at == '\n') {
        reader->at++;
    }
}

// The NUL behind the text is no byte that anybody expects.
static bool take(struct json_reader *reader, char expected)
{
    skip_blanks(reader);
    if (reader->mistake != NULL || *reader->at != expected) {
        return refuse(reader, reader->at);
    }
    reader->at++;
    return true;
}

enum json_kind json_reader_kind(struct json_reader *reader)
{
    skip_blanks(reader);
    switch (reader->mistake == NULL ? *reader->at : '\0') {
    case '{':
        return JSON_OBJECT;
    case '[':
        return JSON_LIST;
    case '"':
        return JSON_TEXT;
    case 't':
        return JSON_TRUE;
    case 'f':
        return JSON_FALSE;
    case 'n':
        return JSON_NULL;
    default:
        return *reader->at == '-' || (*reader->at >= '0' && *reader->at <= '9') ? JSON_NUMBER
                                                                                : JSON_NOTHING;
    }
}

bool json_reader_begin(struct json_reader *reader, enum json_kind kind)
{
    reader->is_fresh = true;
    return take(reader, kind == JSON_LIST ? '[' : '{');
}

// Is there one more in the object or list that `close` ends?
static bool has_more(struct json_reader *reader, char close)
{
    skip_blanks(reader);
    bool is_first = reader->is_fresh;
    reader->is_fresh = false;
    if (reader->mistake == NULL && *reader->at == close) {
        reader->at++;
        return false;
    }
    return is_first ? reader->mistake == NULL : take(reader, ',');
}

bool json_reader_member(struct json_reader *reader, const char **key)
{
    size_t len = 0;
    return has_more(reader, '}') && json_reader_text(reader, key, &len) && take(reader, ':');
}

bool json_reader_item(struct json_reader *reader)
{
    return has_more(reader, ']');
}

static int hex_value(char digit)
{
    if (digit >= '0' && digit <= '9') {
        return digit - '0';
    }
    if (digit >= 'a' && digit <= 'f') {
        return digit - 'a' + 10;
    }
    return digit >= 'A' && digit <= 'F' ? digit - 'A' + 10 : -1;
}

// The four digits behind \u, -1 when they are not there.
static int32_t read_unit(const char *digits)
{
    int32_t unit = 0;
    for (size_t i = 0; i < ESCAPE_DIGITS; i++) {
        int value = hex_value(digits[i]);
        if (value < 0) {
            return -1;
        }
        unit = unit * 16 + value;
    }
    return unit;
}

// Reads \uXXXX, or two of them that are one character; -1 for a mistake.
static int32_t read_unicode(const char **at)
{
    int32_t unit = read_unit(*at + 2);
    if (unit < 0) {
        return -1;
    }
    *at += 2 + ESCAPE_DIGITS;
    if (unit < HIGH_FIRST || unit >= SURROGATES_END) {
        return unit;
    }
    int32_t low = (*at)[0] == '\\' && (*at)[1] == 'u' ? read_unit(*at + 2) : -1;
    if (unit >= LOW_FIRST || low < LOW_FIRST || low >= SURROGATES_END) {
        return -1;
    }
    *at += 2 + ESCAPE_DIGITS;
    return 0x10000 + (unit - HIGH_FIRST) * 0x400 + (low - LOW_FIRST);
}

static char *put_utf8(char *to, uint32_t code)
{
    if (code < 0x80) {
        *to++ = (char)code;
        return to;
    }
    int more = code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
    static const unsigned leads[] = {0, 0xc0, 0xe0, 0xf0};
    *to++ = (char)(unsigned char)(leads[more] | code >> (6 * more));
    for (int shift = 6 * (more - 1); shift >= 0; shift -= 6) {
        *to++ = (char)(unsigned char)(0x80U | (code >> shift & 0x3fU));
    }
    return to;
}

// Decodes one escape from `*from` to `*to`, which is never behind it.
static bool read_escape(struct json_reader *reader, const char **from, char **to)
{
    static const char escapes[] = "\"\\/bfnrt";
    static const char meanings[] = "\"\\/\b\f\n\r\t";
    const char *escape = *from;
    if (escape[1] == 'u') {
        int32_t code = read_unicode(from);
        if (code < 0) {
            return refuse(reader, escape);
        }
        reader->has_nul = reader->has_nul || code == 0;
        *to = put_utf8(*to, code == 0 ? REPLACEMENT : (uint32_t)code);
        return true;
    }
    const char *known = escape[1] == '\0' ? NULL : strchr(escapes, escape[1]);
    if (known == NULL) {
        return refuse(reader, escape);
    }
    *(*to)++ = meanings[known - escapes];
    *from += 2;
    return true;
}

static const char *find_special(const char *at)
{
    while (*at != '"' && *at != '\\' && *at != '\0') {
        at++;
    }
    return at;
}

bool json_reader_text(struct json_reader *reader, const char **text, size_t *len)
{
    if (!take(reader, '"')) {
        return false;
    }
    char *start = reader->at;
    const char *from = find_special(start);
    char *to = start + (from - start);
    while (*from == '\\') {
        if (!read_escape(reader, &from, &to)) {
            return false;
        }
        const char *next = find_special(from);
        memmove(to, from, (size_t)(next - from));
        to += next - from;
        from = next;
    }
    if (*from == '\0') {
        return refuse(reader, from);
    }
    reader->at += from + 1 - start;
    *to = '\0';
    *text = start;
    *len = (size_t)(to - start);
    return true;
}

// Behind the digits at `at`; NULL when there are none.
static const char *skip_digits(const char *at)
{
    const char *first = at;
    while (*at >= '0' && *at <= '9') {
        at++;
    }
    return at == first ? NULL : at;
}

// Behind the number at `at`; NULL when it is none, or not written as JSON has it.
static const char *skip_number(const char *at)
{
    at += *at == '-' ? 1 : 0;
    at = *at == '0' ? at + 1 : skip_digits(at);
    if (at != NULL && *at == '.') {
        at = skip_digits(at + 1);
    }
    if (at != NULL && (*at == 'e' || *at == 'E')) {
        at += at[1] == '-' || at[1] == '+' ? 2 : 1;
        at = skip_digits(at);
    }
    return at;
}

bool json_reader_number(struct json_reader *reader, double *number)
{
    if (json_reader_kind(reader) != JSON_NUMBER) {
        return refuse(reader, reader->at);
    }
    const char *end = skip_number(reader->at);
    if (end == NULL) {
        return refuse(reader, reader->at);
    }
    *number = strtod(reader->at, NULL);
    reader->at += end - reader->at;
    return true;
}

static bool skip_word(struct json_reader *reader, const char *word)
{
    size_t len = strlen(word);
    if (strncmp(reader->at, word, len) != 0) {
        return refuse(reader, reader->at);
    }
    reader->at += len;
    return true;
}

// A value that nothing is nested in.
static bool skip_simple(struct json_reader *reader)
{
    const char *text = NULL;
    size_t len = 0;
    double number = 0;
    switch (json_reader_kind(reader)) {
    case JSON_TEXT:
        return json_reader_text(reader, &text, &len);
    case JSON_NUMBER:
        return json_reader_number(reader, &number);
    case JSON_TRUE:
        return skip_word(reader, "true");
    case JSON_FALSE:
        return skip_word(reader, "false");
    case JSON_NULL:
        return skip_word(reader, "null");
    case JSON_NOTHING:
    case JSON_OBJECT:
    case JSON_LIST:
        break;
    }
    return refuse(reader, reader->at);
}

// Goes to the next value within the innermost of the objects and lists that are open; false when
// that one is read.
static bool next_within(struct json_reader *reader, enum json_kind innermost)
{
    const char *key = NULL;
    return innermost == JSON_OBJECT ? json_reader_member(reader, &key) : json_reader_item(reader);
}

bool json_reader_skip(struct json_reader *reader)
{
    unsigned char open[JSON_DEPTH_MAX]; // the kinds of what is open
    size_t depth = 0;
    do {
        enum json_kind kind = json_reader_kind(reader);
        if (kind != JSON_OBJECT && kind != JSON_LIST) {
            skip_simple(reader);
        } else if (depth == JSON_DEPTH_MAX) {
            refuse(reader, reader->at);
        } else if (json_reader_begin(reader, kind)) {
            open[depth++] = (unsigned char)kind;
        }
        while (depth > 0 && reader->mistake == NULL &&
               !next_within(reader, (enum json_kind)open[depth - 1])) {
            depth--;
        }
    } while (depth > 0 && reader->mistake == NULL);
    return reader->mistake == NULL;
}

bool json_reader_end(struct json_reader *reader)
{
    skip_blanks(reader);
    return reader->mistake == NULL && (reader->at == reader->end || refuse(reader, reader->at));
}
