/**
 * Length-delimited messages of proto/worker_protocol.proto. Unknown fields are ignored; what a
 * request points to is protobuf-c's message, unpacked into an arena.
 */
#ifndef RELAY_PROTOCOL_CODEC_PROTO_H
#define RELAY_PROTOCOL_CODEC_PROTO_H

#include "protocol/codec.h"

/** The codec of WIRE_PROTO. */
extern const struct codec codec_proto;

#endif
