#include "protocol/wire.h"

#include "protocol/codec_json.h"
#include "protocol/codec_proto.h"

#include <assert.h>

const struct codec *codec_for(enum wire wire)
{
    assert(wire != WIRE_AUTO);
    return wire == WIRE_JSON ? &codec_json : &codec_proto;
}
