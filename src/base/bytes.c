#include "base/bytes.h"

#include "base/mem.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void bytes_finish(struct bytes *buf)
{
    free(buf->data);
    *buf = (struct bytes){0};
}

char *bytes_reserve(struct bytes *buf, size_t extra)
{
    size_t need = buf->len + extra + 1;
    if (need > buf->capacity) {
        size_t twice = buf->capacity * 2;
        buf->capacity = need > twice ? need : twice;
        buf->data = mem_grow_array(buf->data, buf->capacity, 1);
        buf->data[buf->len] = '\0';
    }
    return buf->data + buf->len;
}

void bytes_append(struct bytes *buf, const char *data, size_t len)
{
    char *place = bytes_reserve(buf, len);
    if (len > 0) {
        memcpy(place, data, len);
    }
    buf->len += len;
    buf->data[buf->len] = '\0';
}

void bytes_append_text(struct bytes *buf, const char *text)
{
    bytes_append(buf, text, strlen(text));
}

void bytes_append_format(struct bytes *buf, const char *format, ...)
{
    va_list args;
    va_list again;
    va_start(args, format);
    va_copy(again, args);
    int len = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (len > 0) {
        char *place = bytes_reserve(buf, (size_t)len);
        vsnprintf(place, (size_t)len + 1, format, again);
        buf->len += (size_t)len;
    }
    va_end(again);
}

void bytes_append_count(struct bytes *buf, size_t count)
{
    if (count < 1000) {
        bytes_append_format(buf, "%zu", count);
        return;
    }
    bytes_append_count(buf, count / 1000);
    bytes_append_format(buf, ",%03zu", count % 1000);
}

void bytes_consume(struct bytes *buf, size_t count)
{
    if (count >= buf->len) {
        buf->len = 0;
    } else {
        memmove(buf->data, buf->data + count, buf->len - count);
        buf->len -= count;
    }
    if (buf->data != NULL) {
        buf->data[buf->len] = '\0';
    }
}

char *bytes_detach(struct bytes *buf)
{
    bytes_append(buf, "", 0);
    char *data = buf->data;
    *buf = (struct bytes){0};
    return data;
}

const char *bytes_text(const struct bytes *buf)
{
    return buf->data == NULL ? "" : buf->data;
}
