/**
 * One input of a request: which file, with which content. The wire decodes it, the identity digests
 * it, the private root links it.
 */
#ifndef RELAY_BASE_INPUT_H
#define RELAY_BASE_INPUT_H

#include <stddef.h>

/** All borrowed. */
struct input {
    const char *path;   /**< relative to the directory of the request; "" when absent */
    const char *digest; /**< opaque bytes; in JSON the base64 text as it came */
    size_t digest_len;  /**< how many bytes of `digest` count */
};

/** Sorts by path, bytewise; inputs of one path keep their order. Fast when the list is a few sorted
 * parts, one behind the other, as Bazel sends it. */
void input_sort(struct input *inputs, size_t count);

#endif
