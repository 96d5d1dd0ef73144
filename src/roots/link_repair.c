#include "roots/link_repair.h"

#include "base/bytes.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/tree.h"
#include "roots/link_log.h"
#include "roots/link_seal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct repair {
    const char *dir;
    struct manifest *manifest;
    struct link_log log;
    struct timespec sealed; // when the last folder was sealed
    struct bytes path;      // where we are in the tree, with a slash at the end; empty: at its top
    struct failure *why;
};

// One folder of the tree, and the entries of the manifest that lie in it.
struct folder {
    int fd;
    bool is_doubtful; // it may be another one: somebody has changed the folder that it lies in
    size_t start;
    size_t end;
};

static bool repair_folder(struct repair *repair, const struct folder *folder);

bool link_repair(const char *dir, int tree_fd, struct manifest *manifest, struct failure *why)
{
    struct repair repair = {.dir = dir, .manifest = manifest, .sealed = manifest->sealed};
    repair.why = why;
    bool good =
        link_log_load(&repair.log, dir) || manifest->count == 0 ||
        failure_set(why, "the directory of links '%s' was changed, and '%s.targets' cannot be read",
                    dir, dir);
    if (good) {
        struct folder top = {.fd = tree_fd, .end = manifest->count};
        good = repair_folder(&repair, &top);
    }
    manifest->sealed = repair.sealed;
    bytes_finish(&repair.path);
    link_log_finish(&repair.log);
    return good;
}

static const char *entry_name(const struct repair *repair, size_t index)
{
    return repair->manifest->entries[index].name;
}

// The path in the tree of what has this name in the folder where we are. Owned by the caller.
static char *path_of(const struct repair *repair, const char *name, const char *suffix)
{
    return mem_format("%s%s%s", bytes_text(&repair->path), name, suffix);
}

static bool is_wanted_link(const struct repair *repair, int fd, const char *name)
{
    char *path = path_of(repair, name, "");
    size_t index = manifest_find(repair->manifest, path);
    bool wanted = index < repair->manifest->count && strcmp(entry_name(repair, index), path) == 0;
    const char *known = wanted ? link_log_target(&repair->log, path) : NULL;
    free(path);
    return known != NULL && file_is_link_to(fd, name, known);
}

static bool is_wanted_folder(const struct repair *repair, int fd, const char *name)
{
    struct stat info;
    char *path = path_of(repair, name, "/");
    bool wanted = manifest_has_folder(repair->manifest, path) &&
                  fstatat(fd, name, &info, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(info.st_mode);
    free(path);
    return wanted;
}

// Whatever is not as it must be goes: what is wanted is made again.
static bool remove_surplus(struct repair *repair, int fd)
{
    int again = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = again < 0 ? NULL : fdopendir(again);
    if (dir == NULL) {
        return failure_errno(repair->why, errno, "cannot read the directory of links '%s'",
                             repair->dir);
    }
    bool good = true;
    for (const char *name = NULL; good && (name = tree_next(dir)) != NULL;) {
        good = is_wanted_link(repair, fd, name) || is_wanted_folder(repair, fd, name) ||
               tree_remove_at(fd, name, repair->why);
    }
    closedir(dir);
    return good;
}

static bool make_link(struct repair *repair, int fd, const char *path)
{
    const char *name = path + repair->path.len;
    const char *target = link_log_target(&repair->log, path);
    return (target != NULL && (symlinkat(target, fd, name) == 0 || errno == EEXIST)) ||
           failure_errno(repair->why, target == NULL ? ENOENT : errno,
                         "cannot make the link '%s/%s' to an input again", repair->dir, path);
}

// The links that lie in the folder itself.
static bool make_missing(struct repair *repair, const struct folder *folder)
{
    bool good = true;
    for (size_t i = folder->start; good && i < folder->end; i++) {
        const char *path = entry_name(repair, i);
        const char *rest = path + repair->path.len;
        good = *rest == '\0' || strchr(rest, '/') != NULL || make_link(repair, folder->fd, path);
    }
    return good;
}

// Goes into the folder that the entry at `index` lies in; `ret_end` is behind its last entry.
static bool repair_inner(struct repair *repair, const struct folder *outer, size_t index,
                         size_t *ret_end)
{
    size_t outer_len = repair->path.len;
    const char *path = entry_name(repair, index);
    const char *name = path + outer_len;
    size_t len = (size_t)(strchr(name, '/') - name);
    char *own_name = mem_dup_len(name, len);
    bytes_append(&repair->path, name, len + 1);
    struct folder inner = {.is_doubtful = outer->is_doubtful, .start = index, .end = index};
    while (inner.end < outer->end &&
           strncmp(entry_name(repair, inner.end), repair->path.data, repair->path.len) == 0) {
        inner.end++;
    }
    mkdirat(outer->fd, own_name, S_IRWXU); // mostly it is there
    inner.fd = tree_open(outer->fd, own_name);
    bool good = inner.fd >= 0 ? repair_folder(repair, &inner)
                              : failure_errno(repair->why, errno, "cannot open '%s/%s'",
                                              repair->dir, repair->path.data);
    if (inner.fd >= 0) {
        close(inner.fd);
    }
    free(own_name);
    repair->path.len = outer_len;
    repair->path.data[outer_len] = '\0';
    *ret_end = inner.end;
    return good;
}

static bool repair_folder(struct repair *repair, const struct folder *folder)
{
    struct stat info;
    struct folder own = *folder;
    own.is_doubtful = folder->is_doubtful || fstat(folder->fd, &info) != 0 ||
                      !link_seal_holds(&info, &repair->manifest->sealed);
    bool good =
        !own.is_doubtful || (fchmod(folder->fd, S_IRWXU) == 0 &&
                             remove_surplus(repair, folder->fd) && make_missing(repair, folder));
    for (size_t i = folder->start; good && i < folder->end;) {
        const char *rest = entry_name(repair, i) + repair->path.len;
        if (strchr(rest, '/') == NULL) {
            i++;
        } else {
            good = repair_inner(repair, &own, i, &i);
        }
    }
    if (good && own.is_doubtful) {
        link_seal_folder(folder->fd, &repair->sealed);
    }
    return good;
}
