#include "rustc/rustc_output.h"

#include "base/json.h"
#include "base/mem.h"
#include "base/utf8.h"

#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>

void rustc_line_finish(struct rustc_line *line)
{
    bytes_finish(&line->shown);
    bytes_finish(&line->artifact);
}

static const char *string_member(const cJSON *object, const char *name)
{
    return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name));
}

static bool is_text(const char *value, const char *expected)
{
    return value != NULL && strcmp(value, expected) == 0;
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

static void show_wrapped(const char *text, size_t len, struct rustc_line *line)
{
    struct bytes valid = {0};
    utf8_append_valid(&valid, text, len);
    bytes_append_text(&line->shown, "{\"$message_type\":\"diagnostic\",\"message\":");
    json_append_string(&line->shown, bytes_text(&valid), valid.len);
    bytes_append_text(&line->shown, ",\"code\":null,\"level\":\"warning\",\"spans\":[],"
                                    "\"children\":[],\"rendered\":");
    json_append_string(&line->shown, bytes_text(&valid), valid.len);
    bytes_append_text(&line->shown, "}");
    bytes_finish(&valid);
}

static void read_plain(const char *text, size_t len, enum output_format format,
                       struct rustc_line *line)
{
    line->kind = LINE_SHOW;
    line->is_error = len >= 5 && memcmp(text, "error", 5) == 0;
    if (format == OUTPUT_JSON && is_known_warning(text, len)) {
        show_wrapped(text, len, line);
    } else {
        bytes_append(&line->shown, text, len);
    }
    bytes_append(&line->shown, "\n", 1);
}

// E0460 to E0464, E0514, E0519, E0523: a crate that cannot be found, or not be used.
static bool is_about_crates(const cJSON *object)
{
    static const char *const codes[] = {"E0460", "E0461", "E0462", "E0463",
                                        "E0464", "E0514", "E0519", "E0523"};
    const char *code = string_member(cJSON_GetObjectItemCaseSensitive(object, "code"), "code");
    for (size_t i = 0; code != NULL && i < sizeof codes / sizeof codes[0]; i++) {
        if (strcmp(code, codes[i]) == 0) {
            return true;
        }
    }
    return false;
}

static bool blames_source(const cJSON *object)
{
    const cJSON *spans = cJSON_GetObjectItemCaseSensitive(object, "spans");
    return cJSON_GetArraySize(spans) > 0 && !is_about_crates(object);
}

static void read_object(const cJSON *object, const char *text, size_t len,
                        enum output_format format, struct rustc_line *line)
{
    const char *rendered = string_member(object, "rendered");
    const char *level = string_member(object, "level");
    const char *artifact = string_member(object, "artifact");
    line->is_error = level != NULL && strncmp(level, "error", 5) == 0;
    line->blames_source = line->is_error && blames_source(object);
    line->kind = LINE_DROP;
    if (artifact != NULL && is_text(string_member(object, "emit"), "metadata")) {
        line->kind = LINE_METADATA;
        bytes_append_text(&line->artifact, artifact);
    } else if (rendered != NULL || format == OUTPUT_RAW) {
        line->kind = LINE_SHOW;
    }
    if (format == OUTPUT_RAW || (rendered != NULL && format == OUTPUT_JSON)) {
        bytes_append(&line->shown, text, len);
        bytes_append(&line->shown, "\n", 1);
    } else if (rendered != NULL) {
        bytes_append_text(&line->shown, rendered);
    }
}

// cJSON would end a string at its \u0000: it becomes \ufffd, which is as long.
static cJSON *parse(const char *text, size_t len)
{
    char *copy = mem_dup_len(text, len);
    size_t done = 0;
    for (const char *nul = json_find_nul(copy, len); nul != NULL;
         nul = json_find_nul(copy + done, len - done)) {
        done = (size_t)(nul - copy);
        memcpy(copy + done, "\\ufffd", 6);
    }
    size_t mistake = 0;
    cJSON *object = json_parse_object(copy, len, &mistake);
    free(copy);
    return object;
}

void rustc_line_read(const char *text, size_t len, enum output_format format,
                     struct rustc_line *line)
{
    *line = (struct rustc_line){0};
    cJSON *object = len > 0 && text[0] == '{' ? parse(text, len) : NULL;
    if (object != NULL) {
        read_object(object, text, len, format, line);
    } else {
        read_plain(text, len, format, line);
    }
    cJSON_Delete(object);
}
