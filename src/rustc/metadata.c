#include "rustc/metadata.h"

#include "base/digest.h"
#include "base/mapping.h"
#include "base/mem.h"
#include "rustc/archive.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

// The part of a mapped file that is metadata.
struct metadata {
    struct mapping file;
    const char *data;
    size_t len;
    bool wrapped; // from an archive: an object file around the raw bytes
};

static bool find_member(struct metadata *metadata, struct archive *archive)
{
    struct archive_member member;
    while (archive_next(archive, &member)) {
        if (archive_is_named(&member, ARCHIVE_METADATA)) {
            metadata->data = member.data;
            metadata->len = member.len;
            return true;
        }
    }
    return false;
}

static bool open_metadata(const char *path, struct metadata *metadata, struct failure *why)
{
    if (!mapping_open(&metadata->file, path, "metadata", why)) {
        return false;
    }
    metadata->data = metadata->file.data;
    metadata->len = metadata->file.len;
    struct archive archive;
    metadata->wrapped = archive_begin(&archive, metadata->data, metadata->len);
    if ((metadata->wrapped && !find_member(metadata, &archive)) || metadata->len == 0) {
        return failure_set(why, "'%s' holds no metadata", path);
    }
    return true;
}

static bool contains(const struct metadata *outer, const struct metadata *inner)
{
    const char *place = outer->data;
    size_t left = outer->len;
    while (left >= inner->len) {
        const char *hit = memchr(place, inner->data[0], left - inner->len + 1);
        if (hit == NULL) {
            return false;
        }
        if (memcmp(hit, inner->data, inner->len) == 0) {
            return true;
        }
        left -= (size_t)(hit - place) + 1;
        place = hit + 1;
    }
    return false;
}

// A hollow rlib holds the raw bytes, a full one the same in an object file.
static bool same(const struct metadata *left, const struct metadata *right)
{
    const struct metadata *outer = left->len > right->len ? left : right;
    const struct metadata *inner = outer == left ? right : left;
    if (outer->len == inner->len) {
        return memcmp(outer->data, inner->data, outer->len) == 0;
    }
    return outer->wrapped && contains(outer, inner);
}

static bool is_one_file(const char *left, const char *right)
{
    struct stat a;
    struct stat b;
    return stat(left, &a) == 0 && stat(right, &b) == 0 && a.st_dev == b.st_dev &&
           a.st_ino == b.st_ino;
}

bool metadata_same(const char *left, const char *right, bool *ret_same, struct failure *why)
{
    if (is_one_file(left, right)) {
        *ret_same = true;
        return true;
    }
    struct metadata a = {0};
    struct metadata b = {0};
    bool good = open_metadata(left, &a, why) && open_metadata(right, &b, why);
    if (good) {
        *ret_same = same(&a, &b);
    }
    mapping_close(&a.file);
    mapping_close(&b.file);
    return good;
}

static char *sum_of(const char *data, size_t len)
{
    char *hex = digest_hex_of(data, len);
    char *sum = mem_format("%zu %s", len, hex);
    free(hex);
    return sum;
}

char *metadata_sum(const char *rmeta, struct failure *why)
{
    struct metadata metadata = {0};
    char *sum = open_metadata(rmeta, &metadata, why) ? sum_of(metadata.data, metadata.len) : NULL;
    mapping_close(&metadata.file);
    return sum;
}

static bool is_sum_of(const char *sum, const char *data, size_t len)
{
    char *own = sum_of(data, len);
    bool same = strcmp(own, sum) == 0;
    free(own);
    return same;
}

// The sum names the length; the object file around it has the raw bytes somewhere, and they begin
// as all metadata do.
static bool has_sum(const struct metadata *metadata, const char *sum, size_t len)
{
    static const char magic[] = {'r', 'u', 's', 't'};
    if (!metadata->wrapped) {
        return is_sum_of(sum, metadata->data, metadata->len);
    }
    const char *place = metadata->data;
    size_t left = metadata->len;
    while (left >= len && len >= sizeof magic) {
        const char *hit = memchr(place, magic[0], left - len + 1);
        if (hit == NULL) {
            return false;
        }
        if (memcmp(hit, magic, sizeof magic) == 0 && is_sum_of(sum, hit, len)) {
            return true;
        }
        left -= (size_t)(hit - place) + 1;
        place = hit + 1;
    }
    return false;
}

bool metadata_has_sum(const char *path, const char *sum)
{
    struct metadata metadata = {0};
    struct failure ignored;
    size_t len = strtoul(sum, NULL, 10);
    bool has = len > 0 && open_metadata(path, &metadata, &ignored) && has_sum(&metadata, sum, len);
    mapping_close(&metadata.file);
    return has;
}
