#include "rustc/response_file.h"

#include "base/bytes.h"
#include "base/file.h"

#include <string.h>

// Takes one line; rustc puts a backslash before each blank and each backslash. Returns what
// follows.
static const char *take_line(const char *text, struct bytes *word)
{
    while (*text != '\0' && *text != '\n') {
        if (text[0] == '\\' && text[1] != '\0') {
            text++;
        }
        bytes_append(word, text, 1);
        text++;
    }
    return *text == '\n' ? text + 1 : text;
}

bool response_file_read(const char *path, struct strlist *words, struct failure *why)
{
    struct bytes text = {0};
    bool good = file_read(path, "response file", &text, why);
    const char *rest = bytes_text(&text);
    while (good && *rest != '\0') {
        struct bytes word = {0};
        rest = take_line(rest, &word);
        strlist_push(words, bytes_text(&word));
        bytes_finish(&word);
    }
    bytes_finish(&text);
    return good;
}

static void append_escaped(struct bytes *text, const char *word)
{
    for (; *word != '\0'; word++) {
        if (strchr("\\ \t\n'\"", *word) != NULL) {
            bytes_append(text, "\\", 1);
        }
        bytes_append(text, word, 1);
    }
    bytes_append(text, "\n", 1);
}

bool response_file_write(const char *path, const struct strlist *words, size_t first,
                         struct failure *why)
{
    struct bytes text = {0};
    for (size_t i = first; i < words->count; i++) {
        append_escaped(&text, words->items[i]);
    }
    bool good = file_write(path, bytes_text(&text), text.len, why);
    bytes_finish(&text);
    return good;
}
