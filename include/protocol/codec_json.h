/**
 * Bazel's JSON: one object with camelCase keys per line. Unknown keys are ignored, null is absent,
 * of two equal keys the first counts. Requests are read where they lie, because they may be large.
 */
#ifndef RELAY_PROTOCOL_CODEC_JSON_H
#define RELAY_PROTOCOL_CODEC_JSON_H

#include "protocol/codec.h"

/** The codec of WIRE_JSON. */
extern const struct codec codec_json;

#endif
