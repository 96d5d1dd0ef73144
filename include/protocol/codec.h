/**
 * Frames to requests and responses to frames, on either wire.
 */
#ifndef RELAY_PROTOCOL_CODEC_H
#define RELAY_PROTOCOL_CODEC_H

#include "protocol/frame.h"

struct bytes;
struct failure;
struct work_request;
struct work_response;

/** OK: run it. BAD_REQUEST: answer it with `why`. BROKEN: nobody can be answered. */
enum decode_status { DECODE_OK, DECODE_BAD_REQUEST, DECODE_BROKEN };

struct codec {
    /**
     * Reads one frame, which need not outlive the call. OK: `request` is whole and the caller's to
     * work_request_finish(). BAD_REQUEST: `request` is zero but for its request_id, and `why` says
     * what is wrong with it: a field of the wrong type, a NUL inside a text, more arguments or
     * inputs than the caps, a JSON line that does not parse but still shows its id.
     * BROKEN: `request` is zero and `why` says why no request could be found in the frame.
     */
    enum decode_status (*decode)(const char *frame, size_t len, struct work_request *request,
                                 struct failure *why);

    /**
     * Appends one whole frame, its newline or length included. Output that is not UTF-8 is made so
     * (utf8_append_valid()); control characters other than NUL arrive as they are. Cannot fail.
     */
    void (*encode)(const struct work_response *response, struct bytes *out);
};

#endif
