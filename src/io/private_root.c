// flock
#define _DEFAULT_SOURCE
#include "io/private_root.h"

#include "base/bytes.h"
#include "base/digest.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/strlist.h"
#include "io/link_tree.h"
#include "io/tree.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/** More compiles of one crate at a time mean that something is wrong. */
enum { SPARES_MAX = 64 };

struct private_root {
    char *state_root;
    char *dir; // the directory of links
    char *forest;
    int lock_fd;
};

static char *place_path(const char *state_root, const char *name, int spare)
{
    return mem_format("%s/roots/%s/%d", state_root, name, spare);
}

char *private_root_path(const char *state_root, const char *name)
{
    return mem_format("%s/roots/%s/0/tree", state_root, name);
}

// Locks the place; -1 and errno EWOULDBLOCK when another compile lives in it.
static int lock_place(const char *place, struct failure *why)
{
    char *path = mem_format("%s/lock", place);
    int fd = -1;
    if (tree_make(place, S_IRWXU, why)) {
        fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, S_IRUSR | S_IWUSR);
        if (fd < 0) {
            failure_errno(why, errno, "cannot open the lock '%s'", path);
            errno = 0;
        } else if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
            close(fd);
            fd = -1;
            errno = EWOULDBLOCK;
        }
    } else {
        errno = 0;
    }
    free(path);
    return fd;
}

static struct private_root *take_place(const char *state_root, char *take_place, int lock_fd)
{
    struct private_root *root = mem_zalloc(sizeof *root);
    root->state_root = mem_dup(state_root);
    root->dir = mem_format("%s/tree", take_place);
    root->forest = mem_format("%s/forest", take_place);
    root->lock_fd = lock_fd;
    free(take_place);
    return root;
}

struct private_root *private_root_lease(const char *state_root, const char *name,
                                        struct failure *why)
{
    for (int spare = 0; spare < SPARES_MAX; spare++) {
        char *place = place_path(state_root, name, spare);
        int fd = lock_place(place, why);
        if (fd >= 0) {
            return take_place(state_root, place, fd);
        }
        free(place);
        if (errno != EWOULDBLOCK) {
            return NULL;
        }
    }
    failure_set(why, "%d compiles of one crate run at the same time in '%s/roots/%s'", SPARES_MAX,
                state_root, name);
    return NULL;
}

const char *private_root_dir(const struct private_root *root)
{
    return root->dir;
}

void private_root_distrust(struct private_root *root)
{
    link_tree_distrust(root->dir);
}

void private_root_release(struct private_root *root)
{
    if (root == NULL) {
        return;
    }
    close(root->lock_fd);
    free(root->state_root);
    free(root->dir);
    free(root->forest);
    free(root);
}

// --- Top folders: the first part of a path, or the first two below external/

static size_t top_length(const char *path)
{
    static const char external[] = "external/";
    size_t start = strncmp(path, external, sizeof external - 1) == 0 ? sizeof external - 1 : 0;
    const char *slash = strchr(path + start, '/');
    return slash == NULL ? 0 : (size_t)(slash - path) + 1;
}

static bool is_external(const char *path)
{
    return strncmp(path, "external/", 9) == 0;
}

static bool shares_top(const char *left, const char *right, size_t len)
{
    return len > 0 && strncmp(left, right, len) == 0;
}

// How many inputs from `start` on lie in the same top folder.
static size_t count_group(const struct root_inputs *inputs, size_t start)
{
    size_t len = top_length(inputs->items[start].path);
    size_t end = start + 1;
    while (end < inputs->count &&
           shares_top(inputs->items[start].path, inputs->items[end].path, len)) {
        end++;
    }
    return end - start;
}

// Where the top folder of an input really is. The sandbox's link leads to <execroot>/<path>, and
// the execroot's own top folders are links that Bazel plants anew for every build.
static void append_real_top(const struct root_inputs *inputs, const char *path,
                            struct bytes *forest)
{
    char *link = path_join(inputs->sandbox, path);
    char target[4096];
    ssize_t len = readlink(link, target, sizeof target - 1);
    size_t path_len = strlen(path);
    free(link);
    if (len <= 0 || (size_t)len <= path_len) {
        return;
    }
    target[len] = '\0';
    target[(size_t)len - path_len + top_length(path)] = '\0';
    char *real = realpath(target, NULL);
    bytes_append_format(forest, "%s\n", real == NULL ? target : real);
    free(real);
}

static void describe_forest(const struct root_inputs *inputs, struct bytes *forest)
{
    for (size_t i = 0; i < inputs->count; i += count_group(inputs, i)) {
        append_real_top(inputs, inputs->items[i].path, forest);
    }
}

// Links whose inputs did not change are not looked at, so they must lead to where they led before.
static bool check_forest(struct private_root *root, const struct root_inputs *inputs,
                         struct failure *why)
{
    struct bytes now = {0};
    struct bytes then = {0};
    struct failure ignored;
    describe_forest(inputs, &now);
    bool same = file_read(root->forest, "forest", &then, &ignored) && then.len == now.len &&
                memcmp(bytes_text(&then), bytes_text(&now), now.len) == 0;
    bool good = true;
    if (!same) {
        private_root_distrust(root);
        good = file_write(root->forest, bytes_text(&now), now.len, why);
    }
    bytes_finish(&now);
    bytes_finish(&then);
    return good;
}

// --- Shared folders

static struct digest digest_of_group(const struct root_inputs *inputs, size_t start, size_t count)
{
    struct digest_builder builder;
    struct bytes top = {0};
    digest_begin(&builder);
    append_real_top(inputs, inputs->items[start].path, &top);
    digest_add(&builder, bytes_text(&top), top.len);
    for (size_t i = start; i < start + count; i++) {
        digest_add_text(&builder, inputs->items[i].path);
        digest_add(&builder, inputs->items[i].digest, inputs->items[i].digest_len);
    }
    bytes_finish(&top);
    return digest_end(&builder);
}

static struct manifest_entry entry_of(const struct input *input, size_t skip)
{
    return (struct manifest_entry){
        .name = input->path + skip, .stamp = input->digest, .stamp_len = input->digest_len};
}

static bool fill_folder(const char *dir, const struct root_inputs *inputs, size_t start,
                        size_t count, struct failure *why)
{
    size_t top = top_length(inputs->items[start].path);
    struct manifest wanted = {0};
    for (size_t i = start; i < start + count; i++) {
        manifest_add(&wanted, entry_of(&inputs->items[i], top));
    }
    char *sandbox = mem_format("%s/%.*s", inputs->sandbox, (int)top, inputs->items[start].path);
    struct link_source source = {.dir = sandbox};
    bool good = link_tree_update(dir, &source, &wanted, why);
    free(sandbox);
    manifest_finish(&wanted);
    return good;
}

// The folder is named by its content, so once it is whole nobody changes it. Two workers that make
// it at the same time take turns.
static bool make_folder(const char *place, const char *dir, const struct root_inputs *inputs,
                        size_t start, size_t count, struct failure *why)
{
    if (!tree_make(place, S_IRWXU, why)) {
        return false;
    }
    int fd = open(place, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || flock(fd, LOCK_EX) != 0) {
        int error = errno;
        if (fd >= 0) {
            close(fd);
        }
        return failure_errno(why, error, "cannot lock the shared folder '%s'", place);
    }
    bool good = fill_folder(dir, inputs, start, count, why);
    close(fd);
    return good;
}

static bool is_whole(const char *dir)
{
    char *path = mem_format("%s.manifest", dir);
    bool whole = access(path, F_OK) == 0 && access(dir, F_OK) == 0;
    free(path);
    return whole;
}

// The path of the group's shared folder, owned by the caller; NULL on failure.
static char *shared_folder(const struct private_root *root, const struct root_inputs *inputs,
                           size_t start, size_t count, struct failure *why)
{
    struct digest digest = digest_of_group(inputs, start, count);
    char *name = digest_hex(&digest);
    char *place = mem_format("%s/folders/%s", root->state_root, name);
    char *dir = mem_format("%s/tree", place);
    if (!is_whole(dir) && !make_folder(place, dir, inputs, start, count, why)) {
        free(dir);
        dir = NULL;
    }
    free(name);
    free(place);
    return dir;
}

// --- Filling

// What the root must hold; texts that the entries borrow are pushed to `texts`.
static bool describe(const struct private_root *root, const struct root_inputs *inputs,
                     struct manifest *wanted, struct strlist *texts, struct failure *why)
{
    size_t count = 0;
    for (size_t i = 0; i < inputs->count; i += count) {
        const char *path = inputs->items[i].path;
        count = count_group(inputs, i);
        if (!is_external(path) || count < ROOT_SHARED_INPUTS_MIN) {
            for (size_t k = i; k < i + count; k++) {
                manifest_add(wanted, entry_of(&inputs->items[k], 0));
            }
            continue;
        }
        char *folder = shared_folder(root, inputs, i, count, why);
        if (folder == NULL) {
            return false;
        }
        char *name = mem_dup_len(path, top_length(path));
        strlist_push_take(texts, folder);
        strlist_push_take(texts, name);
        manifest_add(wanted, (struct manifest_entry){
                                 .name = name, .stamp = folder, .stamp_len = strlen(folder)});
    }
    return true;
}

bool private_root_fill(struct private_root *root, const struct root_inputs *inputs,
                       struct failure *why)
{
    struct manifest wanted = {0};
    struct strlist texts = {0};
    struct link_source source = {.dir = inputs->sandbox};
    bool good = check_forest(root, inputs, why) && describe(root, inputs, &wanted, &texts, why) &&
                link_tree_update(root->dir, &source, &wanted, why);
    manifest_finish(&wanted);
    strlist_finish(&texts);
    return good;
}
