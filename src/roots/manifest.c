#include "roots/manifest.h"

#include "base/file.h"
#include "base/mem.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

static const char magic[] = "rustc-relay manifest 2\n";
static const char closing[] = "end\n";

// Behind the magic.
struct seal {
    int64_t seconds;
    int64_t nanoseconds;
};

// Before each entry: the lengths of what follows, name with its NUL first.
struct lengths {
    uint32_t name;
    uint32_t digest;
};

void manifest_finish(struct manifest *manifest)
{
    free(manifest->entries);
    bytes_finish(&manifest->text);
    *manifest = (struct manifest){0};
}

void manifest_add(struct manifest *manifest, struct manifest_entry entry)
{
    manifest->entries =
        mem_reserve_one(manifest->entries, manifest->count, sizeof manifest->entries[0]);
    manifest->entries[manifest->count++] = entry;
}

size_t manifest_find(const struct manifest *manifest, const char *name)
{
    size_t from = 0;
    size_t to = manifest->count;
    while (from < to) {
        size_t middle = from + (to - from) / 2;
        if (strcmp(manifest->entries[middle].name, name) < 0) {
            from = middle + 1;
        } else {
            to = middle;
        }
    }
    return from;
}

bool manifest_has_folder(const struct manifest *manifest, const char *folder)
{
    size_t index = manifest_find(manifest, folder);
    return index < manifest->count && text_starts_with(manifest->entries[index].name, folder);
}

// Reads the entry at `offset`; returns where the next one starts, 0 when it is not whole.
static size_t read_entry(struct manifest *manifest, size_t offset, size_t end)
{
    struct lengths lengths;
    if (end - offset < sizeof lengths) {
        return 0;
    }
    const char *data = manifest->text.data;
    memcpy(&lengths, data + offset, sizeof lengths);
    offset += sizeof lengths;
    if (lengths.name == 0 || (size_t)lengths.name + lengths.digest > end - offset ||
        data[offset + lengths.name - 1] != '\0') {
        return 0;
    }
    manifest_add(manifest, (struct manifest_entry){.name = data + offset,
                                                   .digest = data + offset + lengths.name,
                                                   .digest_len = lengths.digest});
    return offset + lengths.name + lengths.digest;
}

static bool read_entries(struct manifest *manifest)
{
    struct seal seal;
    size_t start = sizeof magic - 1;
    size_t tail = sizeof closing - 1;
    const struct bytes *text = &manifest->text;
    if (text->len < start + sizeof seal + tail || memcmp(text->data, magic, start) != 0 ||
        memcmp(text->data + text->len - tail, closing, tail) != 0) {
        return false;
    }
    memcpy(&seal, text->data + start, sizeof seal);
    manifest->sealed.tv_sec = (time_t)seal.seconds;
    manifest->sealed.tv_nsec = (long)seal.nanoseconds;
    size_t end = text->len - tail;
    size_t offset = start + sizeof seal;
    while (offset != 0 && offset < end) {
        offset = read_entry(manifest, offset, end);
    }
    return offset == end;
}

bool manifest_load(struct manifest *manifest, const char *path)
{
    struct failure ignored;
    if (file_read(path, "manifest", &manifest->text, &ignored) && read_entries(manifest)) {
        return true;
    }
    manifest_finish(manifest);
    return false;
}

static void append_entry(const struct manifest_entry *entry, struct bytes *text)
{
    struct lengths lengths = {.name = (uint32_t)strlen(entry->name) + 1,
                              .digest = (uint32_t)entry->digest_len};
    bytes_append(text, (const char *)&lengths, sizeof lengths);
    bytes_append(text, entry->name, lengths.name);
    bytes_append(text, entry->digest, entry->digest_len);
}

bool manifest_save(const struct manifest *manifest, const char *path, struct failure *why)
{
    struct bytes text = {0};
    struct seal seal = {.seconds = manifest->sealed.tv_sec,
                        .nanoseconds = manifest->sealed.tv_nsec};
    bytes_append(&text, magic, sizeof magic - 1);
    bytes_append(&text, (const char *)&seal, sizeof seal);
    for (size_t i = 0; i < manifest->count; i++) {
        append_entry(&manifest->entries[i], &text);
    }
    bytes_append(&text, closing, sizeof closing - 1);
    bool good = file_replace(path, text.data, text.len, why);
    bytes_finish(&text);
    return good;
}
