/**
 * A growable buffer of bytes: append at the back, consume from the front.
 * A zeroed struct is an empty buffer. The data always have a NUL behind them once anything was
 * appended, so text in a buffer can be read as a C string; `len` does not count it.
 */
#ifndef RELAY_BASE_BYTES_H
#define RELAY_BASE_BYTES_H

#include <stddef.h>

struct bytes {
    char *data;      /**< what is in it; NULL only while nothing was ever appended */
    size_t len;      /**< how many bytes of `data` count */
    size_t capacity; /**< how many fit before the next growth, the NUL included */
};

/** Frees the memory and leaves an empty buffer. */
void bytes_finish(struct bytes *buf);

/** Room for `extra` more bytes; returns the place to write them (then add to `len` what was
 * written). */
char *bytes_reserve(struct bytes *buf, size_t extra);

/** Appends `len` bytes of `data` (which must not lie inside the buffer). */
void bytes_append(struct bytes *buf, const char *data, size_t len);

/** Appends the text without its NUL. */
void bytes_append_text(struct bytes *buf, const char *text);

/** Appends formatted text. */
void bytes_append_format(struct bytes *buf, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/** Appends the number with a comma between thousands. */
void bytes_append_count(struct bytes *buf, size_t count);

/** Drops the first `count` bytes (at most `len`). */
void bytes_consume(struct bytes *buf, size_t count);

/** The data as a NUL-terminated block owned by the caller; the buffer is empty afterwards. */
char *bytes_detach(struct bytes *buf);

/** The text in it; "" for a buffer that was never filled. Borrowed until the next change. */
const char *bytes_text(const struct bytes *buf);

#endif
