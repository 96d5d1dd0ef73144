// Archives made byte by byte: "NAME DATA NAME DATA", "-" for no data.
#ifndef RELAY_TESTS_ARCHIVE_TEXT_H
#define RELAY_TESTS_ARCHIVE_TEXT_H

#include "words.h"

static inline void append_member(struct bytes *archive, const char *name, const char *data,
                                 size_t len)
{
    bytes_append_format(archive, "%-16s%-12d%-6d%-6d%-8s%-10zu`\n", name, 0, 0, 0, "100644", len);
    bytes_append(archive, data, len);
    if (len % 2 == 1) {
        bytes_append_text(archive, "\n");
    }
}

// "\0" cannot stand in the text: '~' does for it.
static inline struct bytes archive_of(const char *members)
{
    struct strlist words = words_of(members);
    struct bytes archive = {0};
    bytes_append_text(&archive, "!<arch>\n");
    for (size_t i = 0; i + 1 < words.count; i += 2) {
        char *data = words.items[i + 1];
        size_t len = strcmp(data, "-") == 0 ? 0 : strlen(data);
        for (char *c = data; *c != '\0'; c++) {
            *c = *c == '~' ? '\0' : *c;
        }
        append_member(&archive, words.items[i], data, len);
    }
    strlist_finish(&words);
    return archive;
}

#endif
