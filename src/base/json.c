#include "base/json.h"

#include "base/bytes.h"

static void append_escape(struct bytes *out, char byte)
{
    switch (byte) {
    case '"':
        bytes_append_text(out, "\\\"");
        return;
    case '\\':
        bytes_append_text(out, "\\\\");
        return;
    case '\n':
        bytes_append_text(out, "\\n");
        return;
    default:
        bytes_append_format(out, "\\u%04x", (unsigned)(unsigned char)byte);
    }
}

void json_append_string(struct bytes *out, const char *text, size_t len)
{
    bytes_append_text(out, "\"");
    size_t done = 0; // text before it is in `out`
    for (size_t i = 0; i < len; i++) {
        unsigned char byte = (unsigned char)text[i];
        if (byte < 0x20 || byte == '"' || byte == '\\') {
            bytes_append(out, text + done, i - done);
            append_escape(out, text[i]);
            done = i + 1;
        }
    }
    if (done < len) {
        bytes_append(out, text + done, len - done);
    }
    bytes_append_text(out, "\"");
}
