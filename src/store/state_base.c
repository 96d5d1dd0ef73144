// realpath
#define _XOPEN_SOURCE 700
#include "store/state_base.h"

#include "base/mem.h"
#include "base/tree.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool holds_directory(const char *dir, const char *name)
{
    char *path = mem_format("%s/%s", dir, name);
    struct stat info;
    bool holds = stat(path, &info) == 0 && S_ISDIR(info.st_mode);
    free(path);
    return holds;
}

// Where everybody may make names, as in /tmp, nobody knows who made these.
static bool is_open_to_all(const char *dir)
{
    struct stat info;
    return stat(dir, &info) != 0 || (info.st_mode & S_IWOTH) != 0;
}

char *state_base_of_bazel(const char *cwd)
{
    char *dir = realpath(cwd, NULL);
    while (dir != NULL && dir[0] != '\0') {
        if (holds_directory(dir, "execroot") && holds_directory(dir, "server") &&
            !is_open_to_all(dir)) {
            char *base = mem_format("%s/rustc-relay", dir);
            free(dir);
            return base;
        }
        *strrchr(dir, '/') = '\0';
    }
    free(dir);
    return NULL;
}

char *state_base_temporary(struct failure *why)
{
    const char *given = getenv("TMPDIR");
    const char *parent = given == NULL || given[0] == '\0' ? "/tmp" : given;
    char *absolute = realpath(parent, NULL);
    if (absolute == NULL) {
        failure_errno(why, errno, "cannot use '%s' for temporary files", parent);
        return NULL;
    }
    char *dir = mem_format("%s/rustc-relay-%lu", absolute, (unsigned long)geteuid());
    free(absolute);
    if (mkdir(dir, S_IRWXU) != 0 && errno != EEXIST) {
        failure_errno(why, errno, "cannot make the directory '%s'", dir);
    } else if (tree_check_private(dir, why)) {
        return dir;
    }
    free(dir);
    return NULL;
}
