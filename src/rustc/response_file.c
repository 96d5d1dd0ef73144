#include "rustc/response_file.h"

#include "base/bytes.h"
#include "base/file.h"

#include <string.h>

static bool is_blank(char byte)
{
    return byte == ' ' || (byte >= '\t' && byte <= '\r');
}

// Takes one word as the linker's driver does: up to a blank that no quote and no backslash guards.
// Returns what follows.
static const char *take_word(const char *text, struct bytes *word)
{
    char quote = '\0';
    for (; *text != '\0' && (quote != '\0' || !is_blank(*text)); text++) {
        if (text[0] == '\\' && text[1] != '\0') {
            text++;
            bytes_append(word, text, 1);
        } else if (*text == quote) {
            quote = '\0';
        } else if (quote == '\0' && (*text == '\'' || *text == '"')) {
            quote = *text;
        } else {
            bytes_append(word, text, 1);
        }
    }
    return text;
}

bool response_file_read(const char *path, struct strlist *words, struct failure *why)
{
    struct bytes text = {0};
    bool good = file_read(path, "response file", &text, why);
    const char *rest = bytes_text(&text);
    while (good) {
        rest += strspn(rest, " \t\n\v\f\r");
        if (*rest == '\0') {
            break;
        }
        struct bytes word = {0};
        rest = take_word(rest, &word);
        strlist_push_take(words, bytes_detach(&word));
    }
    bytes_finish(&text);
    return good;
}

static void append_escaped(struct bytes *text, const char *word)
{
    if (*word == '\0') {
        bytes_append_text(text, "''");
    }
    for (; *word != '\0'; word++) {
        if (strchr("\\ \t\n\v\f\r'\"", *word) != NULL) {
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
