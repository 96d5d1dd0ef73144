#include "io/link_tree.h"

#include "base/mem.h"
#include "io/tree.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

// The state of one update. Names ascend, so neighbours share a folder: it is opened once.
struct update {
    const struct link_source *source;
    int root_fd;
    int source_fd;
    char *folder;      // the folder of the last name, "" for the root itself
    int folder_fd;     // -1: none yet
    char *link_folder; // the folder that the last link led to
    char *real_folder; // the same, resolved
};

static char *manifest_path(const char *dir)
{
    return mem_format("%s.manifest", dir);
}

static int open_dir(const char *path)
{
    return open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static bool open_update(struct update *update, const char *dir, struct failure *why)
{
    update->folder_fd = -1;
    update->source_fd = -1;
    update->root_fd = open_dir(dir);
    if (update->root_fd < 0) {
        return failure_errno(why, errno, "cannot open the private root '%s'", dir);
    }
    update->source_fd = open_dir(update->source->dir);
    return update->source_fd >= 0 ||
           failure_errno(why, errno, "cannot open the sandbox '%s'", update->source->dir);
}

static void close_fd(int fd)
{
    if (fd >= 0) {
        close(fd);
    }
}

static void close_update(struct update *update)
{
    close_fd(update->folder_fd);
    close_fd(update->root_fd);
    close_fd(update->source_fd);
    free(update->folder);
    free(update->link_folder);
    free(update->real_folder);
}

static bool make_folders(int root_fd, const char *folder)
{
    char *path = mem_dup(folder);
    bool good = true;
    for (char *slash = strchr(path, '/'); good; slash = strchr(slash + 1, '/')) {
        if (slash != NULL) {
            *slash = '\0';
        }
        good = mkdirat(root_fd, path, S_IRWXU) == 0 || errno == EEXIST;
        if (slash == NULL) {
            break;
        }
        *slash = '/';
    }
    int error = errno;
    free(path);
    errno = error;
    return good;
}

// The folder that holds `name`, made if missing; -1 and errno on failure.
static int folder_of(struct update *update, const char *name)
{
    const char *slash = strrchr(name, '/');
    size_t len = slash == NULL ? 0 : (size_t)(slash - name);
    if (update->folder_fd >= 0 && strlen(update->folder) == len &&
        memcmp(update->folder, name, len) == 0) {
        return update->folder_fd;
    }
    close_fd(update->folder_fd);
    free(update->folder);
    update->folder = mem_dup_len(name, len);
    const char *path = len == 0 ? "." : update->folder;
    int flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC;
    update->folder_fd = openat(update->root_fd, path, flags);
    if (update->folder_fd < 0 && errno == ENOENT && make_folders(update->root_fd, path)) {
        update->folder_fd = openat(update->root_fd, path, flags);
    }
    return update->folder_fd;
}

// Where a link in the sandbox really leads: its folder resolved, its last name kept. The links of
// one folder mostly lead to one folder, which is resolved once.
static char *real_target(struct update *update, const char *link)
{
    const char *slash = strrchr(link, '/');
    size_t len = slash == NULL ? 0 : (size_t)(slash - link);
    if (len == 0) {
        return mem_dup(link);
    }
    bool known = update->link_folder != NULL && strlen(update->link_folder) == len &&
                 memcmp(update->link_folder, link, len) == 0;
    if (!known) {
        free(update->link_folder);
        free(update->real_folder);
        update->link_folder = mem_dup_len(link, len);
        update->real_folder = realpath(update->link_folder, NULL);
    }
    return update->real_folder == NULL ? mem_dup(link)
                                       : mem_format("%s%s", update->real_folder, slash);
}

// What the new link for `name` must hold; owned by the caller.
static char *target_of(struct update *update, const char *name)
{
    char link[PATH_MAX];
    ssize_t len = readlinkat(update->source_fd, name, link, sizeof link - 1);
    if (len < 0) {
        // A real file in the sandbox will not outlive the request there; it is still the best we
        // have.
        return mem_format("%s/%s", update->source->dir, name);
    }
    link[len] = '\0';
    return link[0] == '/' ? real_target(update, link)
                          : mem_format("%s/%s", update->source->dir, name);
}

static const char *last_name(const char *name)
{
    const char *slash = strrchr(name, '/');
    return slash == NULL ? name : slash + 1;
}

static bool set_link(struct update *update, const char *name, const char *target,
                     struct failure *why)
{
    int folder = folder_of(update, name);
    if (folder >= 0 && symlinkat(target, folder, last_name(name)) == 0) {
        return true;
    }
    if (folder >= 0 && errno == EEXIST && unlinkat(folder, last_name(name), 0) == 0 &&
        symlinkat(target, folder, last_name(name)) == 0) {
        return true;
    }
    return failure_errno(why, errno, "cannot link the input '%s' into the private root", name);
}

static bool add(struct update *update, const struct manifest_entry *entry, struct failure *why)
{
    size_t len = strlen(entry->name);
    bool is_folder = len > 0 && entry->name[len - 1] == '/';
    char *name = mem_dup_len(entry->name, is_folder ? len - 1 : len);
    char *target =
        is_folder ? mem_dup_len(entry->stamp, entry->stamp_len) : target_of(update, name);
    bool good = set_link(update, name, target, why);
    free(target);
    free(name);
    return good;
}

static void remove_entry(struct update *update, const struct manifest_entry *entry)
{
    size_t len = strlen(entry->name);
    char *name = mem_dup_len(entry->name, entry->name[len - 1] == '/' ? len - 1 : len);
    unlinkat(update->root_fd, name, 0);
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
    struct update update = {.source = source};
    bool good = open_update(&update, dir, why);
    if (good) {
        remove_surplus(&update, held, wanted);
        good = add_missing(&update, held, wanted, why) && manifest_save(wanted, path, why);
    }
    close_update(&update);
    free(path);
    return good;
}

static bool make_anew(const char *dir, const struct link_source *source,
                      const struct manifest *wanted, struct failure *why)
{
    struct manifest nothing = {0};
    return tree_remove(dir, why) && tree_make(dir, S_IRWXU, why) &&
           apply(dir, source, &nothing, wanted, why);
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
