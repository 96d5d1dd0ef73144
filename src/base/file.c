#include "base/file.h"

#include "base/mem.h"
#include "base/tree.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { READ_BYTES = 16 * 1024, CHUNK_BYTES = 64 * 1024 };

// As much at once as the file says that it has.
static size_t bytes_in(int fd)
{
    struct stat info;
    bool is_known = fstat(fd, &info) == 0 && S_ISREG(info.st_mode);
    return is_known && info.st_size <= FILE_MAX_BYTES ? (size_t)info.st_size : 0;
}

static bool read_all(int fd, struct bytes *out)
{
    size_t room = bytes_in(fd) + READ_BYTES;
    for (;;) {
        ssize_t got = read(fd, bytes_reserve(out, room), room);
        if (got == 0) {
            return true;
        }
        if (got < 0 && errno != EINTR) {
            return false;
        }
        size_t len = got < 0 ? 0 : (size_t)got;
        out->len += len;
        out->data[out->len] = '\0';
        room = len < room ? room - len : READ_BYTES;
        if (out->len > FILE_MAX_BYTES) {
            errno = EFBIG;
            return false;
        }
    }
}

bool file_read(const char *path, const char *what, struct bytes *out, struct failure *why)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return failure_errno(why, errno, "cannot read the %s '%s'", what, path);
    }
    bool good = read_all(fd, out);
    int error = errno;
    close(fd);
    return good || failure_errno(why, error, "cannot read the %s '%s'", what, path);
}

int file_write_all(int fd, const char *data, size_t len)
{
    while (len > 0) {
        ssize_t put = write(fd, data, len);
        if (put < 0 && errno != EINTR) {
            return errno;
        }
        if (put > 0) {
            data += put;
            len -= (size_t)put;
        }
    }
    return 0;
}

bool file_write(const char *path, const char *data, size_t len, struct failure *why)
{
    if (unlink(path) != 0 && errno != ENOENT) {
        return failure_errno(why, errno, "cannot replace '%s'", path);
    }
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (fd < 0) {
        return failure_errno(why, errno, "cannot create '%s'", path);
    }
    int error = file_write_all(fd, data, len);
    if (close(fd) != 0 && error == 0) {
        error = errno;
    }
    if (error != 0) {
        unlink(path);
        return failure_errno(why, error, "cannot write '%s'", path);
    }
    return true;
}

bool file_replace(const char *path, const char *data, size_t len, struct failure *why)
{
    char *fresh = mem_format("%s.new", path);
    bool good = file_write(fresh, data, len, why);
    if (good && rename(fresh, path) != 0) {
        good = failure_errno(why, errno, "cannot write '%s'", path);
        unlink(fresh);
    }
    free(fresh);
    return good;
}

bool file_is_link_to(int dir_fd, const char *link, const char *target)
{
    char text[PATH_MAX];
    ssize_t len = readlinkat(dir_fd, link, text, sizeof text);
    return len == (ssize_t)strlen(target) && memcmp(text, target, (size_t)len) == 0;
}

int file_link(const char *target, const char *link)
{
    int error = symlink(target, link) == 0 ? 0 : errno;
    if (error == EEXIST && file_is_link_to(AT_FDCWD, link, target)) {
        error = 0;
    } else if (error == EEXIST) {
        char *fresh = tree_fresh_name(link);
        error = symlink(target, fresh) == 0 && rename(fresh, link) == 0 ? 0 : errno;
        if (error != 0) {
            unlink(fresh);
        }
        free(fresh);
    }
    return error;
}

char *path_join(const char *directory, const char *name)
{
    if (name[0] == '/') {
        return mem_dup(name);
    }
    size_t directory_len = strlen(directory);
    size_t name_len = strlen(name);
    char *path = mem_grow_array(NULL, directory_len + 1 + name_len + 1, 1);
    memcpy(path, directory, directory_len);
    path[directory_len] = '/';
    memcpy(path + directory_len + 1, name, name_len + 1);
    return path;
}

// The root has no parent but itself.
static void drop_last_part(struct bytes *path)
{
    while (path->len > 0 && path->data[--path->len] != '/') {
    }
}

// Appends the parts of a path to an absolute one without a slash at its end.
static void append_parts(struct bytes *out, const char *path)
{
    while (*path != '\0') {
        size_t len = strcspn(path, "/");
        if (len == 2 && memcmp(path, "..", 2) == 0) {
            drop_last_part(out);
        } else if (len > 0 && !(len == 1 && path[0] == '.')) {
            bytes_append(out, "/", 1);
            bytes_append(out, path, len);
        }
        path += len;
        path += strspn(path, "/");
    }
}

char *path_listed(const char *directory, const char *path)
{
    struct bytes from = {0};
    struct bytes whole = {0};
    append_parts(&from, directory);
    if (path[0] != '/') {
        append_parts(&whole, directory);
    }
    append_parts(&whole, path);
    bool is_below = whole.len >= from.len &&
                    memcmp(bytes_text(&whole), bytes_text(&from), from.len) == 0 &&
                    (whole.len == from.len || whole.data[from.len] == '/');
    size_t skip = is_below ? from.len + 1 : 0;
    char *listed =
        whole.len < skip ? mem_dup(".") : mem_dup_len(bytes_text(&whole) + skip, whole.len - skip);
    bytes_finish(&whole);
    bytes_finish(&from);
    return listed;
}

const char *path_basename(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash == NULL ? path : slash + 1;
}

char *path_dirname(const char *path)
{
    const char *slash = strrchr(path, '/');
    if (slash == NULL) {
        return mem_dup(".");
    }
    return slash == path ? mem_dup("/") : mem_dup_len(path, (size_t)(slash - path));
}

// Reads until the chunk is full or the file ends; -1: failed.
static ssize_t read_chunk(int fd, char *chunk)
{
    size_t len = 0;
    while (len < CHUNK_BYTES) {
        ssize_t got = read(fd, chunk + len, CHUNK_BYTES - len);
        if (got == 0) {
            break;
        }
        if (got < 0 && errno != EINTR) {
            return -1;
        }
        len += got > 0 ? (size_t)got : 0;
    }
    return (ssize_t)len;
}

static int compare_bytes(int left_fd, int right_fd, bool *ret_same)
{
    char left[CHUNK_BYTES];
    char right[CHUNK_BYTES];
    for (;;) {
        ssize_t left_len = read_chunk(left_fd, left);
        ssize_t right_len = read_chunk(right_fd, right);
        if (left_len < 0 || right_len < 0) {
            return errno;
        }
        if (left_len != right_len || memcmp(left, right, (size_t)left_len) != 0) {
            *ret_same = false;
            return 0;
        }
        if (left_len == 0) {
            *ret_same = true;
            return 0;
        }
    }
}

static int compare_files(int left_fd, int right_fd, bool *ret_same)
{
    struct stat left;
    struct stat right;
    if (fstat(left_fd, &left) != 0 || fstat(right_fd, &right) != 0) {
        return errno;
    }
    if (left.st_dev == right.st_dev && left.st_ino == right.st_ino) {
        *ret_same = true;
        return 0;
    }
    if (left.st_size != right.st_size) {
        *ret_same = false;
        return 0;
    }
    return compare_bytes(left_fd, right_fd, ret_same);
}

static bool open_file(const char *path, int *ret_fd, struct failure *why)
{
    *ret_fd = open(path, O_RDONLY | O_CLOEXEC);
    return *ret_fd >= 0 ? true : failure_errno(why, errno, "cannot read '%s'", path);
}

bool file_same_content(const char *left, const char *right, bool *ret_same, struct failure *why)
{
    int left_fd;
    int right_fd;
    if (!open_file(left, &left_fd, why)) {
        return false;
    }
    if (!open_file(right, &right_fd, why)) {
        close(left_fd);
        return false;
    }
    int error = compare_files(left_fd, right_fd, ret_same);
    close(left_fd);
    close(right_fd);
    return error == 0 ? true
                      : failure_errno(why, error, "cannot compare '%s' and '%s'", left, right);
}
