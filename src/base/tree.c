// getentropy(), which POSIX has since 2024
#define _DEFAULT_SOURCE
#include "base/tree.h"

#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

// A directory that somebody fills while we empty it is emptied this often.
enum { EMPTY_PASSES = 4 };

struct removal {
    const char *root;    // what the caller wants to be rid of
    struct failure *why; // the first failure goes here
    bool failed;         // there is one
};

static void remove_entry(struct removal *removal, int parent_fd, const char *name);

static bool is_directory(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

// The directory that `path` lies in; NULL when it is the current one or the root. Owned by the
// caller.
static char *parent_of(const char *path)
{
    size_t len = strlen(path);
    while (len > 0 && path[len - 1] == '/') {
        len--;
    }
    while (len > 0 && path[len - 1] != '/') {
        len--;
    }
    while (len > 0 && path[len - 1] == '/') {
        len--;
    }
    return len == 0 ? NULL : mem_dup_len(path, len);
}

static bool make_parent(const char *path, mode_t mode, struct failure *why)
{
    char *parent = parent_of(path);
    bool made = parent == NULL || tree_make(parent, mode, why);
    free(parent);
    return made;
}

bool tree_make(const char *dir, mode_t mode, struct failure *why)
{
    int error = mkdir(dir, mode) == 0 ? 0 : errno;
    if (error == ENOENT) {
        if (!make_parent(dir, mode, why)) {
            return false;
        }
        error = mkdir(dir, mode) == 0 ? 0 : errno;
    }
    if (error == 0 || (error == EEXIST && is_directory(dir))) {
        return true;
    }
    return failure_errno(why, error, "cannot make the directory '%s'", dir);
}

bool tree_make_parent(const char *path, struct failure *why)
{
    return make_parent(path, 0777, why);
}

static void note(struct removal *removal, int error, const char *name)
{
    if (!removal->failed) {
        removal->failed = true;
        failure_errno(removal->why, error, "cannot remove '%s' in '%s'", name, removal->root);
    }
}

int tree_open(int parent_fd, const char *name)
{
    const int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
    int fd = openat(parent_fd, name, flags);
    if (fd < 0 && errno == EACCES) {
        fchmodat(parent_fd, name, S_IRWXU, AT_SYMLINK_NOFOLLOW);
        fd = openat(parent_fd, name, flags);
    }
    struct stat info;
    if (fd >= 0 && fstat(fd, &info) == 0 && (info.st_mode & S_IRWXU) != S_IRWXU) {
        fchmod(fd, S_IRWXU);
    }
    return fd;
}

static bool is_dot(const char *name)
{
    return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

const char *tree_next(DIR *dir)
{
    struct dirent *entry = NULL;
    do {
        entry = dir == NULL ? NULL : readdir(dir);
    } while (entry != NULL && is_dot(entry->d_name));
    return entry == NULL ? NULL : entry->d_name;
}

void tree_close(DIR *dir)
{
    if (dir != NULL) {
        closedir(dir);
    }
}

static void empty(struct removal *removal, DIR *dir)
{
    rewinddir(dir);
    for (const char *name = NULL; (name = tree_next(dir)) != NULL;) {
        remove_entry(removal, dirfd(dir), name);
    }
}

static void remove_directory(struct removal *removal, int parent_fd, const char *name)
{
    int fd = tree_open(parent_fd, name);
    DIR *dir = fd < 0 ? NULL : fdopendir(fd);
    if (dir == NULL) {
        if (errno != ENOENT) {
            note(removal, errno, name);
        }
        if (fd >= 0) {
            close(fd);
        }
        return;
    }
    int error = ENOTEMPTY;
    for (int pass = 0; pass < EMPTY_PASSES && error == ENOTEMPTY; pass++) {
        empty(removal, dir);
        error = unlinkat(parent_fd, name, AT_REMOVEDIR) == 0 ? 0 : errno;
    }
    closedir(dir);
    if (error != 0 && error != ENOENT) {
        note(removal, error, name);
    }
}

static void remove_entry(struct removal *removal, int parent_fd, const char *name)
{
    if (unlinkat(parent_fd, name, 0) == 0 || errno == ENOENT) {
        return;
    }
    int error = errno;
    struct stat info;
    bool looked = fstatat(parent_fd, name, &info, AT_SYMLINK_NOFOLLOW) == 0;
    if (looked && S_ISDIR(info.st_mode)) {
        remove_directory(removal, parent_fd, name);
    } else if (looked || errno != ENOENT) {
        note(removal, error, name);
    }
}

bool tree_remove_at(int parent_fd, const char *name, struct failure *why)
{
    struct removal removal = {.root = name, .why = why};
    remove_entry(&removal, parent_fd, name);
    return !removal.failed;
}

bool tree_remove(const char *dir, struct failure *why)
{
    return tree_remove_at(AT_FDCWD, dir, why);
}

char *tree_fresh_name(const char *prefix)
{
    uint64_t number = 0;
    // Without randomness our own number is as good as it gets; O_EXCL finds a clash.
    if (getentropy(&number, sizeof number) != 0) {
        number = (uint64_t)getpid();
    }
    return mem_format("%s%016" PRIx64, prefix, number);
}

bool tree_has_dir(const char *dir, const char *name)
{
    char *path = mem_format("%s/%s", dir, name);
    bool has = is_directory(path);
    free(path);
    return has;
}

bool tree_make_private(const char *dir, struct failure *why)
{
    struct stat info;
    bool is_there = lstat(dir, &info) == 0;
    if (!is_there && !tree_make(dir, S_IRWXU, why)) {
        return false;
    }
    if (!is_there && lstat(dir, &info) != 0) {
        return failure_errno(why, errno, "cannot use the directory '%s'", dir);
    }
    bool ours = S_ISDIR(info.st_mode) && info.st_uid == geteuid();
    if (!ours || (info.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
        return failure_set(
            why,
            "cannot use '%s' for our files: it must be a directory of this user with "
            "mode 0700 (--state-dir names another place)",
            dir);
    }
    return true;
}
