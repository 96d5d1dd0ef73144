// The Adler-32 checksum: two sums modulo the largest prime below 2^16.
#include "adler32.h"

enum { MODULUS = 65521 };

uint32_t example_adler32(const uint8_t *bytes, size_t size)
{
    uint32_t low = 1;
    uint32_t high = 0;
    for (size_t i = 0; i < size; i++) {
        low = (low + bytes[i]) % MODULUS;
        high = (high + low) % MODULUS;
    }
    return high << 16 | low;
}
