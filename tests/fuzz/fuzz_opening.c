// The first bytes of any stream: once they tell, what comes behind changes nothing.
#include "protocol/opening.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    enum opening told = OPENING_MORE;
    size_t max = size < 64 ? size : 64;
    for (size_t len = 0; len <= max; len++) {
        enum opening now = opening_read((const char *)data, len);
        assert(told == OPENING_MORE || now == told);
        told = now;
    }
    return 0;
}
