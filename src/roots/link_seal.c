// utimensat
#define _XOPEN_SOURCE 700
#include "roots/link_seal.h"

#include "roots/link_folders.h"

#include <fcntl.h>

// What touches a folder gives it the time of now; this is long ago.
enum { SEALED_MTIME = 946684800 };

static const struct timespec seal_times[2] = {{.tv_nsec = UTIME_OMIT}, {.tv_sec = SEALED_MTIME}};

static bool is_later(const struct timespec *time, const struct timespec *other)
{
    return time->tv_sec != other->tv_sec ? time->tv_sec > other->tv_sec
                                         : time->tv_nsec > other->tv_nsec;
}

bool link_seal_is_there(const struct stat *folder)
{
    return S_ISDIR(folder->st_mode) && (folder->st_mode & 0777) == S_IRWXU &&
           folder->st_mtim.tv_sec == SEALED_MTIME && folder->st_mtim.tv_nsec == 0;
}

bool link_seal_holds(const struct stat *folder, const struct timespec *sealed)
{
    return link_seal_is_there(folder) && !is_later(&folder->st_ctim, sealed);
}

bool link_seal_holds_all(int tree_fd, const struct manifest *manifest)
{
    struct link_folders folders = {.len = 0};
    struct link_way way = link_way_from(tree_fd);
    struct stat info;
    bool holds = fstat(tree_fd, &info) == 0 && link_seal_holds(&info, &manifest->sealed);
    for (size_t i = 0; holds && i < manifest->count; i++) {
        const char *name = manifest->entries[i].name;
        size_t later = i + LINK_WAY_AHEAD;
        link_way_to(&way, name);
        link_folders_enter(&folders, name);
        const char *folder = NULL;
        while (holds && (folder = link_folders_next(&folders)) != NULL) {
            holds = fstatat(way.fd, folder + way.len, &info, AT_SYMLINK_NOFOLLOW) == 0 &&
                    link_seal_holds(&info, &manifest->sealed);
        }
        if (holds && later < manifest->count) {
            link_way_stay(&way, name, manifest->entries[later].name);
        }
    }
    link_way_end(&way);
    return holds;
}

// A file system that does not keep the time: then the folder is read again each time.
void link_seal_folder(int fd, struct timespec *sealed)
{
    struct stat info;
    futimens(fd, seal_times);
    if (fstat(fd, &info) == 0 && is_later(&info.st_ctim, sealed)) {
        *sealed = info.st_ctim;
    }
}

void link_seal_path(int from_fd, const char *folder)
{
    utimensat(from_fd, folder, seal_times, AT_SYMLINK_NOFOLLOW);
}
