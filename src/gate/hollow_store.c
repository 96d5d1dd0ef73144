#include "gate/hollow_store.h"

#include "base/digest.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/placing.h"
#include "base/tree.h"
#include "rustc/hollow.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

void hollow_store_open(struct hollow_store *store, const char *worker_dir)
{
    *store = (struct hollow_store){.dir = path_join(worker_dir, "hollow")};
}

static char *stored_path(const struct hollow_store *store, const struct hollow_source *source)
{
    char *name = digest_hex_of(source->digest, source->digest_len);
    char *path = path_join(store->dir, name);
    free(name);
    return path;
}

// Removes the file if nobody else has it; else returns its size.
static uint64_t drop_unused(int dir_fd, const char *name)
{
    struct stat info;
    if (fstatat(dir_fd, name, &info, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISREG(info.st_mode)) {
        return 0;
    }
    if (info.st_nlink == 1 && unlinkat(dir_fd, name, 0) == 0) {
        return 0;
    }
    return (uint64_t)info.st_size;
}

static void trim(struct hollow_store *store)
{
    DIR *dir = opendir(store->dir);
    store->bytes = 0;
    for (const char *name = NULL; (name = tree_next(dir)) != NULL;) {
        store->bytes += drop_unused(dirfd(dir), name);
    }
    tree_close(dir);
}

static bool add(struct hollow_store *store, const char *rmeta, const char *stored,
                struct failure *why)
{
    struct stat info;
    if (!tree_make(store->dir, S_IRWXU, why) || !hollow_write(rmeta, stored, why)) {
        return false;
    }
    store->bytes += stat(stored, &info) == 0 ? (uint64_t)info.st_size : 0;
    return true;
}

// The new one is linked before anything is dropped: until then it is nobody's.
static bool add_and_link(struct hollow_store *store, const char *rmeta, const char *stored,
                         const char *path, struct failure *why)
{
    bool good = add(store, rmeta, stored, why) && place_link(stored, path, why);
    if (store->bytes > HOLLOW_STORE_MAX_BYTES) {
        trim(store);
    }
    return good;
}

bool hollow_store_link(struct hollow_store *store, const struct hollow_source *source,
                       const char *path, struct failure *why)
{
    if (source->digest_len == 0) {
        return tree_make_parent(path, why) && hollow_write(source->rmeta, path, why);
    }
    char *stored = stored_path(store, source);
    bool good = access(stored, F_OK) == 0 ? place_link(stored, path, why)
                                          : add_and_link(store, source->rmeta, stored, path, why);
    free(stored);
    return good;
}

void hollow_store_finish(struct hollow_store *store)
{
    free(store->dir);
    *store = (struct hollow_store){0};
}
