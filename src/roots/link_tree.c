#include "roots/link_tree.h"

#include "base/bytes.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/tree.h"
#include "roots/link_log.h"
#include "roots/link_maker.h"
#include "roots/link_repair.h"
#include "roots/link_seal.h"
#include "roots/link_target.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <uv.h>

/** From so many links on a fresh tree is made by two threads: each link is two calls of the system.
 * Each thread takes so many at a time, for their folders cost more. */
enum { LINKS_FOR_TWO = 64, LINKS_AT_A_TIME = 64 };

// What there is to do, and what is done or being done.
struct change {
    const struct manifest *held;
    struct manifest *wanted;
    atomic_size_t next;
    atomic_size_t failed; // threads that could not make theirs
    uv_barrier_t *both;   // where they wait for one another; NULL: there is one
};

// What one thread makes of it.
struct part {
    struct link_maker maker;
    struct change *change;
    bool good; // or `why`; also when it had nothing to do
    struct failure why;
};

static char *manifest_path(const char *dir)
{
    return mem_format("%s.manifest", dir);
}

bool link_tree_held(const char *dir, struct manifest *held)
{
    char *path = manifest_path(dir);
    bool known = manifest_load(held, path);
    free(path);
    return known;
}

static bool save(const char *dir, const struct manifest *manifest, struct failure *why)
{
    char *path = manifest_path(dir);
    bool good = manifest_save(manifest, path, why);
    free(path);
    return good;
}

// Folders that are empty then go, too: nobody declared them.
static void remove_entry(struct link_maker *maker, const char *name, const struct manifest *wanted)
{
    char *path = mem_dup(name);
    if (name[strlen(name) - 1] != '/') {
        unlinkat(maker->tree_fd, name, 0);
    }
    for (char *slash = strrchr(path, '/'); slash != NULL; slash = strrchr(path, '/')) {
        slash[1] = '\0';
        if (manifest_has_folder(wanted, path)) {
            break;
        }
        *slash = '\0';
        unlinkat(maker->tree_fd, path, AT_REMOVEDIR);
    }
    link_maker_touch(maker, name);
    free(path);
}

static bool is_same(const struct manifest_entry *left, const struct manifest_entry *right)
{
    return left->digest_len == right->digest_len &&
           memcmp(left->digest, right->digest, left->digest_len) == 0;
}

// Both lists ascend. Removing comes first: a name may have been a file where now a folder must be.
static void remove_surplus(struct link_maker *maker, const struct manifest *held,
                           const struct manifest *wanted)
{
    size_t next = 0;
    for (size_t i = 0; i < held->count; i++) {
        while (next < wanted->count &&
               strcmp(wanted->entries[next].name, held->entries[i].name) < 0) {
            next++;
        }
        if (next == wanted->count ||
            strcmp(wanted->entries[next].name, held->entries[i].name) != 0) {
            remove_entry(maker, held->entries[i].name, wanted);
        }
    }
}

// LINK_WAY_AHEAD names behind it; NULL: so many do not come.
static const char *name_behind(const struct manifest *manifest, size_t index)
{
    size_t later = index + LINK_WAY_AHEAD;
    return later < manifest->count ? manifest->entries[later].name : NULL;
}

// Those that the tree does not hold yet.
static void add_from(struct part *part, size_t start)
{
    const struct manifest *held = part->change->held;
    const struct manifest *wanted = part->change->wanted;
    size_t next = manifest_find(held, wanted->entries[start].name);
    for (size_t i = start; part->good && i < start + LINKS_AT_A_TIME && i < wanted->count; i++) {
        const struct manifest_entry *entry = &wanted->entries[i];
        while (next < held->count && strcmp(held->entries[next].name, entry->name) < 0) {
            next++;
        }
        bool known = next < held->count && strcmp(held->entries[next].name, entry->name) == 0 &&
                     is_same(&held->entries[next], entry);
        part->good =
            known || link_maker_add(&part->maker, entry->name, name_behind(wanted, i), &part->why);
    }
}

static void add_missing(struct part *part)
{
    struct change *change = part->change;
    for (size_t start = atomic_fetch_add(&change->next, LINKS_AT_A_TIME);
         part->good && start < change->wanted->count;
         start = atomic_fetch_add(&change->next, LINKS_AT_A_TIME)) {
        add_from(part, start);
    }
}

// Both threads add to one folder, so none is sealed before all is there.
static void make_part(void *owner)
{
    struct part *part = owner;
    struct change *change = part->change;
    add_missing(part);
    atomic_fetch_add(&change->failed, part->good ? 0 : 1);
    if (change->both != NULL) {
        uv_barrier_wait(change->both);
    }
    if (atomic_load(&change->failed) == 0) {
        link_maker_seal(&part->maker);
    }
}

// What no thread can be had for is done by this one.
static void make_parts(struct part *parts, size_t count)
{
    struct change *change = parts[0].change;
    uv_barrier_t both;
    uv_thread_t other;
    if (count > 1 && uv_barrier_init(&both, 2) == 0) {
        change->both = &both;
        if (uv_thread_create(&other, make_part, &parts[1]) == 0) {
            make_part(&parts[0]);
            uv_thread_join(&other);
            uv_barrier_destroy(&both);
            return;
        }
        uv_barrier_destroy(&both);
        change->both = NULL;
    }
    make_part(&parts[0]);
}

static bool is_equal(const struct manifest *held, const struct manifest *wanted)
{
    bool equal = held->count == wanted->count;
    for (size_t i = 0; equal && i < held->count; i++) {
        equal = strcmp(held->entries[i].name, wanted->entries[i].name) == 0 &&
                is_same(&held->entries[i], &wanted->entries[i]);
    }
    return equal;
}

static bool make(const char *dir, struct part *parts, size_t count, struct failure *why)
{
    const struct manifest *held = parts[0].change->held;
    struct manifest *wanted = parts[0].change->wanted;
    remove_surplus(&parts[0].maker, held, wanted);
    make_parts(parts, count);
    for (size_t i = 0; i < count; i++) {
        if (!parts[i].good) {
            *why = parts[i].why;
            return false;
        }
        if (!link_log_append(dir, &parts[i].maker.log, wanted->count, why)) {
            return false;
        }
    }
    wanted->sealed = held->sealed;
    link_seal_folder(parts[0].maker.tree_fd, &wanted->sealed);
    return save(dir, wanted, why);
}

// While links change, no manifest claims to know them.
static bool apply(const char *dir, const char *sandbox, const struct manifest *held,
                  struct manifest *wanted, struct failure *why)
{
    link_tree_distrust(dir);
    int tree_fd = tree_open(AT_FDCWD, dir);
    if (tree_fd < 0) {
        return failure_errno(why, errno, "cannot open the directory of links '%s'", dir);
    }
    struct change change = {.held = held, .wanted = wanted};
    struct part parts[2] = {{.change = &change, .good = true}, {.change = &change, .good = true}};
    bool is_fresh = held->count == 0;
    size_t needed = is_fresh && wanted->count >= LINKS_FOR_TWO ? 2 : 1;
    size_t count = 0;
    bool good = true;
    while (good && count < needed) {
        good = link_maker_init(&parts[count].maker, dir, tree_fd, sandbox, why);
        parts[count].maker.is_fresh = is_fresh;
        count += good ? 1 : 0;
    }
    good = good && make(dir, parts, count, why);
    for (size_t i = 0; i < count; i++) {
        link_maker_finish(&parts[i].maker);
    }
    close(tree_fd);
    return good;
}

static bool remove_all(const char *dir, struct failure *why)
{
    return tree_remove(dir, why) && link_targets_remove(dir, why) && link_log_remove(dir, why);
}

static bool make_anew(const char *dir, const char *sandbox, struct manifest *wanted,
                      struct failure *why)
{
    struct manifest nothing = {0};
    bool good = remove_all(dir, why) && tree_make(dir, S_IRWXU, why) &&
                apply(dir, sandbox, &nothing, wanted, why);
    struct failure ignored;
    if (!good) {
        remove_all(dir, &ignored); // what is of no use takes no room
    }
    return good;
}

// False: what the tree holds is not known, or cannot be made good.
static bool restore(const char *dir, bool is_settled, struct manifest *held, struct failure *why)
{
    if (!link_tree_held(dir, held)) {
        return failure_set(why, "cannot read '%s.manifest'", dir);
    }
    int tree_fd = tree_open(AT_FDCWD, dir);
    if (tree_fd < 0) {
        return failure_errno(why, errno, "cannot open the directory of links '%s'", dir);
    }
    bool good = is_settled || link_seal_holds_all(tree_fd, held) ||
                (link_repair(dir, tree_fd, held, why) && save(dir, held, why));
    close(tree_fd);
    return good;
}

bool link_tree_restore(const char *dir, struct failure *why)
{
    struct manifest held = {0};
    bool good = restore(dir, false, &held, why);
    manifest_finish(&held);
    return good;
}

bool link_tree_update(const char *dir, const char *sandbox, bool is_settled,
                      struct manifest *wanted, struct failure *why)
{
    struct manifest held = {0};
    struct failure first;
    bool known = restore(dir, is_settled, &held, &first);
    bool good = (known && is_equal(&held, wanted)) ||
                (known && apply(dir, sandbox, &held, wanted, &first)) ||
                make_anew(dir, sandbox, wanted, why);
    manifest_finish(&held);
    return good;
}

void link_tree_distrust(const char *dir)
{
    char *path = manifest_path(dir);
    unlink(path);
    free(path);
}
