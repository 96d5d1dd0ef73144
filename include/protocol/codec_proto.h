/**
 * Length-delimited messages of proto/worker_protocol.proto. Unknown fields are ignored. Requests
 * are read where they lie, because they may be large; responses are protobuf-c's work.
 */
#ifndef RELAY_PROTOCOL_CODEC_PROTO_H
#define RELAY_PROTOCOL_CODEC_PROTO_H

#include "protocol/codec.h"

/** The codec of WIRE_PROTO. */
extern const struct codec codec_proto;

#endif
