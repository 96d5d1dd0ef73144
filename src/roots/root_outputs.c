#include "roots/root_outputs.h"

#include "base/file.h"
#include "base/mem.h"
#include "base/placing.h"
#include "base/tree.h"
#include "roots/link_seal.h"
#include "roots/link_tree.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct collection {
    struct manifest held; // by the tree
    const char *dir;
    const char *to;
    struct failure *why;
};

static bool collect_folder(struct collection *collection, const char *folder);

// `path` is that of something in the tree.
static bool collect_entry(struct collection *collection, const char *path)
{
    char *from = path_join(collection->dir, path);
    struct stat info;
    bool good = true;
    if (lstat(from, &info) == 0 && S_ISDIR(info.st_mode)) {
        char *folder = mem_format("%s/", path);
        // One of the tree's own is in the list itself, or nobody was told to write there.
        good = manifest_has_folder(&collection->held, folder) || collect_folder(collection, folder);
        free(folder);
    } else if (S_ISREG(info.st_mode)) {
        size_t index = manifest_find(&collection->held, path);
        bool is_input = index < collection->held.count &&
                        strcmp(collection->held.entries[index].name, path) == 0;
        char *to = path_join(collection->to, path);
        good = is_input || place_move(from, to, collection->why);
        free(to);
    }
    free(from);
    return good;
}

static bool collect_folder(struct collection *collection, const char *folder)
{
    char *path = path_join(collection->dir, folder);
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    DIR *dir = fd < 0 ? NULL : fdopendir(fd);
    bool good = dir != NULL || errno == ENOENT || errno == ENOTDIR || errno == ELOOP ||
                failure_errno(collection->why, errno, "cannot read '%s'", path);
    for (const char *name = NULL; good && (name = tree_next(dir)) != NULL;) {
        char *inner = mem_format("%s%s", folder, name);
        good = collect_entry(collection, inner);
        free(inner);
    }
    tree_close(dir);
    free(path);
    return good;
}

// The folder has another time of change when anything was put there.
static bool is_changed(const char *dir, const char *folder)
{
    struct stat info;
    char *path = mem_format("%s/%.*s", dir, (int)strlen(folder) - 1, folder);
    bool changed = lstat(path, &info) == 0 && S_ISDIR(info.st_mode) && !link_seal_is_there(&info);
    free(path);
    return changed;
}

bool root_outputs_collect(const char *dir, const struct strlist *folders, const char *to,
                          struct failure *why)
{
    struct collection collection = {.dir = dir, .to = to, .why = why};
    bool loaded = false;
    bool good = true;
    for (size_t i = 0; good && i < folders->count; i++) {
        if (is_changed(dir, folders->items[i])) {
            loaded = loaded || link_tree_held(dir, &collection.held);
            good = collect_folder(&collection, folders->items[i]);
        }
    }
    manifest_finish(&collection.held);
    return good;
}
