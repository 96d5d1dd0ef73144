#include "base/mem.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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
    void *block = calloc(1, total == 0 ? 1 : total);
    if (block == NULL) {
        die();
    }
    return block;
}

void *mem_grow_array(void *take_block, size_t count, size_t size)
{
    size_t total = product(count, size);
    void *block = realloc(take_block, total == 0 ? 1 : total);
    if (block == NULL) {
        die();
    }
    return block;
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
