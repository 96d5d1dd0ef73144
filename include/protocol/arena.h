/**
 * Memory for many small blocks that all live and die together: a few mallocs instead of thousands.
 */
#ifndef RELAY_PROTOCOL_ARENA_H
#define RELAY_PROTOCOL_ARENA_H

#include <stddef.h>

struct arena;

/** An arena with room for about `expected` bytes; it grows past that. Destroy it with
 * arena_destroy(). */
struct arena *arena_create(size_t expected);

/** Frees the arena and every block in it. Accepts NULL. */
void arena_destroy(struct arena *arena);

/**
 * `size` bytes, aligned for any type, not zeroed, owned by the arena. A NUL lies behind them, so
 * that a block filled with text is a C string. Never NULL.
 */
void *arena_alloc(struct arena *arena, size_t size);

#endif
