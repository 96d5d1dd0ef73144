/**
 * Text of unknown origin made fit to be shown and sent.
 */
#ifndef RELAY_BASE_UTF8_H
#define RELAY_BASE_UTF8_H

#include <stddef.h>

struct bytes;

/**
 * Appends `text` as valid UTF-8 without NUL: U+FFFD stands for each NUL and for each maximal
 * subpart of an ill-formed sequence, as Unicode recommends and browsers do. Control characters
 * stay. `text` must not lie inside `out`; NULL is allowed when `len` is 0.
 */
void utf8_append_valid(struct bytes *out, const char *text, size_t len);

#endif
