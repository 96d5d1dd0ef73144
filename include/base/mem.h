/**
 * Memory that is always there: out of memory ends the program, in this one place.
 * Bazel restarts workers; branches that are never tested do not pay.
 */
#ifndef RELAY_BASE_MEM_H
#define RELAY_BASE_MEM_H

#include <stddef.h>

/** `size` zeroed bytes, owned by the caller (free()). Never NULL. */
void *mem_zalloc(size_t size);

/** `count` zeroed elements of `size` bytes; an overflow of the product ends the program. */
void *mem_zalloc_array(size_t count, size_t size);

/** realloc() for `count` elements of `size` bytes; never NULL. New bytes are not zeroed. */
void *mem_grow_array(void *take_block, size_t count, size_t size);

/**
 * `take_items`, which hold `count` elements of `size` bytes, with room for one more; NULL is an
 * empty array. For arrays that grow only by this call: their room is not written down. Linear in
 * the number of calls.
 */
void *mem_reserve_one(void *take_items, size_t count, size_t size);

/** `block` as it is; NULL, what a library returns when it finds no memory, ends the program. */
void *mem_checked(void *block);

/** A copy of `text`, owned by the caller. */
char *mem_dup(const char *text);

/** A copy of `len` bytes of `data` with a closing NUL, owned by the caller. */
char *mem_dup_len(const char *data, size_t len);

/** A formatted string, owned by the caller. */
char *mem_format(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
