#include "roots/sandbox.h"

#include "base/file.h"
#include "base/mem.h"
#include "base/text.h"
#include "base/tree.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool check(const char *path, struct failure *why)
{
    DIR *dir = opendir(path);
    if (dir == NULL) {
        return failure_errno(why, errno, "cannot use the sandbox directory '%s'", path);
    }
    bool filled = tree_next(dir) != NULL;
    closedir(dir);
    return filled ||
           failure_set(why, "the sandbox directory '%s' is empty: its inputs are missing", path);
}

char *sandbox_request_dir(const char *cwd, const char *sandbox_dir, struct failure *why)
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

// Cuts the last name off a path and returns whether it was `name`; NULL: whatever it was.
static bool cut(char *path, const char *name)
{
    char *slash = strrchr(path, '/');
    bool same = slash != NULL && (name == NULL || strcmp(slash + 1, name) == 0);
    if (slash != NULL) {
        *slash = '\0';
    }
    return same;
}

static bool holds_file(const char *dir, const char *name)
{
    char *path = mem_format("%s/%s", dir, name);
    struct stat info;
    bool holds = lstat(path, &info) == 0 && S_ISREG(info.st_mode);
    free(path);
    return holds;
}

// Bazel's server has a folder in its output base, and leaves two files there when it starts
// (BlazeWorkspace in its source). `bazel clean` removes whatever else it makes, also what is in
// `execroot`.
static bool is_output_base(const char *dir)
{
    return tree_has_dir(dir, "server") && holds_file(dir, "DO_NOT_BUILD_HERE") &&
           holds_file(dir, "README");
}

// Is `cwd` <output base>/<folder>/…, with so many further names?
static bool is_in(const char *cwd, const char *folder, int depth)
{
    char *path = mem_dup(cwd);
    bool found = true;
    for (int i = 0; found && i < depth; i++) {
        found = cut(path, NULL);
    }
    found = found && cut(path, folder) && is_output_base(path);
    free(path);
    return found;
}

// A sandboxed worker runs in <output base>/bazel-workers/<worker>/<workspace>.
enum sandbox_kind sandbox_kind_of_cwd(const char *cwd)
{
    if (is_in(cwd, "bazel-workers", 2)) {
        return SANDBOX_BAZEL;
    }
    return is_in(cwd, "execroot", 1) ? SANDBOX_NONE : SANDBOX_FOREIGN;
}

// `__sandbox/<number>/<workspace>`, and nothing that leads out of there.
static bool is_bazels_name(const char *sandbox_dir)
{
    return text_starts_with(sandbox_dir, "__sandbox/") && strstr(sandbox_dir, "..") == NULL;
}

enum sandbox_kind sandbox_kind_of(enum sandbox_kind cwd, const char *sandbox_dir)
{
    if (sandbox_dir[0] == '\0') {
        return cwd;
    }
    return cwd != SANDBOX_FOREIGN && is_bazels_name(sandbox_dir) ? SANDBOX_BAZEL : SANDBOX_FOREIGN;
}

char *sandbox_execroot(const char *cwd, enum sandbox_kind kind)
{
    char *base = mem_dup(cwd);
    char *execroot = NULL;
    if (kind == SANDBOX_NONE) {
        execroot = mem_dup(cwd);
    } else if (kind == SANDBOX_BAZEL && cut(base, NULL) && cut(base, NULL) && cut(base, NULL)) {
        execroot = mem_format("%s/execroot/%s", base, path_basename(cwd));
    }
    free(base);
    return execroot;
}

static const char outputs[] = "bazel-out/";
static const char mapped[] = "bazel-out/cfg";

static bool is_mapped(const char *request_dir)
{
    char *path = path_join(request_dir, mapped);
    bool there = access(path, F_OK) == 0;
    free(path);
    return there;
}

void sandbox_map_inputs(const char *request_dir, struct input *inputs, size_t count,
                        struct strlist *texts)
{
    if (!is_mapped(request_dir)) {
        return;
    }
    for (size_t i = 0; i < count; i++) {
        const char *inner = text_after(inputs[i].path, outputs);
        const char *rest = inner == NULL ? NULL : strchr(inner, '/');
        if (rest != NULL) {
            char *text = mem_format("%s%s", mapped, rest);
            strlist_push_take(texts, text);
            inputs[i].path = text;
        }
    }
}

static bool is_folder(const char *request_dir, const char *name)
{
    struct stat info;
    char *path = path_join(request_dir, name);
    bool is = lstat(path, &info) == 0 && S_ISDIR(info.st_mode);
    free(path);
    return is;
}

static bool has(const struct strlist *folders, const char *name)
{
    bool found = false;
    for (size_t i = 0; !found && i < folders->count; i++) {
        size_t len = strlen(name);
        found =
            strncmp(folders->items[i], name, len) == 0 && strcmp(folders->items[i] + len, "/") == 0;
    }
    return found;
}

static bool add_folder(const char *request_dir, const char *name, struct strlist *folders)
{
    bool known = has(folders, name);
    bool good = known || is_folder(request_dir, name);
    if (good && !known) {
        strlist_push_take(folders, mem_format("%s/", name));
    }
    return good;
}

void sandbox_output_folders(const char *request_dir, const struct strlist *paths,
                            struct strlist *folders)
{
    for (size_t i = 0; i < paths->count; i++) {
        char *parent = path_dirname(paths->items[i]);
        bool is_inner = strcmp(parent, ".") != 0; // what lies in no folder needs none
        if (!add_folder(request_dir, paths->items[i], folders) && is_inner) {
            add_folder(request_dir, parent, folders);
        }
        free(parent);
    }
    strlist_sort(folders);
}
