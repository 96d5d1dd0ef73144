#include "io/sandbox.h"

#include "base/file.h"
#include "base/mem.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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

static const char outputs[] = "bazel-out/";
static const char mapped[] = "bazel-out/cfg";

static bool is_mapped(const char *base_dir)
{
    char *path = path_join(base_dir, mapped);
    bool there = access(path, F_OK) == 0;
    free(path);
    return there;
}

void sandbox_map_inputs(const char *base_dir, struct input *inputs, size_t count,
                        struct strlist *texts)
{
    size_t skip = sizeof outputs - 1;
    if (!is_mapped(base_dir)) {
        return;
    }
    for (size_t i = 0; i < count; i++) {
        const char *path = inputs[i].path;
        const char *rest = strncmp(path, outputs, skip) == 0 ? strchr(path + skip, '/') : NULL;
        if (rest != NULL) {
            char *text = mem_format("%s%s", mapped, rest);
            strlist_push_take(texts, text);
            inputs[i].path = text;
        }
    }
}
