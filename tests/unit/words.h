// Lists of words as one line of text, so that a test's row can say what it gives and expects.
#ifndef RELAY_TESTS_WORDS_H
#define RELAY_TESTS_WORDS_H

#include "base/bytes.h"
#include "base/mem.h"
#include "base/strlist.h"

#include <string.h>

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))

// The words between single blanks; "" is no word.
static inline struct strlist words_of(const char *text)
{
    struct strlist words = {0};
    while (*text != '\0') {
        size_t len = strcspn(text, " ");
        strlist_push_take(&words, mem_dup_len(text, len));
        text += len + (text[len] == ' ' ? 1 : 0);
    }
    return words;
}

// "[a][b c]"
static inline void append_words(struct bytes *text, const struct strlist *words)
{
    for (size_t i = 0; i < words->count; i++) {
        bytes_append_format(text, "[%s]", words->items[i]);
    }
}

// "a b c": what words_of() reads.
static inline void append_line(struct bytes *text, const struct strlist *words)
{
    for (size_t i = 0; i < words->count; i++) {
        bytes_append_format(text, "%s%s", i == 0 ? "" : " ", words->items[i]);
    }
}

// Fails with the row's name and both texts; empties the one that was got.
static inline void assert_text(const char *name, struct bytes *got, const char *expected)
{
    if (strcmp(bytes_text(got), expected) != 0) {
        fail_msg("%s:\n     got: %s\nexpected: %s", name, bytes_text(got), expected);
    }
    bytes_finish(got);
}

#endif
