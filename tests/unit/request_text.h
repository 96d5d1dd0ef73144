// A decoded frame as one line of text, so that a test's row can say what it expects.
#ifndef RELAY_TESTS_REQUEST_TEXT_H
#define RELAY_TESTS_REQUEST_TEXT_H

#include "base/bytes.h"
#include "base/failure.h"
#include "protocol/codec.h"
#include "protocol/work.h"

#include <stdlib.h>
#include <string.h>

static void append_request(struct bytes *text, const struct work_request *request)
{
    bytes_append_format(text, "id=%d%s verbosity=%d sandbox='%s' arguments=", request->request_id,
                        request->cancel ? " cancel" : "", request->verbosity, request->sandbox_dir);
    for (size_t i = 0; i < request->argument_count; i++) {
        bytes_append_format(text, "[%s]", request->arguments[i]);
    }
    bytes_append_text(text, " inputs=");
    for (size_t i = 0; i < request->input_count; i++) {
        const struct input *input = &request->inputs[i];
        bytes_append_format(text, "[%s#", input->path);
        bytes_append(text, input->digest, input->digest_len);
        bytes_append_text(text, "]");
    }
}

// Zero but for its id: nothing to free, nothing to read?
static bool is_bare(const struct work_request *request)
{
    struct work_request bare = {.request_id = request->request_id};
    return request->arguments == bare.arguments && request->inputs == bare.inputs &&
           request->argument_count == 0 && request->input_count == 0 && !request->cancel &&
           request->verbosity == 0 && request->sandbox_dir == NULL && request->backing == NULL &&
           request->free_backing == NULL;
}

// "id=1 …" for a good frame, "bad 1: why" and "broken: why" for others. The frame lies in memory
// of just its size and is overwritten before the request is read.
static void append_decoded(struct bytes *text, const struct codec *codec, const char *frame,
                           size_t len)
{
    char *exact = malloc(len == 0 ? 1 : len);
    memcpy(exact, frame, len);
    struct work_request request;
    struct failure why;
    enum decode_status status = codec->decode(exact, len, &request, &why);
    memset(exact, '?', len);
    free(exact);
    if (status == DECODE_OK) {
        append_request(text, &request);
    } else if (!is_bare(&request)) {
        bytes_append_text(text, "a request that is not bare");
    } else if (status == DECODE_BAD_REQUEST) {
        bytes_append_format(text, "bad %d: %s", request.request_id, why.text);
    } else {
        bytes_append_format(text, "%sbroken: %s", request.request_id == 0 ? "" : "id set, ",
                            why.text);
    }
    work_request_finish(&request);
    work_request_finish(&request);
}

#endif
