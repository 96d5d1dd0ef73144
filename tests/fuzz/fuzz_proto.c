// Our own reader of requests beside protobuf-c's: what ours accepts is what that one reads.
#include "base/failure.h"
#include "protocol/wire.h"
#include "protocol/work.h"
#include "worker_protocol.pb-c.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

typedef Blaze__Worker__WorkRequest request_message;

static void check(bool equal)
{
    if (!equal) {
        abort();
    }
}

static void check_bytes(const char *ours, size_t len, const ProtobufCBinaryData *theirs)
{
    check(len == theirs->len && (len == 0 || memcmp(ours, theirs->data, len) == 0));
}

static void check_text(const char *ours, const ProtobufCBinaryData *theirs)
{
    check_bytes(ours, strlen(ours), theirs);
}

static void check_input(const struct input *ours, const Blaze__Worker__Input *theirs)
{
    check_text(ours->path, &theirs->path);
    check_bytes(ours->digest, ours->digest_len, &theirs->digest);
}

static void check_request(const struct work_request *ours, const request_message *theirs)
{
    check(ours->argument_count == theirs->n_arguments && ours->input_count == theirs->n_inputs);
    for (size_t i = 0; i < ours->argument_count; i++) {
        check_text(ours->arguments[i], &theirs->arguments[i]);
    }
    for (size_t i = 0; i < ours->input_count; i++) {
        check_input(&ours->inputs[i], theirs->inputs[i]);
    }
    check(ours->request_id == theirs->request_id && ours->cancel == (theirs->cancel != 0));
    check(ours->verbosity == theirs->verbosity);
    check_text(ours->sandbox_dir, &theirs->sandbox_dir);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    struct work_request request;
    struct failure why;
    request_message *message = blaze__worker__work_request__unpack(NULL, size, data);
    switch (codec_for(WIRE_PROTO)->decode((const char *)data, size, &request, &why)) {
    case DECODE_OK:
        check(message != NULL);
        check_request(&request, message);
        break;
    case DECODE_BAD_REQUEST:
        check(message != NULL && request.request_id == message->request_id);
        break;
    case DECODE_BROKEN:
        break;
    }
    work_request_finish(&request);
    if (message != NULL) {
        blaze__worker__work_request__free_unpacked(message, NULL);
    }
    return 0;
}
