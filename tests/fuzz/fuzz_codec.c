// Any frame: JSON when it starts with a brace; what it held goes back out as responses.
#include "base/bytes.h"
#include "base/failure.h"
#include "protocol/wire.h"
#include "protocol/work.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    const struct codec *codec = codec_for(size > 0 && data[0] == '{' ? WIRE_JSON : WIRE_PROTO);
    struct work_request request;
    struct failure why;
    struct bytes out = {0};
    codec->decode((const char *)data, size, &request, &why);
    for (size_t i = 0; i < request.argument_count; i++) {
        const char *text = request.arguments[i];
        codec->encode(&(struct work_response){.output = text, .output_len = strlen(text)}, &out);
    }
    work_request_finish(&request);
    bytes_finish(&out);
    return 0;
}
