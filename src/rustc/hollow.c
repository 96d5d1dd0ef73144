#include "rustc/hollow.h"

#include "base/file.h"
#include "base/mapping.h"
#include "base/mem.h"
#include "rustc/archive.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

// How raw metadata begin, whatever rustc's version.
static const char metadata_magic[] = {'r', 'u', 's', 't', 0, 0, 0};
static const char object_suffix[] = ".rcgu.o";

// 0, or errno.
static int write_parts(int fd, const struct bytes *head, const struct mapping *metadata)
{
    int error = file_write_all(fd, head->data, head->len);
    if (error == 0) {
        error = file_write_all(fd, metadata->data, metadata->len);
    }
    if (error == 0) {
        error = file_write_all(fd, "\n", metadata->len % 2);
    }
    return error;
}

static int fill(int fd, const struct bytes *head, const struct mapping *metadata)
{
    int error = write_parts(fd, head, metadata);
    if (error == 0 && fchmod(fd, S_IRUSR | S_IWUSR | S_IRGRP | S_IROTH) != 0) {
        error = errno;
    }
    if (close(fd) != 0 && error == 0) {
        error = errno;
    }
    return error;
}

static bool write_new(const struct bytes *head, const struct mapping *metadata, const char *path,
                      struct failure *why)
{
    char *temporary = mem_format("%s.XXXXXX", path);
    int fd = mkstemp(temporary);
    int error = fd < 0 ? errno : fill(fd, head, metadata);
    if (error == 0 && rename(temporary, path) != 0) {
        error = errno;
    }
    if (error != 0 && fd >= 0) {
        unlink(temporary);
    }
    free(temporary);
    return error == 0 || failure_errno(why, error, "cannot write the rlib without code '%s'", path);
}

bool hollow_write(const char *rmeta, const char *path, struct failure *why)
{
    struct mapping metadata = {0};
    if (!mapping_open(&metadata, rmeta, "metadata", why)) {
        return false;
    }
    struct bytes head = {0};
    bool good;
    if (metadata.len == 0) {
        good = failure_set(why, "the metadata file '%s' is empty", rmeta);
    } else if (!archive_append_head(&head, ARCHIVE_METADATA, metadata.len)) {
        good = failure_set(why, "the metadata file '%s' is too large for an rlib", rmeta);
    } else {
        good = write_new(&head, &metadata, path, why);
    }
    bytes_finish(&head);
    mapping_close(&metadata);
    return good;
}

static bool is_raw(const struct archive_member *member)
{
    return member->len >= sizeof metadata_magic &&
           memcmp(member->data, metadata_magic, sizeof metadata_magic) == 0;
}

static bool is_code(const struct archive_member *member)
{
    size_t len = sizeof object_suffix - 1;
    return member->name_len >= len &&
           memcmp(member->name + member->name_len - len, object_suffix, len) == 0;
}

static bool is_hollow(struct archive *archive)
{
    struct archive_member member;
    bool has_metadata = false;
    while (archive_next(archive, &member)) {
        bool is_metadata = archive_is_named(&member, ARCHIVE_METADATA);
        if (is_metadata && is_raw(&member)) {
            return true;
        }
        if (is_code(&member)) {
            return false;
        }
        has_metadata = has_metadata || is_metadata;
    }
    return has_metadata;
}

bool hollow_is(const char *path)
{
    struct mapping mapping = {0};
    struct failure ignored;
    if (!mapping_open(&mapping, path, "rlib", &ignored)) {
        return false;
    }
    struct archive archive;
    bool hollow = archive_begin(&archive, mapping.data, mapping.len) && is_hollow(&archive);
    mapping_close(&mapping);
    return hollow;
}
