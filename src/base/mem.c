#include "base/mem.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_ROOM = 16 };

static void die(void)
{
    fputs("rustc-relay: out of memory\n", stderr);
    abort();
}

static size_t product(size_t count, size_t size)
{
    if (size != 0 && count > SIZE_MAX / size) {
        die();
    }
    return count * size;
}

void *mem_zalloc(size_t size)
{
    return mem_zalloc_array(1, size);
}

void *mem_zalloc_array(size_t count, size_t size)
{
    size_t total = product(count, size);
    return mem_checked(calloc(1, total == 0 ? 1 : total));
}

void *mem_grow_array(void *take_block, size_t count, size_t size)
{
    size_t total = product(count, size);
    return mem_checked(realloc(take_block, total == 0 ? 1 : total));
}

// There is room up to the next power of two, at least.
void *mem_reserve_one(void *take_items, size_t count, size_t size)
{
    bool is_full = count >= FIRST_ROOM && (count & (count - 1)) == 0;
    if (take_items != NULL && !is_full) {
        return take_items;
    }
    return mem_grow_array(take_items, is_full ? 2 * count : FIRST_ROOM, size);
}

void *mem_checked(void *block)
{
    if (block == NULL) {
        die();
    }
    return block;
}

char *mem_dup(const char *text)
{
    return mem_dup_len(text, strlen(text));
}

char *mem_dup_len(const char *data, size_t len)
{
    char *copy = mem_grow_array(NULL, len + 1, 1);
    if (len > 0) {
        memcpy(copy, data, len);
    }
    copy[len] = '\0';
    return copy;
}

char *mem_format(const char *format, ...)
{
    va_list args;
    va_list again;
    va_start(args, format);
    va_copy(again, args);
    int len = vsnprintf(NULL, 0, format, args);
    va_end(args);
    char *text = mem_zalloc((size_t)(len < 0 ? 0 : len) + 1);
    vsnprintf(text, (size_t)(len < 0 ? 0 : len) + 1, format, again);
    va_end(again);
    return text;
}
