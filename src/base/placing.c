#include "base/placing.h"

#include "base/file.h"
#include "base/mem.h"
#include "base/tree.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { CHUNK_BYTES = 64 * 1024 };

// One way of placing; returns 0 or errno.
typedef int placing(const char *from, const char *to);

static int result_of(int status)
{
    return status == 0 ? 0 : errno;
}

static bool is_there(const char *path)
{
    struct stat info;
    return lstat(path, &info) == 0;
}

// A hidden name beside `to`, so that a rename puts it there; owned by the caller.
static char *temporary_beside(const char *to)
{
    const char *slash = strrchr(to, '/');
    size_t dir_len = slash == NULL ? 0 : (size_t)(slash - to) + 1;
    char *prefix = mem_format("%.*s.relay-", (int)dir_len, to);
    char *name = tree_fresh_name(prefix);
    free(prefix);
    return name;
}

static int copy_bytes(int from_fd, int to_fd)
{
    char chunk[CHUNK_BYTES];
    for (;;) {
        ssize_t len = read(from_fd, chunk, sizeof chunk);
        if (len == 0) {
            return 0;
        }
        if (len < 0 && errno != EINTR) {
            return errno;
        }
        int error = len < 0 ? 0 : file_write_all(to_fd, chunk, (size_t)len);
        if (error != 0) {
            return error;
        }
    }
}

static int fill(int from_fd, const char *temporary)
{
    struct stat info;
    if (fstat(from_fd, &info) != 0) {
        return errno;
    }
    int to_fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR);
    if (to_fd < 0) {
        return errno;
    }
    int error = copy_bytes(from_fd, to_fd);
    if (error == 0) {
        error = result_of(fchmod(to_fd, info.st_mode & 0777));
    }
    int closed = result_of(close(to_fd));
    return error != 0 ? error : closed;
}

static int copy_and_rename(const char *from, const char *to)
{
    int from_fd = open(from, O_RDONLY | O_CLOEXEC);
    if (from_fd < 0) {
        return errno;
    }
    char *temporary = temporary_beside(to);
    int error = fill(from_fd, temporary);
    if (error == 0) {
        error = result_of(rename(temporary, to));
    }
    if (error != 0) {
        unlink(temporary);
    }
    free(temporary);
    close(from_fd);
    return error;
}

static int link_file(const char *from, const char *to)
{
    return result_of(linkat(AT_FDCWD, from, AT_FDCWD, to, AT_SYMLINK_FOLLOW));
}

static int link_over(const char *from, const char *to)
{
    char *temporary = temporary_beside(to);
    int error = link_file(from, temporary);
    if (error == 0) {
        error = result_of(rename(temporary, to));
        // Still there if it failed, or if `to` was this file already: rename(2) then does nothing.
        unlink(temporary);
    }
    free(temporary);
    return error;
}

static int link_or_copy(const char *from, const char *to)
{
    int error = link_file(from, to);
    if (error == EEXIST) {
        error = link_over(from, to);
    }
    switch (error) {
    case EXDEV:
    case EPERM:
    case EMLINK:
    case EOPNOTSUPP:
        return copy_and_rename(from, to);
    default:
        return error;
    }
}

// Two spellings of one path, as opposed to two links to one file.
static bool is_same_entry(const char *left, const char *right)
{
    char *left_path = realpath(left, NULL);
    char *right_path = realpath(right, NULL);
    bool same = left_path != NULL && right_path != NULL && strcmp(left_path, right_path) == 0;
    free(left_path);
    free(right_path);
    return same;
}

static int rename_file(const char *from, const char *to)
{
    int error = result_of(rename(from, to));
    // rename(2) does nothing when both are links to one file; then `from` is still there.
    if (error == 0 && is_there(from) && !is_same_entry(from, to)) {
        error = result_of(unlink(from));
    }
    return error;
}

static int rename_or_copy(const char *from, const char *to)
{
    int error = rename_file(from, to);
    if (error == EXDEV) {
        error = copy_and_rename(from, to);
        if (error == 0) {
            error = result_of(unlink(from));
        }
    }
    return error;
}

// The parent directory is there nearly always (Bazel makes it): it is made only when it was missed.
static bool place(placing *how, const char *from, const char *to, struct failure *why)
{
    int error = how(from, to);
    if (error == ENOENT && is_there(from)) {
        if (!tree_make_parent(to, why)) {
            return false;
        }
        error = how(from, to);
    }
    return error == 0 ? true : failure_errno(why, error, "cannot place '%s' at '%s'", from, to);
}

bool place_move(const char *from, const char *to, struct failure *why)
{
    return place(rename_or_copy, from, to, why);
}

bool place_link(const char *from, const char *to, struct failure *why)
{
    return place(link_or_copy, from, to, why);
}

static bool link_entries(DIR *dir, const char *from, const char *to, struct failure *why)
{
    bool good = true;
    for (const char *name = NULL; good && (name = tree_next(dir)) != NULL;) {
        char *inner_from = path_join(from, name);
        char *inner_to = path_join(to, name);
        good = place_tree(inner_from, inner_to, why);
        free(inner_to);
        free(inner_from);
    }
    return good;
}

bool place_tree(const char *from, const char *to, struct failure *why)
{
    DIR *dir = opendir(from);
    if (dir == NULL) {
        return errno == ENOTDIR ? place_link(from, to, why)
                                : failure_errno(why, errno, "cannot read '%s'", from);
    }
    bool good = link_entries(dir, from, to, why);
    closedir(dir);
    return good;
}

bool place_copy(const char *from, const char *to, struct failure *why)
{
    return place(copy_and_rename, from, to, why);
}
