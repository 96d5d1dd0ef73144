#include "protocol/arena.h"

#include "base/mem.h"

#include <stdalign.h>
#include <stdlib.h>

struct chunk {
    struct chunk *older;
    alignas(max_align_t) char data[];
};

struct arena {
    struct chunk *newest; // blocks are cut from this one
    size_t used;          // how many of its bytes are given away
    size_t capacity;      // how many it has
};

enum { CHUNK_MIN_BYTES = 4096 };

static void add_chunk(struct arena *arena, size_t capacity)
{
    struct chunk *chunk = mem_grow_array(NULL, sizeof *chunk + capacity, 1);
    chunk->older = arena->newest;
    arena->newest = chunk;
    arena->used = 0;
    arena->capacity = capacity;
}

struct arena *arena_create(size_t expected)
{
    struct arena *arena = mem_zalloc(sizeof *arena);
    add_chunk(arena, expected < CHUNK_MIN_BYTES ? CHUNK_MIN_BYTES : expected);
    return arena;
}

void arena_destroy(struct arena *arena)
{
    if (arena == NULL) {
        return;
    }
    while (arena->newest != NULL) {
        struct chunk *older = arena->newest->older;
        free(arena->newest);
        arena->newest = older;
    }
    free(arena);
}

void *arena_alloc(struct arena *arena, size_t size)
{
    const size_t alignment = alignof(max_align_t);
    size_t rounded = (size / alignment + 1) * alignment; // always at least one byte more: the NUL
    if (rounded > arena->capacity - arena->used) {
        add_chunk(arena, rounded > arena->capacity ? rounded : arena->capacity);
    }
    char *block = arena->newest->data + arena->used;
    arena->used += rounded;
    block[size] = '\0';
    return block;
}
