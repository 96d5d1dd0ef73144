/**
 * The codec of each wire.
 */
#ifndef RELAY_PROTOCOL_WIRE_H
#define RELAY_PROTOCOL_WIRE_H

#include "protocol/codec.h"

/** The codec of a wire that is known: never WIRE_AUTO. */
const struct codec *codec_for(enum wire wire);

#endif
