#include "roots/link_home.h"

#include "base/digest.h"
#include "base/file.h"
#include "base/lease.h"
#include "base/mem.h"
#include "base/tree.h"
#include "process/platform.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <uv.h>

static const uint64_t bytes_of_mib = 1024 * 1024;

static bool choose(struct link_home *home, const char *memory, struct failure *why);
static bool enter(struct link_home *home, struct failure *why);
static void leave(struct link_home *home);
static void sweep(const struct link_home *home);

bool link_home_init(struct link_home *home, const char *state_dir, const char *memory,
                    struct failure *why)
{
    *home = (struct link_home){.state_dir = mem_dup(state_dir), .lease = LEASE_NONE};
    home->user = mem_format("%ld.%" PRIu64, (long)getpid(), uv_hrtime());
    if (memory == NULL) {
        return true;
    }
    if (choose(home, memory, why) && enter(home, why)) {
        sweep(home);
        return true;
    }
    free(home->top);
    free(home->dir);
    home->top = NULL;
    home->dir = NULL;
    return false;
}

static bool choose(struct link_home *home, const char *memory, struct failure *why)
{
    struct platform_room room;
    if (!platform_memory_room(memory, &room)) {
        return failure_set(why, "'%s' is no tmpfs, or is mounted with nosymfollow", memory);
    }
    if (room.bytes / bytes_of_mib < LINK_HOME_MIN_MIB) {
        return failure_set(why, "'%s' has less than %d MiB", memory, LINK_HOME_MIN_MIB);
    }
    char *digest = digest_hex_of(home->state_dir, strlen(home->state_dir));
    home->top = mem_format("%s/rustc-relay-%lu", memory, (unsigned long)geteuid());
    home->dir = mem_format("%s/%s", home->top, digest);
    free(digest);
    return true;
}

static bool enter(struct link_home *home, struct failure *why)
{
    if (!tree_make_private(home->top, why)) {
        return false;
    }
    home->lease = lease_share(home->dir);
    if (home->lease == LEASE_NONE) {
        return failure_errno(why, errno, "cannot lock the directory '%s'", home->dir);
    }
    char *link = mem_format("%s/base", home->dir);
    int error = file_link(home->state_dir, link);
    if (error != 0) {
        failure_errno(why, error, "cannot make the link '%s'", link);
        leave(home);
    }
    free(link);
    return error == 0;
}

static void leave(struct link_home *home)
{
    lease_release(home->lease);
    home->lease = LEASE_NONE;
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

static void sweep(const struct link_home *home)
{
    DIR *top = opendir(home->top);
    for (struct dirent *entry; top != NULL && (entry = readdir(top)) != NULL;) {
        if (entry->d_name[0] != '.') {
            char *dir = mem_format("%s/%s", home->top, entry->d_name);
            remove_if_dead(dir);
            free(dir);
        }
    }
    if (top != NULL) {
        closedir(top);
    }
}

const char *link_home_usual(const struct link_home *home)
{
    return home->dir == NULL ? home->state_dir : home->dir;
}

static bool is_enough(uint64_t left, uint64_t all)
{
    return left >= all / LINK_HOME_FREE_PART;
}

static bool has_room(const struct link_home *home)
{
    struct platform_room room;
    return platform_memory_room(home->dir, &room) && is_enough(room.free_bytes, room.bytes) &&
           is_enough(room.free_files, room.files);
}

const char *link_home_now(struct link_home *home)
{
    struct failure ignored; // the disk is as good, only slower
    if (home->dir == NULL) {
        return home->state_dir;
    }
    bool is_there = lease_is_valid(home->lease, home->dir);
    if (!is_there) {
        leave(home);
        is_there = enter(home, &ignored);
    }
    return is_there && has_room(home) ? home->dir : home->state_dir;
}

void link_home_finish(struct link_home *home)
{
    if (home->state_dir != NULL) {
        leave(home);
    }
    free(home->state_dir);
    free(home->top);
    free(home->dir);
    free(home->user);
    *home = (struct link_home){0};
}
