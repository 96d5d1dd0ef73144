#include "protocol/codec_json.h"

#include "base/bytes.h"
#include "base/failure.h"
#include "base/json.h"
#include "base/json_reader.h"
#include "base/utf8.h"
#include "protocol/json_line.h"
#include "protocol/request_builder.h"
#include "protocol/work.h"

#include <string.h>

// One line while it is read.
struct decoding {
    struct json_reader reader;
    struct request_builder *builder;
    struct work_request request;
    unsigned seen;     // the keys that came: of two, the first counts
    bool has_id;       // false: what stands there is no id
    struct failure id; // why
};

static bool read_number(struct decoding *decoding, const char *key, int32_t *number,
                        struct failure *why)
{
    double given = 0;
    bool is_number = json_reader_kind(&decoding->reader) == JSON_NUMBER;
    bool read = is_number ? json_reader_number(&decoding->reader, &given)
                          : json_reader_skip(&decoding->reader);
    if (!is_number || !(given >= INT32_MIN && given <= INT32_MAX) ||
        given != (double)(int32_t)given) {
        failure_set(why, "the request's %s is not a whole number of 32 bits", key);
        return false;
    }
    *number = (int32_t)given;
    return read;
}

static void read_id(struct decoding *decoding)
{
    decoding->has_id =
        read_number(decoding, "requestId", &decoding->request.request_id, &decoding->id);
}

static struct failure *blame(struct decoding *decoding)
{
    return request_builder_blame(decoding->builder);
}

static void read_verbosity(struct decoding *decoding)
{
    struct failure why;
    if (!read_number(decoding, "verbosity", &decoding->request.verbosity, &why)) {
        *blame(decoding) = why;
    }
}

static void read_cancel(struct decoding *decoding)
{
    enum json_kind kind = json_reader_kind(&decoding->reader);
    decoding->request.cancel = kind == JSON_TRUE;
    if (kind != JSON_TRUE && kind != JSON_FALSE) {
        failure_set(blame(decoding), "the request's cancel is neither true nor false");
    }
    json_reader_skip(&decoding->reader);
}

// Anything else than a text is passed over.
static bool read_text(struct decoding *decoding, const char **text, size_t *len)
{
    if (json_reader_kind(&decoding->reader) == JSON_TEXT) {
        return json_reader_text(&decoding->reader, text, len);
    }
    json_reader_skip(&decoding->reader);
    return false;
}

static void read_sandbox_dir(struct decoding *decoding)
{
    size_t len = 0;
    if (!read_text(decoding, &decoding->request.sandbox_dir, &len)) {
        failure_set(blame(decoding), "the request's sandboxDir is not a string");
    }
}

// False, and passed over: it is no list.
static bool begin_list(struct decoding *decoding, const char *key)
{
    if (json_reader_kind(&decoding->reader) == JSON_LIST) {
        return json_reader_begin(&decoding->reader, JSON_LIST);
    }
    failure_set(blame(decoding), "the request's %s is not a list", key);
    json_reader_skip(&decoding->reader);
    return false;
}

static void read_arguments(struct decoding *decoding)
{
    if (!begin_list(decoding, "arguments")) {
        return;
    }
    while (json_reader_item(&decoding->reader)) {
        const char *text = "";
        size_t len = 0;
        bool is_text = read_text(decoding, &text, &len);
        request_builder_add_argument(decoding->builder, text);
        if (!is_text) {
            failure_set(blame(decoding), "argument %zu of the request is not a string",
                        decoding->builder->argument_count);
        }
    }
}

static void read_input_member(struct decoding *decoding, const char *key, struct input *input)
{
    bool is_path = strcmp(key, "path") == 0;
    bool is_known = is_path || strcmp(key, "digest") == 0;
    size_t len = 0;
    if (!is_known || json_reader_kind(&decoding->reader) == JSON_NULL) {
        json_reader_skip(&decoding->reader);
    } else if (!read_text(decoding, is_path ? &input->path : &input->digest, &len)) {
        failure_set(blame(decoding), "the path or digest of input %zu is not a string",
                    decoding->builder->input_count);
    }
    if (is_known && !is_path) {
        input->digest_len = len;
    }
}

static void read_input(struct decoding *decoding)
{
    struct input *input = request_builder_add_input(decoding->builder);
    if (json_reader_kind(&decoding->reader) != JSON_OBJECT) {
        failure_set(blame(decoding), "input %zu of the request is not an object",
                    decoding->builder->input_count);
        json_reader_skip(&decoding->reader);
        return;
    }
    const char *key = NULL;
    json_reader_begin(&decoding->reader, JSON_OBJECT);
    while (json_reader_member(&decoding->reader, &key)) {
        read_input_member(decoding, key, input);
    }
}

static void read_inputs(struct decoding *decoding)
{
    bool is_list = begin_list(decoding, "inputs");
    while (is_list && json_reader_item(&decoding->reader)) {
        read_input(decoding);
    }
}

static const struct {
    const char *key;
    void (*read)(struct decoding *decoding);
} members[] = {
    {"arguments", read_arguments}, {"inputs", read_inputs},       {"requestId", read_id},
    {"cancel", read_cancel},       {"verbosity", read_verbosity}, {"sandboxDir", read_sandbox_dir},
};

// Null and absent say the same.
static void read_member(struct decoding *decoding, const char *key)
{
    size_t known = 0;
    while (known < sizeof members / sizeof members[0] && strcmp(members[known].key, key) != 0) {
        known++;
    }
    unsigned bit = 1U << known;
    bool is_wanted = known < sizeof members / sizeof members[0] && (decoding->seen & bit) == 0;
    decoding->seen |= bit;
    if (is_wanted && json_reader_kind(&decoding->reader) != JSON_NULL) {
        members[known].read(decoding);
    } else {
        json_reader_skip(&decoding->reader);
    }
}

static bool read_line(struct decoding *decoding)
{
    const char *key = NULL;
    json_reader_begin(&decoding->reader, JSON_OBJECT);
    while (json_reader_member(&decoding->reader, &key)) {
        read_member(decoding, key);
    }
    return json_reader_end(&decoding->reader);
}

// The line itself is untouched: it still shows whose it was when it cannot be read.
static enum decode_status read_request(struct decoding *decoding, const char *line, size_t len,
                                       struct failure *why)
{
    struct work_request *request = &decoding->request;
    if (!read_line(decoding)) {
        size_t mistake = (size_t)(decoding->reader.mistake - decoding->builder->text);
        failure_set(why, "the request is not a JSON object: see byte %zu of its line", mistake + 1);
        request->request_id = 0;
        bool found = json_line_scan_id(line, len, &request->request_id);
        return found ? DECODE_BAD_REQUEST : DECODE_BROKEN;
    }
    if (!decoding->has_id) {
        *why = decoding->id;
        request->request_id = 0;
        return DECODE_BROKEN;
    }
    if (decoding->reader.has_nul) {
        failure_set(why, "the request has a NUL (\\u0000) inside a string, which no argument and "
                         "no path can hold");
        return DECODE_BAD_REQUEST;
    }
    return request_builder_give(decoding->builder, request, why) ? DECODE_OK : DECODE_BAD_REQUEST;
}

static enum decode_status decode(const char *frame, size_t len, struct work_request *request,
                                 struct failure *why)
{
    struct decoding decoding = {.builder = request_builder_create(frame, len),
                                .request = {.sandbox_dir = ""},
                                .has_id = true};
    json_reader_init(&decoding.reader, decoding.builder->text, len);
    enum decode_status status = read_request(&decoding, frame, len, why);
    if (status != DECODE_OK) {
        request_builder_destroy(decoding.builder);
        decoding.request = (struct work_request){.request_id = decoding.request.request_id};
    }
    *request = decoding.request;
    return status;
}

static void encode(const struct work_response *response, struct bytes *out)
{
    struct bytes text = {0};
    utf8_append_valid(&text, response->output, response->output_len);
    bytes_append_format(out, "{\"exitCode\":%d,\"output\":", (int)response->exit_code);
    json_append_string(out, text.data, text.len);
    bytes_append_format(out, ",\"requestId\":%d%s}\n", (int)response->request_id,
                        response->was_cancelled ? ",\"wasCancelled\":true" : "");
    bytes_finish(&text);
}

const struct codec codec_json = {.decode = decode, .encode = encode};
