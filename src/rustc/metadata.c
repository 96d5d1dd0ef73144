#include "rustc/metadata.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static const char archive_magic[] = "!<arch>\n";
static const char member_name[] = "lib.rmeta/";

enum {
    ARCHIVE_MAGIC_BYTES = sizeof archive_magic - 1,
    MEMBER_HEADER_BYTES = 60,
    MEMBER_SIZE_OFFSET = 48,
    MEMBER_SIZE_BYTES = 10
};

// A file mapped for reading, and the part of it that is metadata.
struct mapped {
    char *file;
    size_t file_len;
    const char *data;
    size_t len;
    bool wrapped; // from an archive: an object file around the raw bytes
};

static bool map_file(const char *path, struct mapped *mapped, struct failure *why)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct stat info;
    if (fd < 0 || fstat(fd, &info) != 0) {
        int error = errno;
        if (fd >= 0) {
            close(fd);
        }
        return failure_errno(why, error, "cannot read the metadata '%s'", path);
    }
    mapped->file_len = (size_t)info.st_size;
    void *place =
        mapped->file_len == 0 ? NULL : mmap(NULL, mapped->file_len, PROT_READ, MAP_PRIVATE, fd, 0);
    int error = errno;
    close(fd);
    if (place == MAP_FAILED) {
        return failure_errno(why, error, "cannot read the metadata '%s'", path);
    }
    mapped->file = place;
    return true;
}

static void unmap(struct mapped *mapped)
{
    if (mapped->file != NULL) {
        munmap(mapped->file, mapped->file_len);
    }
}

// Walks the members of an archive (System V layout: 60-byte headers, data padded to even sizes).
static bool find_member(struct mapped *mapped)
{
    size_t offset = ARCHIVE_MAGIC_BYTES;
    while (offset + MEMBER_HEADER_BYTES <= mapped->file_len) {
        const char *header = mapped->file + offset;
        char digits[MEMBER_SIZE_BYTES + 1] = {0};
        memcpy(digits, header + MEMBER_SIZE_OFFSET, MEMBER_SIZE_BYTES);
        size_t size = (size_t)strtoul(digits, NULL, 10);
        size_t start = offset + MEMBER_HEADER_BYTES;
        if (size > mapped->file_len - start) {
            return false;
        }
        if (memcmp(header, member_name, sizeof member_name - 1) == 0) {
            mapped->data = mapped->file + start;
            mapped->len = size;
            return true;
        }
        offset = start + size + size % 2;
    }
    return false;
}

static bool open_metadata(const char *path, struct mapped *mapped, struct failure *why)
{
    if (!map_file(path, mapped, why)) {
        return false;
    }
    mapped->data = mapped->file;
    mapped->len = mapped->file_len;
    mapped->wrapped = mapped->file_len >= ARCHIVE_MAGIC_BYTES &&
                      memcmp(mapped->file, archive_magic, ARCHIVE_MAGIC_BYTES) == 0;
    if ((mapped->wrapped && !find_member(mapped)) || mapped->len == 0) {
        return failure_set(why, "'%s' holds no metadata", path);
    }
    return true;
}

static bool contains(const struct mapped *outer, const struct mapped *inner)
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

static bool same(const struct mapped *left, const struct mapped *right)
{
    if (left->wrapped != right->wrapped) {
        return left->wrapped ? contains(left, right) : contains(right, left);
    }
    return left->len == right->len && memcmp(left->data, right->data, left->len) == 0;
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
    struct mapped a = {0};
    struct mapped b = {0};
    bool good = open_metadata(left, &a, why) && open_metadata(right, &b, why);
    if (good) {
        *ret_same = same(&a, &b);
    }
    unmap(&a);
    unmap(&b);
    return good;
}
