#include "store/state_dir.h"

#include "base/file.h"
#include "base/lease.h"
#include "base/mem.h"
#include "base/text.h"
#include "base/tree.h"

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

static bool open_in(struct state_dir *state, const char *home, struct failure *why);
static bool make_place(struct state_dir *state, struct failure *why);
static void drop_place(struct state_dir *state);
static void remove_place(const char *dir, const char *lock);
static void sweep(const struct state_dir *state);

// Where everybody may make names, as in /tmp, nobody knows who made these.
static bool is_open_to_all(const char *dir)
{
    struct stat info;
    return stat(dir, &info) != 0 || (info.st_mode & S_IWOTH) != 0;
}

// NULL: `cwd` is not below an output base.
static char *bazels_home(const char *cwd)
{
    char *dir = realpath(cwd, NULL);
    while (dir != NULL && dir[0] != '\0') {
        if (tree_has_dir(dir, "execroot") && tree_has_dir(dir, "server") && !is_open_to_all(dir)) {
            char *home = mem_format("%s/rustc-relay", dir);
            free(dir);
            return home;
        }
        *strrchr(dir, '/') = '\0';
    }
    free(dir);
    return NULL;
}

static char *temporary_home(struct failure *why)
{
    const char *given = getenv("TMPDIR");
    const char *parent = given == NULL || given[0] == '\0' ? "/tmp" : given;
    char *absolute = realpath(parent, NULL);
    if (absolute == NULL) {
        failure_errno(why, errno, "cannot use '%s' for temporary files", parent);
        return NULL;
    }
    char *dir = mem_format("%s/rustc-relay-%lu", absolute, (unsigned long)geteuid());
    free(absolute);
    if (!tree_make_private(dir, why)) {
        free(dir);
        return NULL;
    }
    return dir;
}

bool state_dir_open(struct state_dir *state, const char *explicit_dir, const char *cwd,
                    struct failure *why)
{
    *state = (struct state_dir){0};
    bool is_named = explicit_dir != NULL;
    char *home = is_named ? path_join(cwd, explicit_dir) : bazels_home(cwd);
    bool opened = home != NULL && open_in(state, home, why);
    state->in_output_base = opened && !is_named;
    if (!opened && !is_named) {
        free(home);
        home = temporary_home(why);
        opened = home != NULL && open_in(state, home, why);
    }
    free(home);
    return opened;
}

static bool open_in(struct state_dir *state, const char *home, struct failure *why)
{
    struct state_dir made = {.dir = mem_format("%s/%s", home, STATE_DIR_FORMAT)};
    if (tree_make_private(made.dir, why) && make_place(&made, why)) {
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
    char *prefix = mem_format("%s/" WORKER_PREFIX "%ld-", state->dir, (long)getpid());
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
    return error == 0 || failure_errno(why, error, "cannot make a directory in '%s'", state->dir);
}

// What is in it may be claimed by others until it has another name (store/offer.h). An earlier
// removal may have got no further than that. While the lock is there the next sweep tries again.
static void remove_place(const char *dir, const char *lock)
{
    char *gone = mem_format("%s" GONE_SUFFIX, dir);
    struct failure ignored;
    if (tree_remove(gone, &ignored) && tree_remove(rename(dir, gone) == 0 ? gone : dir, &ignored)) {
        unlink(lock);
    }
    free(gone);
}

// `path` is that of a worker's directory, or of its lock.
static void remove_if_dead(const char *path)
{
    size_t len = strlen(path);
    size_t suffix = sizeof LOCK_SUFFIX - 1;
    bool is_lock = len > suffix && strcmp(path + len - suffix, LOCK_SUFFIX) == 0;
    char *dir = mem_dup_len(path, is_lock ? len - suffix : len);
    char *lock = mem_format("%s" LOCK_SUFFIX, dir);
    int lease = lease_inherit(lock);
    // The directory is made after its lock, so without a lock it has no owner.
    bool is_dead = lease != LEASE_NONE || errno == ENOENT;
    if (is_dead) {
        remove_place(dir, lock);
    }
    lease_release(lease);
    free(lock);
    free(dir);
}

static void sweep(const struct state_dir *state)
{
    DIR *root = opendir(state->dir);
    for (const char *name = NULL; (name = tree_next(root)) != NULL;) {
        if (text_starts_with(name, WORKER_PREFIX)) {
            char *path = path_join(state->dir, name);
            remove_if_dead(path);
            free(path);
        }
    }
    tree_close(root);
}

// Somebody removed our directory, with or without the lock.
static bool restore_place(struct state_dir *state, struct failure *why)
{
    if (lease_is_valid(state->lease, state->lock)) {
        return tree_make(state->worker, S_IRWXU, why);
    }
    drop_place(state);
    return tree_make_private(state->dir, why) && make_place(state, why);
}

static char *compile_path(const struct state_dir *state, uint64_t serial)
{
    return mem_format("%s/%" PRIu64, state->worker, serial);
}

static char *make_dir(struct state_dir *state, uint64_t serial, struct failure *why)
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

// Makes those of `folders` that are not among the others.
static bool make_others(const char *dir, const struct strlist *folders,
                        const struct strlist *others, struct failure *why)
{
    bool good = true;
    for (size_t i = 0; good && i < folders->count; i++) {
        if (!strlist_holds(others, folders->items[i])) {
            char *path = path_join(dir, folders->items[i]);
            good = mkdir(path, S_IRWXU) == 0 || errno == EEXIST ||
                   failure_errno(why, errno, "cannot make the directory '%s'", path);
            free(path);
        }
    }
    return good;
}

static bool remove_others(const char *dir, const struct strlist *folders,
                          const struct strlist *others)
{
    bool good = true;
    for (size_t i = 0; good && i < folders->count; i++) {
        if (!strlist_holds(others, folders->items[i])) {
            char *path = path_join(dir, folders->items[i]);
            good = rmdir(path) == 0 || errno == ENOENT;
            free(path);
        }
    }
    return good;
}

static char *ahead_path(const struct state_dir *state)
{
    return path_join(state->worker, "ahead");
}

static bool has_only(const struct strlist *list, const struct strlist *allowed)
{
    bool good = true;
    for (size_t i = 0; good && i < list->count; i++) {
        good = strlist_holds(allowed, list->items[i]);
    }
    return good;
}

static void copy(struct strlist *list, const struct strlist *other)
{
    strlist_finish(list);
    strlist_push_all(list, other);
}

static void forget_ahead(struct state_dir *state)
{
    state->is_ahead = false;
    strlist_finish(&state->ahead);
}

// NULL: there is none, or it is not fit.
static char *take_ahead(struct state_dir *state, uint64_t serial, const struct strlist *folders)
{
    struct failure ignored; // then one is made
    if (!state->is_ahead || !has_only(&state->ahead, folders)) {
        return NULL;
    }
    char *ahead = ahead_path(state);
    char *path = compile_path(state, serial);
    if (!make_others(ahead, folders, &state->ahead, &ignored) || rename(ahead, path) != 0) {
        tree_remove(ahead, &ignored);
        free(path);
        path = NULL;
    }
    forget_ahead(state);
    free(ahead);
    return path;
}

char *state_dir_make(struct state_dir *state, uint64_t serial, const struct strlist *folders,
                     struct failure *why)
{
    static const struct strlist nothing = {0};
    struct failure ignored;
    copy(&state->last, folders);
    char *dir = take_ahead(state, serial, folders);
    if (dir != NULL) {
        return dir;
    }
    dir = make_dir(state, serial, why);
    if (dir != NULL && !make_others(dir, folders, &nothing, why)) {
        tree_remove(dir, &ignored);
        free(dir);
        dir = NULL;
    }
    return dir;
}

void state_dir_make_ahead(struct state_dir *state)
{
    struct failure ignored; // the next compile makes its own
    char *ahead = ahead_path(state);
    bool good = (state->is_ahead || mkdir(ahead, S_IRWXU) == 0) &&
                remove_others(ahead, &state->ahead, &state->last) &&
                make_others(ahead, &state->last, &state->ahead, &ignored);
    forget_ahead(state);
    state->is_ahead = good;
    if (good) {
        copy(&state->ahead, &state->last);
    } else {
        tree_remove(ahead, &ignored);
    }
    free(ahead);
}

bool state_dir_remove(const char *dir, struct failure *why)
{
    return tree_remove(dir, why);
}

static void drop_place(struct state_dir *state)
{
    if (state->lock != NULL && state->lease != LEASE_NONE) {
        remove_place(state->worker, state->lock);
        lease_release(state->lease);
    }
    forget_ahead(state);
    free(state->worker);
    free(state->lock);
    state->worker = NULL;
    state->lock = NULL;
}

void state_dir_close(struct state_dir *state)
{
    drop_place(state);
    strlist_finish(&state->last);
    free(state->dir);
    *state = (struct state_dir){0};
}
