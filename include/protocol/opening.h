/**
 * Tells which wire a stream of requests is written for, by its first bytes.
 *
 * JSON: blanks and empty lines, `{`, blanks, then `"` or `}`; a byte order mark may stand in front.
 * Protobuf: a length, then the first field of a WorkRequest, which fits into it. A `{` is also the
 * length 123, and a blank a length or the tag of `cancel`, so three bytes or more may be needed.
 * Where both readings stand, the stream is JSON: what speaks for protobuf then is a first argument
 * that begins with blanks and a quote.
 */
#ifndef RELAY_PROTOCOL_OPENING_H
#define RELAY_PROTOCOL_OPENING_H

#include <stddef.h>

/** MORE: too few bytes to tell. NEITHER: more of them will not help. */
enum opening { OPENING_MORE, OPENING_JSON, OPENING_PROTO, OPENING_NEITHER };

/** So many bytes tell; more blanks in front of a request are neither. */
enum { OPENING_MAX_BYTES = 4096 };

/** What the bytes from the start of the stream say. */
enum opening opening_read(const char *data, size_t len);

/** How many bytes a byte order mark in front of JSON takes, all of which have come: 3 or 0. */
size_t opening_mark_bytes(const char *data, size_t len);

#endif
