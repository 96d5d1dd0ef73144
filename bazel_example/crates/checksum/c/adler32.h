/** The Adler-32 checksum. */
#ifndef ADLER32_H
#define ADLER32_H

#include <stddef.h>
#include <stdint.h>

/** Returns the Adler-32 checksum of the `size` bytes at `bytes`. */
uint32_t example_adler32(const uint8_t *bytes, size_t size);

#endif
