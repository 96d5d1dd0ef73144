#include "base/text.h"

#include <string.h>

// Mostly the first bytes differ.
const char *text_after(const char *text, const char *start)
{
    while (*start != '\0' && *text == *start) {
        text++;
        start++;
    }
    return *start == '\0' ? text : NULL;
}

bool text_starts_with(const char *text, const char *start)
{
    return text_after(text, start) != NULL;
}

bool text_ends_with(const char *text, const char *end)
{
    size_t text_len = strlen(text);
    size_t end_len = strlen(end);
    return text_len >= end_len && strcmp(text + text_len - end_len, end) == 0;
}
