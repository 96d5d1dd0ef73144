// Any stream in any pieces: the first byte says the wire, the second how much is fed at a time.
#include "base/failure.h"
#include "protocol/frame.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    struct frame_reader reader = {.wire = size < 2 ? WIRE_AUTO : (enum wire)(data[0] % 3)};
    size_t step = size < 2 ? 1 : (size_t)data[1] + 1;
    for (size_t done = 2; done < size; done += step) {
        const char *frame = NULL;
        size_t len = 0;
        struct failure why;
        frame_reader_feed(&reader, (const char *)data + done,
                          size - done < step ? size - done : step);
        while (frame_reader_next(&reader, &frame, &len, &why) == FRAME_READY) {
            assert(frame + len <= reader.buffer.data + reader.offset);
        }
    }
    frame_reader_finish(&reader);
    return 0;
}
