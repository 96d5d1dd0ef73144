/**
 * Cuts a stream of bytes into frames: JSON lines, or protobuf messages behind a varint length.
 * Bytes come in pieces of any size; the frames do not depend on where the pieces end, and the time
 * taken is linear in the bytes.
 */
#ifndef RELAY_PROTOCOL_FRAME_H
#define RELAY_PROTOCOL_FRAME_H

#include "base/bytes.h"

#include <stdbool.h>
#include <stddef.h>

struct failure;

/** How requests and responses are written. WIRE_AUTO: told by the first bytes, protocol/opening.h.
 */
enum wire { WIRE_AUTO, WIRE_JSON, WIRE_PROTO };

/** READY: here is a frame. PARTIAL: feed more bytes. BROKEN: no frame will come any more. */
enum frame_status { FRAME_READY, FRAME_PARTIAL, FRAME_BROKEN };

/** A larger frame breaks the stream. 3,000 inputs take about 0.5 MB. */
enum { FRAME_MAX_BYTES = 256 * 1024 * 1024 };

/** A zeroed reader with its wire set is ready for use. */
struct frame_reader {
    enum wire wire;      /**< how the bytes are cut; WIRE_AUTO until told apart */
    size_t max_bytes;    /**< the largest frame allowed; 0: FRAME_MAX_BYTES */
    struct bytes buffer; /**< bytes fed, from some frame's start on */
    size_t offset;       /**< where in `buffer` the next frame starts */
    size_t scanned;      /**< JSON: no line ends between `offset` and here */
    bool any;            /**< JSON: was there a line? */
};

/** Makes a reader that has seen nothing. */
void frame_reader_init(struct frame_reader *reader, enum wire wire);

/** Frees the memory. The reader may be dropped or init'ed again. */
void frame_reader_finish(struct frame_reader *reader);

/** Takes a copy of the next `len` bytes of the stream. */
void frame_reader_feed(struct frame_reader *reader, const char *data, size_t len);

/**
 * The next whole frame, without its newline or length. On READY `*frame` is borrowed until the next
 * call on this reader; on BROKEN `why` says what is wrong with the stream, and stays so.
 * JSON lines of blanks only are skipped, and so is a byte order mark in front of the first. A
 * protobuf frame may have no bytes: a request of defaults.
 */
enum frame_status frame_reader_next(struct frame_reader *reader, const char **frame, size_t *len,
                                    struct failure *why);

/** How the bytes are cut; WIRE_AUTO as long as too few came to tell. */
enum wire frame_reader_wire(const struct frame_reader *reader);

/**
 * May the input end here? False: inside a frame, which is then truncated (a JSON line without its
 * newline is too). Ask after frame_reader_next() has returned PARTIAL.
 */
bool frame_reader_at_boundary(const struct frame_reader *reader);

#endif
