/**
 * One sentence that says what failed, on which object, why, and what to do.
 * Fallible functions return bool and take `struct failure *why` last; it is written only on
 * failure.
 */
#ifndef RELAY_BASE_FAILURE_H
#define RELAY_BASE_FAILURE_H

#include <stdbool.h>

/** Longer sentences are cut; a path and its reason fit. */
enum { FAILURE_MAX_BYTES = 1024 };

struct failure {
    char text[FAILURE_MAX_BYTES]; /**< the sentence, without a closing full stop or newline */
};

/** Writes the sentence. Always returns false, so that a caller can `return failure_set(why, …);`.
 */
bool failure_set(struct failure *why, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/** The same with ": " and strerror(error) behind it. */
bool failure_errno(struct failure *why, int error, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
