// O_NOFOLLOW
#define _XOPEN_SOURCE 700
#include "roots/link_tree.h"

#include "base/bytes.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/tree.h"
#include "roots/link_folders.h"
#include "roots/link_log.h"
#include "roots/link_repair.h"
#include "roots/link_seal.h"
#include "roots/link_target.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

// Names in their order, borrowed.
struct names {
    const char **items;
    size_t count;
    size_t capacity;
};

// The state of one update.
struct update {
    struct link_targets targets;
    int root_fd;
    bool is_fresh;               // the tree was empty
    struct link_folders folders; // in a fresh one: which are there
    struct names removed;        // what was changed: the folders of these are to be sealed again
    struct names made;
    struct bytes log; // of the links that were made
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

static int open_tree(const char *dir)
{
    return open(dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

static bool open_update(struct update *update, const char *dir, const char *sandbox,
                        struct failure *why)
{
    update->root_fd = open_tree(dir);
    if (update->root_fd < 0) {
        return failure_errno(why, errno, "cannot open the private root '%s'", dir);
    }
    if (!link_targets_init(&update->targets, sandbox, dir, why)) {
        close(update->root_fd);
        return false;
    }
    return true;
}

static void close_update(struct update *update)
{
    close(update->root_fd);
    link_targets_finish(&update->targets);
    free(update->removed.items);
    free(update->made.items);
    bytes_finish(&update->log);
}

static void add_name(struct names *names, const char *name)
{
    if (names->count == names->capacity) {
        names->capacity = names->capacity == 0 ? 64 : names->capacity * 2;
        names->items = mem_grow_array(names->items, names->capacity, sizeof names->items[0]);
    }
    names->items[names->count++] = name;
}

// Would the name lead out of the tree, or is it a second spelling of another one?
static bool is_plain(const char *name)
{
    bool plain = name[0] != '\0' && strlen(name) < PATH_MAX;
    for (const char *part = name; plain && part != NULL;) {
        size_t len = strcspn(part, "/");
        const char *next = part[len] == '\0' ? NULL : part + len + 1;
        plain = len > 0 && !(len == 1 && part[0] == '.') &&
                !(len == 2 && part[0] == '.' && part[1] == '.');
        part = next == NULL || *next == '\0' ? NULL : next;
    }
    return plain;
}

static bool make_folder(int root_fd, const char *folder)
{
    bool made = mkdirat(root_fd, folder, S_IRWXU) == 0 || errno == EEXIST;
    if (!made && errno == ENOENT) {
        char *outer = path_dirname(folder);
        made = make_folder(root_fd, outer) && mkdirat(root_fd, folder, S_IRWXU) == 0;
        int error = errno;
        free(outer);
        errno = error;
    }
    return made;
}

// In a fresh tree it is known which folders are there, which saves a probe for each. What goes
// wrong is seen when the link is made.
static void make_new_folders(struct update *update, const char *name)
{
    link_folders_enter(&update->folders, name);
    for (const char *folder = link_folders_next(&update->folders); folder != NULL;
         folder = link_folders_next(&update->folders)) {
        mkdirat(update->root_fd, folder, S_IRWXU);
    }
}

static bool leads_to(const struct update *update, const char *name, const char *target)
{
    char link[PATH_MAX];
    ssize_t len = readlinkat(update->root_fd, name, link, sizeof link);
    return len >= 0 && (size_t)len == strlen(target) && memcmp(link, target, (size_t)len) == 0;
}

// 0, or errno; EEXIST: the very link is there.
static int make_link(const struct update *update, const char *name, const char *target)
{
    if (symlinkat(target, update->root_fd, name) == 0) {
        return 0;
    }
    int error = errno;
    if (error == EEXIST && leads_to(update, name, target)) {
        return EEXIST;
    }
    char *folder = path_dirname(name);
    bool cleared = (error == ENOENT && make_folder(update->root_fd, folder)) ||
                   (error == EEXIST && unlinkat(update->root_fd, name, 0) == 0);
    free(folder);
    if (!cleared) {
        return error;
    }
    return symlinkat(target, update->root_fd, name) == 0 ? 0 : errno;
}

static bool add_link(struct update *update, const char *name, struct failure *why)
{
    char *target = link_targets_of(&update->targets, name);
    int error = make_link(update, name, target);
    if (error == 0) {
        add_name(&update->made, name);
        link_log_note(&update->log, name, target);
    }
    free(target);
    return error == 0 || error == EEXIST ||
           failure_errno(why, error, "cannot link the input '%s' into the private root", name);
}

static bool add_folder(struct update *update, const char *name, struct failure *why)
{
    char *folder = mem_dup_len(name, strlen(name) - 1);
    bool good = make_folder(update->root_fd, folder) ||
                failure_errno(why, errno, "cannot make the folder '%s' in the private root", name);
    free(folder);
    add_name(&update->made, name);
    return good;
}

static bool is_folder(const char *name)
{
    size_t len = strlen(name);
    return len > 0 && name[len - 1] == '/';
}

static bool add(struct update *update, const char *name, struct failure *why)
{
    if (!is_plain(name)) {
        return failure_set(why, "the input '%s' is no path below the directory of the request",
                           name);
    }
    if (update->is_fresh) {
        make_new_folders(update, name);
    }
    return is_folder(name) ? add_folder(update, name, why) : add_link(update, name, why);
}

// Folders that are empty then go, too: nobody declared them.
static void remove_entry(struct update *update, const char *name, const struct manifest *wanted)
{
    char *path = mem_dup(name);
    if (!is_folder(name)) {
        unlinkat(update->root_fd, name, 0);
    }
    for (char *slash = strrchr(path, '/'); slash != NULL; slash = strrchr(path, '/')) {
        slash[1] = '\0';
        if (manifest_has_folder(wanted, path)) {
            break;
        }
        *slash = '\0';
        unlinkat(update->root_fd, path, AT_REMOVEDIR);
    }
    add_name(&update->removed, name);
    free(path);
}

static bool is_same(const struct manifest_entry *left, const struct manifest_entry *right)
{
    return left->stamp_len == right->stamp_len &&
           memcmp(left->stamp, right->stamp, left->stamp_len) == 0;
}

// Both lists ascend. Removing comes first: a name may have been a file where now a folder must be.
static void remove_surplus(struct update *update, const struct manifest *held,
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
            remove_entry(update, held->entries[i].name, wanted);
        }
    }
}

static bool add_missing(struct update *update, const struct manifest *held,
                        const struct manifest *wanted, struct failure *why)
{
    size_t next = 0;
    for (size_t i = 0; i < wanted->count; i++) {
        const struct manifest_entry *entry = &wanted->entries[i];
        while (next < held->count && strcmp(held->entries[next].name, entry->name) < 0) {
            next++;
        }
        bool known = next < held->count && strcmp(held->entries[next].name, entry->name) == 0 &&
                     is_same(&held->entries[next], entry);
        if (!known && !add(update, entry->name, why)) {
            return false;
        }
    }
    return true;
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

static void seal_folders_of(const struct update *update, const struct names *names)
{
    struct link_folders folders = {.len = 0};
    for (size_t i = 0; i < names->count; i++) {
        link_folders_enter(&folders, names->items[i]);
        const char *folder = NULL;
        while ((folder = link_folders_next(&folders)) != NULL) {
            link_seal_path(update->root_fd, folder);
        }
    }
}

static bool change(struct update *update, const char *dir, const struct manifest *held,
                   struct manifest *wanted, struct failure *why)
{
    remove_surplus(update, held, wanted);
    if (!add_missing(update, held, wanted, why) ||
        !link_log_append(dir, &update->log, wanted->count, why)) {
        return false;
    }
    wanted->sealed = held->sealed;
    seal_folders_of(update, &update->removed);
    seal_folders_of(update, &update->made);
    link_seal_folder(update->root_fd, &wanted->sealed);
    return save(dir, wanted, why);
}

// While links change, no manifest claims to know them.
static bool apply(const char *dir, const char *sandbox, const struct manifest *held,
                  struct manifest *wanted, struct failure *why)
{
    link_tree_distrust(dir);
    struct update update = {.is_fresh = held->count == 0};
    bool good = open_update(&update, dir, sandbox, why);
    if (good) {
        good = change(&update, dir, held, wanted, why);
        close_update(&update);
    }
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

static bool repair(const char *dir, int root_fd, struct manifest *held, struct failure *why)
{
    return link_seal_holds_all(root_fd, held) ||
           (link_repair(dir, root_fd, held, why) && save(dir, held, why));
}

// False: what the tree holds is not known, or cannot be made good.
static bool restore(const char *dir, bool is_settled, struct manifest *held, struct failure *why)
{
    if (!link_tree_held(dir, held)) {
        return failure_set(why, "what the private root '%s' must hold is not known", dir);
    }
    int root_fd = tree_open(AT_FDCWD, dir);
    bool good = root_fd >= 0 ? is_settled || repair(dir, root_fd, held, why)
                             : failure_errno(why, errno, "cannot open the private root '%s'", dir);
    if (root_fd >= 0) {
        close(root_fd);
    }
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
