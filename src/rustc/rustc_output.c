#include "rustc/rustc_output.h"

#include "base/json.h"
#include "base/json_reader.h"
#include "base/mem.h"
#include "base/text.h"
#include "base/utf8.h"

#include <stdlib.h>
#include <string.h>

// What JSON on stderr says, as far as we look at it; in `copy`. NULL: not said.
struct message {
    char *copy;
    const char *rendered, *level, *artifact, *emit, *code;
    bool has_spans;
};

void rustc_line_finish(struct rustc_line *line)
{
    bytes_finish(&line->shown);
    bytes_finish(&line->artifact);
    bytes_finish(&line->before);
}

static bool contains(const char *text, size_t len, const char *part)
{
    size_t part_len = strlen(part);
    for (size_t i = 0; i + part_len <= len; i++) {
        if (memcmp(text + i, part, part_len) == 0) {
            return true;
        }
    }
    return false;
}

// LLVM and rustc's logger write these two kinds of plain lines; whoever reads JSON wants JSON.
static bool is_known_warning(const char *text, size_t len)
{
    static const char logger[] = " WARN ";
    return (len >= sizeof logger - 1 && memcmp(text, logger, sizeof logger - 1) == 0) ||
           contains(text, len, "is not a recognized feature for this target (ignoring feature)");
}

static void append_wrapped(const char *text, size_t len, struct bytes *out)
{
    struct bytes valid = {0};
    utf8_append_valid(&valid, text, len);
    bytes_append_text(out, "{\"$message_type\":\"diagnostic\",\"message\":");
    json_append_string(out, bytes_text(&valid), valid.len);
    bytes_append_text(out, ",\"code\":null,\"level\":\"warning\",\"spans\":[],"
                           "\"children\":[],\"rendered\":");
    json_append_string(out, bytes_text(&valid), valid.len);
    bytes_append_text(out, "}");
    bytes_finish(&valid);
}

static void read_plain(const char *text, size_t len, enum output_format format, struct bytes *shown,
                       bool *is_error)
{
    *is_error = len >= 5 && memcmp(text, "error", 5) == 0;
    if (format == OUTPUT_JSON && is_known_warning(text, len)) {
        append_wrapped(text, len, shown);
    } else {
        bytes_append(shown, text, len);
    }
    bytes_append(shown, "\n", 1);
}

static bool is_text(const char *value, const char *expected)
{
    return value != NULL && strcmp(value, expected) == 0;
}

static void read_text(struct json_reader *reader, const char **text)
{
    size_t len = 0;
    if (json_reader_kind(reader) == JSON_TEXT) {
        json_reader_text(reader, text, &len);
    } else {
        json_reader_skip(reader);
    }
}

static void read_code(struct json_reader *reader, struct message *message)
{
    if (json_reader_kind(reader) != JSON_OBJECT) {
        json_reader_skip(reader);
        return;
    }
    const char *key = NULL;
    const char *unused = NULL;
    json_reader_begin(reader, JSON_OBJECT);
    while (json_reader_member(reader, &key)) {
        read_text(reader, strcmp(key, "code") == 0 ? &message->code : &unused);
    }
}

static void read_spans(struct json_reader *reader, struct message *message)
{
    if (json_reader_kind(reader) != JSON_LIST) {
        json_reader_skip(reader);
        return;
    }
    json_reader_begin(reader, JSON_LIST);
    while (json_reader_item(reader)) {
        message->has_spans = true;
        json_reader_skip(reader);
    }
}

static void read_member(struct json_reader *reader, const char *key, struct message *message)
{
    if (strcmp(key, "rendered") == 0) {
        read_text(reader, &message->rendered);
    } else if (strcmp(key, "level") == 0) {
        read_text(reader, &message->level);
    } else if (strcmp(key, "artifact") == 0) {
        read_text(reader, &message->artifact);
    } else if (strcmp(key, "emit") == 0) {
        read_text(reader, &message->emit);
    } else if (strcmp(key, "code") == 0) {
        read_code(reader, message);
    } else if (strcmp(key, "spans") == 0) {
        read_spans(reader, message);
    } else {
        json_reader_skip(reader);
    }
}

// False: it is no JSON object.
static bool read_message(const char *text, size_t len, struct message *message)
{
    *message = (struct message){.copy = mem_dup_len(text, len)};
    struct json_reader reader;
    const char *key = NULL;
    json_reader_init(&reader, message->copy, len);
    json_reader_begin(&reader, JSON_OBJECT);
    while (json_reader_member(&reader, &key)) {
        read_member(&reader, key, message);
    }
    return json_reader_end(&reader);
}

static bool is_blank(char byte)
{
    return byte == ' ' || byte == '\t' || byte == '\r';
}

// Does a backslash that counts stand before the quote?
static bool is_escaped(const char *text, size_t quote)
{
    size_t slashes = 0;
    while (slashes < quote && text[quote - 1 - slashes] == '\\') {
        slashes++;
    }
    return slashes % 2 == 1;
}

// Where the object begins that ends the line, if there is one: found from its end, since what is
// before it may be anything.
static size_t find_object(const char *text, size_t len)
{
    size_t depth = 0;
    bool in_text = false;
    for (size_t at = len; at > 0; at--) {
        char byte = text[at - 1];
        if (byte == '"' && !is_escaped(text, at - 1)) {
            in_text = !in_text;
        } else if (!in_text && byte == '}') {
            depth++;
        } else if (!in_text && byte == '{' && --depth == 0) {
            return at - 1;
        }
    }
    return len;
}

// What rustc begins its JSON with; others' is only known when the line has nothing else.
static bool is_rustcs(const char *text, size_t len)
{
    static const char mark[] = "{\"$message_type\":";
    return len >= sizeof mark - 1 && memcmp(text, mark, sizeof mark - 1) == 0;
}

// Finds the JSON in a line and where it begins; false when there is none.
static bool find_message(const char *text, size_t len, size_t *ret_start, struct message *message)
{
    *ret_start = 0;
    *message = (struct message){0};
    size_t closed = len;
    while (closed > 0 && is_blank(text[closed - 1])) {
        closed--;
    }
    if (closed == 0 || text[closed - 1] != '}') {
        return false;
    }
    if (text[0] == '{' && read_message(text, len, message)) {
        return true;
    }
    free(message->copy);
    *message = (struct message){0};
    size_t start = find_object(text, closed);
    *ret_start = start;
    return start > 0 && is_rustcs(text + start, closed - start) &&
           read_message(text + start, len - start, message);
}

// E0460 to E0464, E0514, E0519, E0523: a crate that cannot be found, or not be used.
static bool is_about_crates(const char *code)
{
    static const char *const codes[] = {"E0460", "E0461", "E0462", "E0463",
                                        "E0464", "E0514", "E0519", "E0523"};
    for (size_t i = 0; code != NULL && i < sizeof codes / sizeof codes[0]; i++) {
        if (strcmp(code, codes[i]) == 0) {
            return true;
        }
    }
    return false;
}

static void show_message(const struct message *message, const char *text, size_t len,
                         enum output_format format, struct rustc_line *line)
{
    line->is_error = message->level != NULL && text_starts_with(message->level, "error");
    line->blames_source = line->is_error && message->has_spans && !is_about_crates(message->code);
    line->kind = LINE_DROP;
    if (message->artifact != NULL && is_text(message->emit, "metadata")) {
        line->kind = LINE_METADATA;
        bytes_append_text(&line->artifact, message->artifact);
    } else if (message->rendered != NULL || format == OUTPUT_RAW) {
        line->kind = LINE_SHOW;
    }
    if (format == OUTPUT_RAW || (message->rendered != NULL && format == OUTPUT_JSON)) {
        bytes_append(&line->shown, text, len);
        bytes_append(&line->shown, "\n", 1);
    } else if (message->rendered != NULL) {
        bytes_append_text(&line->shown, message->rendered);
    }
}

void rustc_line_read(const char *text, size_t len, enum output_format format,
                     struct rustc_line *line)
{
    *line = (struct rustc_line){0};
    struct message message;
    size_t start = 0;
    if (!find_message(text, len, &start, &message)) {
        line->kind = LINE_SHOW;
        read_plain(text, len, format, &line->shown, &line->is_error);
    } else if (format == OUTPUT_RAW) {
        show_message(&message, text, len, format, line);
    } else {
        if (start > 0) {
            read_plain(text, start, format, &line->before, &line->before_is_error);
        }
        show_message(&message, text + start, len - start, format, line);
    }
    free(message.copy);
}
