#include "rustc/linefile.h"

#include "base/bytes.h"
#include "base/file.h"

#include <string.h>

static size_t closing_backslashes(const char *line, size_t len)
{
    size_t count = 0;
    while (count < len && line[len - 1 - count] == '\\') {
        count++;
    }
    return count;
}

static void flush(struct bytes *item, struct strlist *items)
{
    if (item->len > 0) {
        strlist_push_take(items, bytes_detach(item));
    }
}

// Appends one physical line; the item stays open when the next line belongs to it, and an empty
// line is no line.
static void add_line(const char *line, size_t len, struct bytes *item, struct strlist *items)
{
    if (len == 0) {
        return;
    }
    size_t slashes = closing_backslashes(line, len);
    bytes_append(item, line, len - slashes + slashes / 2);
    if (slashes % 2 == 1) {
        bytes_append(item, "\n", 1);
    } else {
        flush(item, items);
    }
}

void linefile_split(const char *text, size_t len, struct strlist *items)
{
    struct bytes item = {0};
    size_t start = 0;
    while (start < len) {
        const char *newline = memchr(text + start, '\n', len - start);
        size_t end = newline == NULL ? len : (size_t)(newline - text);
        size_t line_len = end - start;
        if (newline != NULL && line_len > 0 && text[end - 1] == '\r') {
            line_len--;
        }
        add_line(text + start, line_len, &item, items);
        start = end + 1;
    }
    flush(&item, items);
    bytes_finish(&item);
}

bool linefile_read(const char *path, const char *what, struct strlist *items, struct failure *why)
{
    struct bytes text = {0};
    bool good = file_read(path, what, &text, why);
    if (good) {
        linefile_split(bytes_text(&text), text.len, items);
    }
    bytes_finish(&text);
    return good;
}
