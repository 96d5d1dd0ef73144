/**
 * The three standard descriptors at the start of the worker.
 */
#ifndef RELAY_PROCESS_STDIO_H
#define RELAY_PROCESS_STDIO_H

#include "base/failure.h"

/**
 * Moves fd 0 and 1 out of reach, so that nothing but responses can get to Bazel: `*ret_in_fd` and
 * `*ret_out_fd` are the old ones (>= 3, close-on-exec, owned by the caller), fd 0 reads /dev/null
 * and fd 1 is a copy of stderr. Those of 0-2 that are closed at start are filled with /dev/null
 * first, so that no later open() lands there. Call once, before anything else opens descriptors.
 * See dup2(2).
 */
bool stdio_take(int *ret_in_fd, int *ret_out_fd, struct failure *why);

#endif
