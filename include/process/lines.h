/**
 * Bytes in pieces of any size -> lines without their newline. Bytes are bytes: nothing is decoded,
 * NUL is a byte like any other. A zeroed struct is ready.
 */
#ifndef RELAY_PROCESS_LINES_H
#define RELAY_PROCESS_LINES_H

#include "base/bytes.h"

#include <stdbool.h>

/** What a child can make us keep. A line that is longer comes in pieces; the last of them has at
 * least half as much, so that what stands at the end of a line is whole. */
enum { LINES_MAX_BYTES = 8 * 1024 * 1024 };

/** One line; `line` is borrowed for the call only and not NUL-terminated. `ends`: a newline stands
 * behind it. (False: this is a piece, or the last line of all.) */
typedef void lines_sink(void *owner, const char *line, size_t len, bool ends);

struct lines {
    struct bytes partial; /**< the beginning of a line whose newline has not come yet */
};

/** Frees the memory; a partial line is dropped. */
void lines_finish(struct lines *lines);

/**
 * Takes the next bytes and hands out every line they complete. The sink must not call back into
 * it.
 */
void lines_feed(struct lines *lines, const char *data, size_t len, lines_sink *sink, void *owner);

/** End of the bytes: hands out an unterminated last line, if there is one. */
void lines_flush(struct lines *lines, lines_sink *sink, void *owner);

#endif
