#include "roots/link_base.h"

#include "base/digest.h"
#include "base/file.h"
#include "base/lease.h"
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
#include <sys/stat.h>
#include <unistd.h>
#include <uv.h>

static const uint64_t bytes_of_mib = 1024 * 1024;

static bool choose(struct link_base *base, const char *memory, struct failure *why);
static bool enter(struct link_base *base, struct failure *why);
static void leave(struct link_base *base);
static void sweep(const struct link_base *base);

bool link_base_init(struct link_base *base, const char *state_root, const char *memory,
                    struct failure *why)
{
    *base = (struct link_base){.state_root = mem_dup(state_root), .lease = LEASE_NONE};
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

static bool make_top(const char *top, struct failure *why)
{
    return (mkdir(top, S_IRWXU) == 0 || errno == EEXIST ||
            failure_errno(why, errno, "cannot make the directory '%s'", top)) &&
           tree_check_private(top, why);
}

static bool enter(struct link_base *base, struct failure *why)
{
    if (!make_top(base->top, why)) {
        return false;
    }
    base->lease = lease_share(base->dir);
    if (base->lease == LEASE_NONE) {
        return failure_errno(why, errno, "cannot lock the directory '%s'", base->dir);
    }
    bool good = plant(base, why);
    if (!good) {
        leave(base);
    }
    return good;
}

static void leave(struct link_base *base)
{
    lease_release(base->lease);
    base->lease = LEASE_NONE;
}

static bool is_gone(int dir_fd, const char *name)
{
    return faccessat(dir_fd, name, F_OK, 0) != 0 && (errno == ENOENT || errno == ENOTDIR);
}

static void remove_if_dead(const char *dir)
{
    int lease = lease_inherit_dir(dir);
    if (lease != LEASE_NONE && is_gone(lease, "base")) {
        struct failure ignored; // the next start tries again
        tree_remove(dir, &ignored);
    }
    lease_release(lease);
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
    if (base->lease != LEASE_NONE && lease_is_valid(base->lease, base->dir)) {
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
