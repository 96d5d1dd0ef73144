#include "rustc/archive.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static const char magic[] = "!<arch>\n";

enum {
    MAGIC_BYTES = sizeof magic - 1,
    HEADER_BYTES = 60,
    NAME_BYTES = 16,
    SIZE_OFFSET = 48,
    SIZE_DIGITS = 10
};

#define SIZE_MAX_OF_MEMBER UINT64_C(9999999999)

bool archive_begin(struct archive *archive, const char *data, size_t len)
{
    if (len < MAGIC_BYTES || memcmp(data, magic, MAGIC_BYTES) != 0) {
        return false;
    }
    *archive = (struct archive){.data = data, .len = len, .offset = MAGIC_BYTES};
    return true;
}

// Decimal digits, as many as the field holds.
static size_t read_number(const char *field, size_t len)
{
    char digits[NAME_BYTES + 1] = {0};
    memcpy(digits, field, len);
    return (size_t)strtoul(digits, NULL, 10);
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

// Its name is "/", "/SYM64/" or "//"; a long name is "/" and a number.
static bool is_table(const char *header)
{
    return header[0] == '/' && !is_digit(header[1]);
}

static void set_name(struct archive_member *member, const char *name, size_t max)
{
    const char *end = max == 0 ? NULL : memchr(name, '/', max);
    member->name = name;
    member->name_len = end == NULL ? max : (size_t)(end - name);
}

static void read_name(const struct archive *archive, const char *header,
                      struct archive_member *member)
{
    if (header[0] != '/') {
        set_name(member, header, NAME_BYTES);
        return;
    }
    size_t place = read_number(header + 1, NAME_BYTES - 1);
    if (place < archive->names_len) {
        set_name(member, archive->names + place, archive->names_len - place);
    } else {
        set_name(member, "", 0);
    }
}

// The next entry, which may be a table; its name is not set.
static bool read_entry(struct archive *archive, struct archive_member *ret_member)
{
    if (archive->offset > archive->len || archive->len - archive->offset < HEADER_BYTES) {
        return false;
    }
    const char *header = archive->data + archive->offset;
    size_t start = archive->offset + HEADER_BYTES;
    size_t size = read_number(header + SIZE_OFFSET, SIZE_DIGITS);
    if (size > archive->len - start) {
        return false;
    }
    ret_member->data = archive->data + start;
    ret_member->len = size;
    archive->offset = start + size + size % 2;
    return true;
}

bool archive_next(struct archive *archive, struct archive_member *ret_member)
{
    struct archive_member member;
    while (read_entry(archive, &member)) {
        const char *header = member.data - HEADER_BYTES;
        if (!is_table(header)) {
            read_name(archive, header, &member);
            *ret_member = member;
            return true;
        }
        if (header[1] == '/') {
            archive->names = member.data;
            archive->names_len = member.len;
        }
    }
    return false;
}

bool archive_is_named(const struct archive_member *member, const char *name)
{
    size_t len = strlen(name);
    return member->name_len == len && memcmp(member->name, name, len) == 0;
}

bool archive_append_head(struct bytes *out, const char *name, size_t len)
{
    if (len > SIZE_MAX_OF_MEMBER) {
        return false;
    }
    bytes_append(out, magic, MAGIC_BYTES);
    size_t name_start = out->len;
    bytes_append_format(out, "%s/", name);
    bytes_append_format(out, "%*s", (int)(name_start + NAME_BYTES - out->len), "");
    bytes_append_format(out, "%-12d%-6d%-6d%-8s%-10zu`\n", 0, 0, 0, "644", len);
    return true;
}
