#include "protocol/codec_proto.h"

#include "base/bytes.h"
#include "base/failure.h"
#include "base/utf8.h"
#include "protocol/proto_reader.h"
#include "protocol/request_builder.h"
#include "protocol/work.h"
#include "worker_protocol.pb-c.h"

#include <string.h>

typedef Blaze__Worker__WorkResponse response_message;

// The numbers of proto/worker_protocol.proto.
enum { REQUEST_ARGUMENT = 1, REQUEST_INPUT, REQUEST_ID, REQUEST_CANCEL, REQUEST_VERBOSITY };
enum { REQUEST_SANDBOX_DIR = 6 };
enum { INPUT_PATH = 1, INPUT_DIGEST };

static bool has_nul(const struct proto_field *field)
{
    return memchr(field->text, '\0', field->len) != NULL;
}

static bool read_number(const struct proto_field *field, int32_t *number)
{
    *number = (int32_t)(uint32_t)field->value;
    return field->kind == PROTO_VARINT;
}

static bool read_argument(struct proto_reader *reader, const struct proto_field *field,
                          struct request_builder *builder)
{
    if (field->kind != PROTO_TEXT) {
        return false;
    }
    request_builder_add_argument(builder, proto_reader_take(reader, field));
    if (has_nul(field)) {
        failure_set(request_builder_blame(builder),
                    "argument %zu of the request has a NUL inside: '%.200s'",
                    builder->argument_count, field->text);
    }
    return true;
}

static bool read_input_field(struct proto_reader *reader, const struct proto_field *field,
                             struct request_builder *builder, struct input *input)
{
    bool is_known = field->number == INPUT_PATH || field->number == INPUT_DIGEST;
    if (!is_known || field->kind != PROTO_TEXT) {
        return !is_known;
    }
    const char *text = proto_reader_take(reader, field);
    if (field->number == INPUT_DIGEST) {
        input->digest = text;
        input->digest_len = field->len;
        return true;
    }
    input->path = text;
    if (has_nul(field)) {
        failure_set(request_builder_blame(builder),
                    "the path of input %zu has a NUL inside: '%.200s'", builder->input_count, text);
    }
    return true;
}

static bool read_input(struct proto_reader *reader, const struct proto_field *field,
                       struct request_builder *builder)
{
    if (field->kind != PROTO_TEXT) {
        return false;
    }
    struct input *input = request_builder_add_input(builder);
    struct proto_reader within = proto_reader_within(reader, field);
    struct proto_field inner;
    enum proto_status status = PROTO_FIELD;
    while ((status = proto_reader_next(&within, &inner)) == PROTO_FIELD) {
        if (!read_input_field(&within, &inner, builder, input)) {
            return false;
        }
    }
    return status == PROTO_END;
}

static bool read_sandbox_dir(struct proto_reader *reader, const struct proto_field *field,
                             struct request_builder *builder, struct work_request *request)
{
    if (field->kind != PROTO_TEXT) {
        return false;
    }
    request->sandbox_dir = proto_reader_take(reader, field);
    if (has_nul(field)) {
        failure_set(request_builder_blame(builder),
                    "the sandbox_dir of the request has a NUL inside: '%.200s'",
                    request->sandbox_dir);
    }
    return true;
}

static bool read_field(struct proto_reader *reader, const struct proto_field *field,
                       struct request_builder *builder, struct work_request *request)
{
    switch (field->number) {
    case REQUEST_ARGUMENT:
        return read_argument(reader, field, builder);
    case REQUEST_INPUT:
        return read_input(reader, field, builder);
    case REQUEST_ID:
        return read_number(field, &request->request_id);
    case REQUEST_CANCEL:
        request->cancel = field->value != 0;
        return field->kind == PROTO_VARINT;
    case REQUEST_VERBOSITY:
        return read_number(field, &request->verbosity);
    case REQUEST_SANDBOX_DIR:
        return read_sandbox_dir(reader, field, builder, request);
    default:
        return true;
    }
}

// False: the frame is no request.
static bool read_message(struct request_builder *builder, size_t len, struct work_request *request)
{
    char *text_end = NULL;
    struct proto_reader reader = {
        .at = builder->text, .end = builder->text + len, .text_end = &text_end};
    struct proto_field field = {0};
    enum proto_status status = PROTO_FIELD;
    while ((status = proto_reader_next(&reader, &field)) == PROTO_FIELD) {
        if (!read_field(&reader, &field, builder, request)) {
            return false;
        }
    }
    return status == PROTO_END;
}

static enum decode_status decode(const char *frame, size_t len, struct work_request *request,
                                 struct failure *why)
{
    struct request_builder *builder = request_builder_create(frame, len);
    struct work_request read = {.sandbox_dir = ""};
    enum decode_status status = DECODE_OK;
    if (!read_message(builder, len, &read)) {
        read.request_id = 0;
        failure_set(why, "a frame of %zu bytes is not a WorkRequest in protobuf", len);
        status = DECODE_BROKEN;
    } else if (!request_builder_give(builder, &read, why)) {
        status = DECODE_BAD_REQUEST;
    }
    if (status != DECODE_OK) {
        request_builder_destroy(builder);
        read = (struct work_request){.request_id = read.request_id};
    }
    *request = read;
    return status;
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
