#include "base/utf8.h"

#include "base/bytes.h"

#include <stdbool.h>

static const char REPLACEMENT[] = "\xef\xbf\xbd";

// What may follow a lead byte: `more` bytes, the first of them within [low, high], others 80..BF.
struct lead {
    unsigned char first, last;
    unsigned char more, low, high;
};

static const struct lead leads[] = {
    {.first = 0xc2, .last = 0xdf, .more = 1, .low = 0x80, .high = 0xbf},
    {.first = 0xe0, .last = 0xe0, .more = 2, .low = 0xa0, .high = 0xbf}, // no overlong forms
    {.first = 0xe1, .last = 0xec, .more = 2, .low = 0x80, .high = 0xbf},
    {.first = 0xed, .last = 0xed, .more = 2, .low = 0x80, .high = 0x9f}, // no surrogates
    {.first = 0xee, .last = 0xef, .more = 2, .low = 0x80, .high = 0xbf},
    {.first = 0xf0, .last = 0xf0, .more = 3, .low = 0x90, .high = 0xbf}, // no overlong forms
    {.first = 0xf1, .last = 0xf3, .more = 3, .low = 0x80, .high = 0xbf},
    {.first = 0xf4, .last = 0xf4, .more = 3, .low = 0x80, .high = 0x8f}, // nothing past U+10FFFF
};

static const struct lead *find_lead(unsigned char byte)
{
    for (size_t i = 0; i < sizeof leads / sizeof leads[0]; i++) {
        if (byte >= leads[i].first && byte <= leads[i].last) {
            return &leads[i];
        }
    }
    return NULL;
}

// The length of the character, or of the ill-formed piece, at the start of `text` (not ASCII).
static size_t piece_len(const unsigned char *text, size_t len, bool *valid)
{
    *valid = false;
    const struct lead *lead = find_lead(text[0]);
    if (lead == NULL) {
        return 1;
    }
    for (size_t i = 1; i <= lead->more; i++) {
        unsigned char low = i == 1 ? lead->low : 0x80;
        unsigned char high = i == 1 ? lead->high : 0xbf;
        if (i == len || text[i] < low || text[i] > high) {
            return i;
        }
    }
    *valid = true;
    return (size_t)lead->more + 1;
}

// How many bytes at the start of `text` are fine as they are.
static size_t valid_run(const unsigned char *text, size_t len)
{
    size_t run = 0;
    while (run < len && text[run] != '\0') {
        bool valid = true;
        size_t piece = text[run] < 0x80 ? 1 : piece_len(text + run, len - run, &valid);
        if (!valid) {
            break;
        }
        run += piece;
    }
    return run;
}

void utf8_append_valid(struct bytes *out, const char *text, size_t len)
{
    const unsigned char *rest = (const unsigned char *)text;
    while (len > 0) {
        size_t run = valid_run(rest, len);
        bytes_append(out, (const char *)rest, run);
        rest += run;
        len -= run;
        if (len > 0) {
            bool valid = false;
            size_t piece = *rest == '\0' ? 1 : piece_len(rest, len, &valid);
            bytes_append(out, REPLACEMENT, sizeof REPLACEMENT - 1);
            rest += piece;
            len -= piece;
        }
    }
}
