#include "io/link_tree.h"

#include "base/file.h"
#include "base/mem.h"
#include "io/tree.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

// The state of one update.
struct update {
    struct link_targets targets;
    int root_fd;
    bool is_fresh;    // the tree was empty
    const char *last; // in a fresh one, the name before
};

static char *manifest_path(const char *dir)
{
    return mem_format("%s.manifest", dir);
}

static bool open_update(struct update *update, const char *dir, const struct link_source *source,
                        struct failure *why)
{
    update->root_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (update->root_fd < 0) {
        return failure_errno(why, errno, "cannot open the private root '%s'", dir);
    }
    if (!link_targets_init(&update->targets, source, dir, why)) {
        close(update->root_fd);
        return false;
    }
    return true;
}

static void close_update(struct update *update)
{
    close(update->root_fd);
    link_targets_finish(&update->targets);
}

// Makes the folder that `name` lies in, and its parents as far as they are missing.
static bool make_folder_of(int root_fd, const char *name)
{
    char *folder = path_dirname(name);
    bool made = mkdirat(root_fd, folder, S_IRWXU) == 0 || errno == EEXIST;
    if (!made && errno == ENOENT) {
        made = make_folder_of(root_fd, folder) && mkdirat(root_fd, folder, S_IRWXU) == 0;
    }
    int error = errno;
    free(folder);
    errno = error;
    return made;
}

// How many bytes both start with.
static size_t common_length(const char *left, const char *right)
{
    size_t len = 0;
    while (left[len] != '\0' && left[len] == right[len]) {
        len++;
    }
    return len;
}

// In a fresh tree it is known which folders are there: those of the name before, for names ascend.
// This saves a probe for each. What goes wrong is seen when the link is made.
static void make_new_folders(struct update *update, char *name)
{
    size_t known = update->last == NULL ? 0 : common_length(update->last, name);
    for (char *slash = strchr(name + known, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        mkdirat(update->root_fd, name, S_IRWXU);
        *slash = '/';
    }
}

// 0, or errno.
static int make_link(const struct update *update, const char *name, const char *target)
{
    return symlinkat(target, update->root_fd, name) == 0 ? 0 : errno;
}

static bool set_link(const struct update *update, const char *name, const char *target,
                     struct failure *why)
{
    int error = make_link(update, name, target);
    bool cleared = (error == ENOENT && make_folder_of(update->root_fd, name)) ||
                   (error == EEXIST && unlinkat(update->root_fd, name, 0) == 0);
    if (cleared) {
        error = make_link(update, name, target);
    }
    return error == 0 ||
           failure_errno(why, error, "cannot link the input '%s' into the private root", name);
}

static bool is_folder(const struct manifest_entry *entry)
{
    size_t len = strlen(entry->name);
    return len > 0 && entry->name[len - 1] == '/';
}

// The name of the link itself; owned by the caller.
static char *link_name(const struct manifest_entry *entry)
{
    return mem_dup_len(entry->name, strlen(entry->name) - (is_folder(entry) ? 1 : 0));
}

static bool add(struct update *update, const struct manifest_entry *entry, struct failure *why)
{
    char *name = link_name(entry);
    char *target = is_folder(entry) ? mem_dup_len(entry->stamp, entry->stamp_len)
                                    : link_targets_of(&update->targets, name);
    if (update->is_fresh) {
        make_new_folders(update, name);
        update->last = entry->name;
    }
    bool good = set_link(update, name, target, why);
    free(target);
    free(name);
    return good;
}

// Folders that are empty then go, too: nobody declared them.
static void remove_entry(struct update *update, const struct manifest_entry *entry)
{
    char *name = link_name(entry);
    int error = unlinkat(update->root_fd, name, 0);
    for (char *slash = strrchr(name, '/'); error == 0 && slash != NULL;
         slash = strrchr(name, '/')) {
        *slash = '\0';
        error = unlinkat(update->root_fd, name, AT_REMOVEDIR);
    }
    free(name);
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
            remove_entry(update, &held->entries[i]);
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
        if (!known && !add(update, entry, why)) {
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

// While links change, no manifest claims to know them.
static bool apply(const char *dir, const struct link_source *source, const struct manifest *held,
                  const struct manifest *wanted, struct failure *why)
{
    char *path = manifest_path(dir);
    unlink(path);
    struct update update = {.is_fresh = held->count == 0};
    bool good = open_update(&update, dir, source, why);
    if (good) {
        remove_surplus(&update, held, wanted);
        good = add_missing(&update, held, wanted, why) && manifest_save(wanted, path, why);
        close_update(&update);
    }
    free(path);
    return good;
}

static bool remove_all(const char *dir, struct failure *why)
{
    return tree_remove(dir, why) && link_targets_remove(dir, why);
}

static bool make_anew(const char *dir, const struct link_source *source,
                      const struct manifest *wanted, struct failure *why)
{
    struct manifest nothing = {0};
    bool good = remove_all(dir, why) && tree_make(dir, S_IRWXU, why) &&
                apply(dir, source, &nothing, wanted, why);
    struct failure ignored;
    if (!good) {
        remove_all(dir, &ignored); // what is of no use takes no room
    }
    return good;
}

bool link_tree_update(const char *dir, const struct link_source *source,
                      const struct manifest *wanted, struct failure *why)
{
    struct manifest held = {0};
    char *path = manifest_path(dir);
    bool known = manifest_load(&held, path) && access(dir, F_OK) == 0;
    free(path);
    struct failure first;
    bool good = (known && is_equal(&held, wanted)) ||
                (known && apply(dir, source, &held, wanted, &first)) ||
                make_anew(dir, source, wanted, why);
    manifest_finish(&held);
    return good;
}

void link_tree_distrust(const char *dir)
{
    char *path = manifest_path(dir);
    unlink(path);
    free(path);
}
