#include "protocol/codec_json.h"

#include "base/bytes.h"
#include "base/failure.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "protocol/json_line.h"
#include "protocol/work.h"

#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>

// What a decoded request points into.
struct backing {
    cJSON *tree;            // holds every text
    const char **arguments; // pointers to them
    struct input *inputs;   // the same for inputs
};

static void free_backing(void *block)
{
    struct backing *backing = block;
    cJSON_Delete(backing->tree);
    free(backing->arguments);
    free(backing->inputs);
    free(backing);
}

// The value of a key; NULL when it is absent or null, which say the same.
static const cJSON *field(const cJSON *object, const char *key)
{
    const cJSON *value = cJSON_GetObjectItemCaseSensitive(object, key);
    return cJSON_IsNull(value) ? NULL : value;
}

static bool read_int32(const cJSON *object, const char *key, int32_t *number, struct failure *why)
{
    const cJSON *value = field(object, key);
    double given = value == NULL ? 0 : value->valuedouble;
    if (value != NULL && (!cJSON_IsNumber(value) || !(given >= INT32_MIN && given <= INT32_MAX) ||
                          given != (double)(int32_t)given)) {
        return failure_set(why, "the request's %s is not a whole number of 32 bits", key);
    }
    *number = (int32_t)given;
    return true;
}

static bool read_bool(const cJSON *object, const char *key, bool *flag, struct failure *why)
{
    const cJSON *value = field(object, key);
    if (value != NULL && !cJSON_IsBool(value)) {
        return failure_set(why, "the request's %s is neither true nor false", key);
    }
    *flag = cJSON_IsTrue(value);
    return true;
}

static bool read_text(const cJSON *object, const char *key, const char **text)
{
    const cJSON *value = field(object, key);
    *text = cJSON_IsString(value) ? value->valuestring : "";
    return value == NULL || cJSON_IsString(value);
}

// The first element of a list, NULL when it is empty or absent.
static bool read_list(const cJSON *object, const char *key, const cJSON **first, size_t *count,
                      struct failure *why)
{
    const cJSON *list = field(object, key);
    if (list != NULL && !cJSON_IsArray(list)) {
        return failure_set(why, "the request's %s is not a list", key);
    }
    *first = list == NULL ? NULL : list->child;
    *count = list == NULL ? 0 : (size_t)cJSON_GetArraySize(list);
    return true;
}

static bool read_arguments(const cJSON *first, const char **arguments, struct failure *why)
{
    size_t i = 0;
    for (const cJSON *argument = first; argument != NULL; argument = argument->next, i++) {
        if (!cJSON_IsString(argument)) {
            return failure_set(why, "argument %zu of the request is not a string", i + 1);
        }
        arguments[i] = argument->valuestring;
    }
    return true;
}

static bool read_inputs(const cJSON *first, struct input *inputs, struct failure *why)
{
    size_t i = 0;
    for (const cJSON *input = first; input != NULL; input = input->next, i++) {
        if (!cJSON_IsObject(input)) {
            return failure_set(why, "input %zu of the request is not an object", i + 1);
        }
        if (!read_text(input, "path", &inputs[i].path) ||
            !read_text(input, "digest", &inputs[i].digest)) {
            return failure_set(why, "the path or digest of input %zu is not a string", i + 1);
        }
        inputs[i].digest_len = strlen(inputs[i].digest);
    }
    return true;
}

static bool read_lists(struct backing *backing, struct work_request *request, struct failure *why)
{
    const cJSON *first_argument = NULL;
    const cJSON *first_input = NULL;
    if (!read_list(backing->tree, "arguments", &first_argument, &request->argument_count, why) ||
        !read_list(backing->tree, "inputs", &first_input, &request->input_count, why) ||
        !work_check_counts(request->argument_count, request->input_count, why)) {
        return false;
    }
    backing->arguments = mem_zalloc_array(request->argument_count, sizeof backing->arguments[0]);
    backing->inputs = mem_zalloc_array(request->input_count, sizeof backing->inputs[0]);
    request->arguments = backing->arguments;
    request->inputs = backing->inputs;
    return read_arguments(first_argument, backing->arguments, why) &&
           read_inputs(first_input, backing->inputs, why);
}

static bool read_request(const char *line, size_t len, struct backing *backing,
                         struct work_request *request, struct failure *why)
{
    if (json_line_has_nul(line, len)) {
        return failure_set(why, "the request has a NUL (\\u0000) inside a string, which no "
                                "argument and no path can hold");
    }
    if (!read_text(backing->tree, "sandboxDir", &request->sandbox_dir)) {
        return failure_set(why, "the request's sandboxDir is not a string");
    }
    return read_bool(backing->tree, "cancel", &request->cancel, why) &&
           read_int32(backing->tree, "verbosity", &request->verbosity, why) &&
           read_lists(backing, request, why);
}

static enum decode_status decode(const char *frame, size_t len, struct work_request *request,
                                 struct failure *why)
{
    *request = (struct work_request){0};
    cJSON *tree = json_line_parse(frame, len, why);
    if (tree == NULL) {
        bool found = json_line_scan_id(frame, len, &request->request_id);
        return found ? DECODE_BAD_REQUEST : DECODE_BROKEN;
    }
    struct backing *backing = mem_zalloc(sizeof *backing);
    backing->tree = tree;
    request->backing = backing;
    request->free_backing = free_backing;
    int32_t request_id = 0;
    enum decode_status status = DECODE_OK;
    if (!read_int32(tree, "requestId", &request_id, why)) {
        status = DECODE_BROKEN;
    } else if (!read_request(frame, len, backing, request, why)) {
        status = DECODE_BAD_REQUEST;
    }
    if (status != DECODE_OK) {
        work_request_finish(request);
    }
    request->request_id = request_id;
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
