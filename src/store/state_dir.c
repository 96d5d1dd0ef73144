#include "store/state_dir.h"

#include "base/lease.h"
#include "base/mem.h"
#include "base/tree.h"
#include "store/state_base.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define WORKER_PREFIX "worker-"
#define LOCK_SUFFIX ".lock"
#define GONE_SUFFIX ".gone"

// How many names are tried.
enum { NAMES_MAX = 16 };

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

// A sweeper may find our lock before we have it: then it is his, and we take another name. Names
// are never used twice, so nobody else can want it.
static bool make_place(struct state_dir *state, struct failure *why)
{
    char *prefix = mem_format("%s/" WORKER_PREFIX "%ld-", state->root, (long)getpid());
    int error = EWOULDBLOCK;
    for (int i = 0; i < NAMES_MAX && error == EWOULDBLOCK; i++) {
        state->worker = tree_fresh_name(prefix);
        state->lock = mem_format("%s" LOCK_SUFFIX, state->worker);
        state->lease = lease_take(state->lock);
        error = state->lease != LEASE_NONE && mkdir(state->worker, S_IRWXU) == 0 ? 0 : errno;
        if (error != 0) {
            drop_place(state);
        }
    }
    free(prefix);
    return error == 0 || failure_errno(why, error, "cannot make a directory in '%s'", state->root);
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

// What is in it may be claimed by others until it has another name (store/offer.h). An earlier
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

static void remove_if_dead(const char *lock)
{
    int lease = lease_inherit(lock);
    if (lease != LEASE_NONE) {
        char *dir = mem_dup_len(lock, strlen(lock) - strlen(LOCK_SUFFIX));
        if (remove_place(dir)) {
            unlink(lock);
        }
        free(dir);
        lease_release(lease);
    }
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

// Somebody removed our directory, with or without the lock.
static bool restore_place(struct state_dir *state, struct failure *why)
{
    if (lease_is_valid(state->lease, state->lock)) {
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
    if (state->lock != NULL && state->lease != LEASE_NONE) {
        if (remove_place(state->worker)) {
            unlink(state->lock);
        }
        lease_release(state->lease);
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
