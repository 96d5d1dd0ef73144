#include "io/sandbox.h"

#include "base/file.h"
#include "base/mem.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static bool has_entry(DIR *dir)
{
    for (struct dirent *entry = readdir(dir); entry != NULL; entry = readdir(dir)) {
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) {
            return true;
        }
    }
    return false;
}

static bool check(const char *path, struct failure *why)
{
    DIR *dir = opendir(path);
    if (dir == NULL) {
        return failure_errno(why, errno, "cannot use the sandbox directory '%s'", path);
    }
    bool filled = has_entry(dir);
    closedir(dir);
    return filled ||
           failure_set(why, "the sandbox directory '%s' is empty: its inputs are missing", path);
}

char *sandbox_base_dir(const char *cwd, const char *sandbox_dir, struct failure *why)
{
    if (sandbox_dir[0] == '\0') {
        return mem_dup(cwd);
    }
    char *path = path_join(cwd, sandbox_dir);
    if (!check(path, why)) {
        free(path);
        return NULL;
    }
    return path;
}

// Bazel runs a sandboxed singleplex worker in <output_base>/bazel-workers/<worker>/<workspace>.
bool sandbox_is_reused(const char *cwd, const char *sandbox_dir)
{
    return sandbox_dir[0] != '\0' || strstr(cwd, "/bazel-workers/") != NULL;
}
