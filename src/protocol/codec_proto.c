#include "protocol/codec_proto.h"

#include "base/bytes.h"
#include "base/failure.h"
#include "base/utf8.h"
#include "protocol/arena.h"
#include "protocol/work.h"
#include "worker_protocol.pb-c.h"

#include <string.h>

typedef Blaze__Worker__WorkRequest request_message;
typedef Blaze__Worker__WorkResponse response_message;

static void *alloc_block(void *arena, size_t size)
{
    return arena_alloc(arena, size);
}

static void keep_block(void *arena, void *block)
{
    (void)arena;
    (void)block;
}

static void free_arena(void *arena)
{
    arena_destroy(arena);
}

// The arena puts a NUL behind each block, so only one inside the text could cut it short.
static bool read_text(ProtobufCBinaryData field, const char **text)
{
    *text = field.len == 0 ? "" : (const char *)field.data;
    return memchr(*text, '\0', field.len) == NULL;
}

static bool read_arguments(const request_message *message, struct arena *arena,
                           struct work_request *request, struct failure *why)
{
    const char **arguments = arena_alloc(arena, message->n_arguments * sizeof arguments[0]);
    for (size_t i = 0; i < message->n_arguments; i++) {
        if (!read_text(message->arguments[i], &arguments[i])) {
            return failure_set(why, "argument %zu of the request has a NUL inside: '%.200s'", i + 1,
                               arguments[i]);
        }
    }
    request->arguments = arguments;
    request->argument_count = message->n_arguments;
    return true;
}

static bool read_inputs(const request_message *message, struct arena *arena,
                        struct work_request *request, struct failure *why)
{
    struct input *inputs = arena_alloc(arena, message->n_inputs * sizeof inputs[0]);
    for (size_t i = 0; i < message->n_inputs; i++) {
        const Blaze__Worker__Input *input = message->inputs[i];
        inputs[i] = (struct input){
            .digest = input->digest.len == 0 ? "" : (const char *)input->digest.data,
            .digest_len = input->digest.len,
        };
        if (!read_text(input->path, &inputs[i].path)) {
            return failure_set(why, "the path of input %zu has a NUL inside: '%.200s'", i + 1,
                               inputs[i].path);
        }
    }
    request->inputs = inputs;
    request->input_count = message->n_inputs;
    return true;
}

static bool read_message(const request_message *message, struct arena *arena,
                         struct work_request *request, struct failure *why)
{
    request->cancel = message->cancel;
    request->verbosity = message->verbosity;
    if (!read_text(message->sandbox_dir, &request->sandbox_dir)) {
        return failure_set(why, "the sandbox_dir of the request has a NUL inside: '%.200s'",
                           request->sandbox_dir);
    }
    return work_check_counts(message->n_arguments, message->n_inputs, why) &&
           read_arguments(message, arena, request, why) &&
           read_inputs(message, arena, request, why);
}

// Copies of the texts, and about as much again for what protobuf-c notes about each field.
static size_t expected_bytes(size_t frame_len)
{
    return frame_len * 2;
}

static enum decode_status decode(const char *frame, size_t len, struct work_request *request,
                                 struct failure *why)
{
    struct arena *arena = arena_create(expected_bytes(len));
    ProtobufCAllocator allocator = {alloc_block, keep_block, arena};
    *request = (struct work_request){.backing = arena, .free_backing = free_arena};
    const request_message *message =
        blaze__worker__work_request__unpack(&allocator, len, (const uint8_t *)frame);
    if (message == NULL) {
        work_request_finish(request);
        failure_set(why, "a frame of %zu bytes is not a WorkRequest in protobuf", len);
        return DECODE_BROKEN;
    }
    int32_t request_id = message->request_id;
    bool good = read_message(message, arena, request, why);
    if (!good) {
        work_request_finish(request);
    }
    request->request_id = request_id;
    return good ? DECODE_OK : DECODE_BAD_REQUEST;
}

static void append_length(struct bytes *out, size_t len)
{
    while (len >= 0x80) {
        char more = (char)(unsigned char)(0x80U | (len & 0x7fU));
        bytes_append(out, &more, 1);
        len >>= 7;
    }
    char last = (char)len;
    bytes_append(out, &last, 1);
}

static void encode(const struct work_response *response, struct bytes *out)
{
    struct bytes text = {0};
    utf8_append_valid(&text, response->output, response->output_len);
    response_message message = BLAZE__WORKER__WORK_RESPONSE__INIT;
    message.exit_code = response->exit_code;
    message.output = (ProtobufCBinaryData){.len = text.len, .data = (uint8_t *)text.data};
    message.request_id = response->request_id;
    message.was_cancelled = response->was_cancelled;
    size_t len = blaze__worker__work_response__get_packed_size(&message);
    append_length(out, len);
    char *place = bytes_reserve(out, len);
    out->len += blaze__worker__work_response__pack(&message, (uint8_t *)place);
    out->data[out->len] = '\0';
    bytes_finish(&text);
}

const struct codec codec_proto = {.decode = decode, .encode = encode};
