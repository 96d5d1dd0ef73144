// flock
#define _DEFAULT_SOURCE
#include "roots/link_base.h"

#include "base/digest.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/tree.h"
#include "process/platform.h"

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
#include <uv.h>

// How often another worker may sweep our directory away before it is locked.
enum { ENTER_TRIES = 16 };

static const uint64_t bytes_of_mib = 1024 * 1024;

static bool choose(struct link_base *base, const char *memory, struct failure *why);
static bool enter(struct link_base *base, struct failure *why);
static void leave(struct link_base *base);
static void sweep(const struct link_base *base);

bool link_base_init(struct link_base *base, const char *state_root, const char *memory,
                    struct failure *why)
{
    *base = (struct link_base){.state_root = mem_dup(state_root), .lock_fd = -1};
    base->user = mem_format("%ld.%" PRIu64, (long)getpid(), uv_hrtime());
    if (memory == NULL) {
        return true;
    }
    if (choose(base, memory, why) && enter(base, why)) {
        sweep(base);
        return true;
    }
    free(base->top);
    free(base->dir);
    base->top = NULL;
    base->dir = NULL;
    return false;
}

static char *digest_of(const char *path)
{
    struct digest_builder builder;
    digest_begin(&builder);
    digest_add_text(&builder, path);
    struct digest digest = digest_end(&builder);
    return digest_hex(&digest);
}

static bool choose(struct link_base *base, const char *memory, struct failure *why)
{
    struct platform_room room;
    if (!platform_memory_room(memory, &room)) {
        return failure_set(why, "'%s' is no tmpfs whose links are followed", memory);
    }
    if (room.bytes / bytes_of_mib < LINK_BASE_MIN_MIB) {
        return failure_set(why, "'%s' has less than %d MiB", memory, LINK_BASE_MIN_MIB);
    }
    char *digest = digest_of(base->state_root);
    base->top = mem_format("%s/rustc-relay-%lu", memory, (unsigned long)geteuid());
    base->dir = mem_format("%s/%s", base->top, digest);
    free(digest);
    return true;
}

static bool make(const char *dir, struct failure *why)
{
    return mkdir(dir, S_IRWXU) == 0 || errno == EEXIST ||
           failure_errno(why, errno, "cannot make the directory '%s'", dir);
}

static int open_directory(const char *dir)
{
    return open(dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

// Is what the descriptor stands for still where it was opened? Only we can put something else
// there.
static bool is_linked(int fd)
{
    struct stat info;
    return fstat(fd, &info) == 0 && info.st_nlink > 0;
}

// Waits for a sweeper, who may have found the directory before it was locked: then it goes.
static bool lock(struct link_base *base)
{
    base->lock_fd = open_directory(base->dir);
    if (base->lock_fd >= 0 && flock(base->lock_fd, LOCK_SH) == 0 && is_linked(base->lock_fd)) {
        return true;
    }
    leave(base);
    return false;
}

static bool plant(const struct link_base *base, struct failure *why)
{
    char *link = mem_format("%s/base", base->dir);
    char *fresh = NULL;
    bool good = file_is_link_to(link, base->state_root);
    if (!good) {
        fresh = tree_fresh_name(link);
        good = (symlink(base->state_root, fresh) == 0 && rename(fresh, link) == 0) ||
               failure_errno(why, errno, "cannot make the link '%s'", link);
    }
    if (!good) {
        unlink(fresh);
    }
    free(fresh);
    free(link);
    return good;
}

static bool make_and_lock(struct link_base *base, struct failure *why)
{
    for (int i = 0; i < ENTER_TRIES; i++) {
        if (!make(base->top, why) || !tree_check_private(base->top, why) || !make(base->dir, why)) {
            return false;
        }
        if (lock(base)) {
            return true;
        }
    }
    return failure_set(why, "cannot lock the directory '%s'", base->dir);
}

static bool enter(struct link_base *base, struct failure *why)
{
    bool good = make_and_lock(base, why) && plant(base, why);
    if (!good) {
        leave(base);
    }
    return good;
}

static void leave(struct link_base *base)
{
    if (base->lock_fd >= 0) {
        close(base->lock_fd);
        base->lock_fd = -1;
    }
}

static bool is_gone(int dir_fd, const char *name)
{
    return faccessat(dir_fd, name, F_OK, 0) != 0 && (errno == ENOENT || errno == ENOTDIR);
}

// Who holds the lock is alive. Once it is ours, nobody else locks or removes the directory, unless
// it was removed before: then another one may have that name.
static void remove_if_dead(const char *dir)
{
    int fd = open_directory(dir);
    if (fd < 0) {
        return;
    }
    if (flock(fd, LOCK_EX | LOCK_NB) == 0 && is_linked(fd) && is_gone(fd, "base")) {
        struct failure ignored; // the next start tries again
        tree_remove(dir, &ignored);
    }
    close(fd);
}

static void sweep(const struct link_base *base)
{
    DIR *top = opendir(base->top);
    for (struct dirent *entry; top != NULL && (entry = readdir(top)) != NULL;) {
        if (entry->d_name[0] != '.') {
            char *dir = mem_format("%s/%s", base->top, entry->d_name);
            remove_if_dead(dir);
            free(dir);
        }
    }
    if (top != NULL) {
        closedir(top);
    }
}

const char *link_base_usual(const struct link_base *base)
{
    return base->dir == NULL ? base->state_root : base->dir;
}

static bool is_enough(uint64_t left, uint64_t all)
{
    return left >= all / LINK_BASE_FREE_PART;
}

static bool has_room(const struct link_base *base)
{
    struct platform_room room;
    return platform_memory_room(base->dir, &room) && is_enough(room.free_bytes, room.bytes) &&
           is_enough(room.free_files, room.files);
}

static bool is_there(struct link_base *base)
{
    if (base->lock_fd >= 0 && is_linked(base->lock_fd)) {
        return true;
    }
    struct failure ignored; // the disk is as good, only slower
    leave(base);
    return enter(base, &ignored);
}

const char *link_base_now(struct link_base *base)
{
    bool usual = base->dir == NULL || (is_there(base) && has_room(base));
    return usual ? link_base_usual(base) : base->state_root;
}

void link_base_finish(struct link_base *base)
{
    if (base->state_root != NULL) {
        leave(base);
    }
    free(base->state_root);
    free(base->top);
    free(base->dir);
    free(base->user);
    *base = (struct link_base){0};
}
