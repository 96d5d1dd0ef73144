// flock
#define _DEFAULT_SOURCE
#include "store/state_dir.h"

#include "base/mem.h"
#include "base/tree.h"
#include "store/state_base.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define WORKER_PREFIX "worker-"
#define LOCK_SUFFIX ".lock"
#define GONE_SUFFIX ".gone"

// How often another worker may sweep our lock away between its creation and its locking.
enum { LOCK_TRIES = 16 };

static bool open_in(struct state_dir *state, const char *base, struct failure *why);
static bool make_place(struct state_dir *state, struct failure *why);
static void drop_place(struct state_dir *state);
static bool remove_place(const char *dir);
static void sweep(const struct state_dir *state);

static bool open_explicit(struct state_dir *state, const char *dir, const char *cwd,
                          struct failure *why)
{
    char *base = dir[0] == '/' ? mem_dup(dir) : mem_format("%s/%s", cwd, dir);
    bool opened = open_in(state, base, why);
    free(base);
    return opened;
}

bool state_dir_open(struct state_dir *state, const char *explicit_dir, const char *cwd,
                    struct failure *why)
{
    *state = (struct state_dir){0};
    if (explicit_dir != NULL) {
        return open_explicit(state, explicit_dir, cwd, why);
    }
    char *base = state_base_of_bazel(cwd);
    bool opened = base != NULL && open_in(state, base, why);
    free(base);
    if (opened) {
        state->in_output_base = true;
        return true;
    }
    base = state_base_temporary(why);
    opened = base != NULL && open_in(state, base, why);
    free(base);
    return opened;
}

// All else lies in it, so nobody else may have made it.
static bool make_root(const struct state_dir *state, struct failure *why)
{
    return tree_make(state->root, S_IRWXU, why) && tree_check_private(state->root, why);
}

static bool open_in(struct state_dir *state, const char *base, struct failure *why)
{
    struct state_dir made = {.root = mem_format("%s/%s", base, STATE_DIR_FORMAT)};
    if (make_root(&made, why) && make_place(&made, why)) {
        sweep(&made);
        *state = made;
        return true;
    }
    state_dir_close(&made);
    return false;
}

// A sweeper may have found our lock before it was locked: then it is, or will be, unlinked.
static bool lock_is_ours(int fd)
{
    struct stat info;
    return flock(fd, LOCK_EX | LOCK_NB) == 0 && fstat(fd, &info) == 0 && info.st_nlink > 0;
}

// Names the place and locks it; 0 or errno. EAGAIN: swept away, take another name.
static int try_lock(struct state_dir *state)
{
    char *prefix = mem_format("%s/" WORKER_PREFIX "%ld-", state->root, (long)getpid());
    state->worker = tree_fresh_name(prefix);
    free(prefix);
    state->lock = mem_format("%s" LOCK_SUFFIX, state->worker);
    state->lock_fd = open(state->lock, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR);
    if (state->lock_fd < 0) {
        return errno == EEXIST ? EAGAIN : errno;
    }
    errno = EAGAIN;
    return lock_is_ours(state->lock_fd) ? 0 : errno;
}

static bool make_place(struct state_dir *state, struct failure *why)
{
    int error = EAGAIN;
    for (int i = 0; i < LOCK_TRIES && error == EAGAIN; i++) {
        error = try_lock(state);
        if (error == 0 && mkdir(state->worker, S_IRWXU) != 0) {
            error = errno;
        }
        if (error != 0) {
            drop_place(state);
        }
    }
    return error == 0 ? true
                      : failure_errno(why, error, "cannot make a directory in '%s'", state->root);
}

static bool starts_with(const char *text, const char *start)
{
    return strncmp(text, start, strlen(start)) == 0;
}

static bool ends_with(const char *text, const char *end)
{
    size_t text_len = strlen(text);
    size_t end_len = strlen(end);
    return text_len >= end_len && strcmp(text + text_len - end_len, end) == 0;
}

// What is in it may be claimed by others until it has another name (store/shared.h). An earlier
// removal may have got no further than that.
static bool remove_place(const char *dir)
{
    char *gone = mem_format("%s" GONE_SUFFIX, dir);
    struct failure ignored;
    bool good = tree_remove(gone, &ignored);
    bool renamed = good && rename(dir, gone) == 0;
    good = good && tree_remove(renamed ? gone : dir, &ignored);
    free(gone);
    return good;
}

// While we hold a dead worker's lock, no other sweeper touches its directory. The lock goes last.
static void remove_if_dead(const char *lock)
{
    int fd = open(lock, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0) {
        return;
    }
    if (flock(fd, LOCK_EX | LOCK_NB) == 0) {
        char *dir = mem_dup_len(lock, strlen(lock) - strlen(LOCK_SUFFIX));
        if (remove_place(dir)) {
            unlink(lock);
        }
        free(dir);
    }
    close(fd);
}

// A directory is made after its lock, so one without a lock has no owner.
static void remove_if_unlocked(const char *dir)
{
    char *lock = mem_format("%s" LOCK_SUFFIX, dir);
    if (access(lock, F_OK) != 0 && errno == ENOENT) {
        remove_place(dir);
    }
    free(lock);
}

// What cannot be removed is no failure of ours: the next start tries again.
static void sweep(const struct state_dir *state)
{
    DIR *root = opendir(state->root);
    if (root == NULL) {
        return;
    }
    for (struct dirent *entry = readdir(root); entry != NULL; entry = readdir(root)) {
        if (!starts_with(entry->d_name, WORKER_PREFIX)) {
            continue;
        }
        char *path = mem_format("%s/%s", state->root, entry->d_name);
        if (ends_with(path, LOCK_SUFFIX)) {
            remove_if_dead(path);
        } else {
            remove_if_unlocked(path);
        }
        free(path);
    }
    closedir(root);
}

static bool lock_is_in_place(const struct state_dir *state)
{
    struct stat held;
    struct stat named;
    return fstat(state->lock_fd, &held) == 0 && stat(state->lock, &named) == 0 &&
           held.st_dev == named.st_dev && held.st_ino == named.st_ino;
}

// Somebody removed our directory, with or without the lock.
static bool restore_place(struct state_dir *state, struct failure *why)
{
    if (lock_is_in_place(state)) {
        return tree_make(state->worker, S_IRWXU, why);
    }
    drop_place(state);
    return make_root(state, why) && make_place(state, why);
}

static char *compile_path(const struct state_dir *state, uint64_t serial)
{
    return mem_format("%s/%" PRIu64, state->worker, serial);
}

char *state_dir_compile_path(struct state_dir *state, uint64_t serial, struct failure *why)
{
    char *path = compile_path(state, serial);
    int error = mkdir(path, S_IRWXU) == 0 ? 0 : errno;
    if (error == ENOENT) {
        free(path);
        if (!restore_place(state, why)) {
            return NULL;
        }
        path = compile_path(state, serial);
        error = mkdir(path, S_IRWXU) == 0 ? 0 : errno;
    }
    if (error == 0) {
        return path;
    }
    failure_errno(why, error, "cannot make the directory '%s'", path);
    free(path);
    return NULL;
}

bool state_dir_remove(const char *dir, struct failure *why)
{
    return tree_remove(dir, why);
}

static void drop_place(struct state_dir *state)
{
    if (state->lock != NULL && state->lock_fd >= 0) {
        if (remove_place(state->worker)) {
            unlink(state->lock);
        }
        close(state->lock_fd);
    }
    free(state->worker);
    free(state->lock);
    state->worker = NULL;
    state->lock = NULL;
}

void state_dir_close(struct state_dir *state)
{
    drop_place(state);
    free(state->root);
    *state = (struct state_dir){0};
}
