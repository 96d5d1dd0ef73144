// flock
#define _DEFAULT_SOURCE
#include "io/private_root.h"

#include "base/bytes.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/strlist.h"
#include "io/link_tree.h"
#include "io/shared_folder.h"
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
    char *links;
    char *dir; // the directory of links
    char *forest;
    int lock_fd;
};

static char *place_path(const char *links, const char *name, int spare)
{
    return mem_format("%s/roots/%s/%d", links, name, spare);
}

char *private_root_path(const char *links, const char *name)
{
    return mem_format("%s/roots/%s/0/tree", links, name);
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

static struct private_root *take_place(const char *links, char *take_place, int lock_fd)
{
    struct private_root *root = mem_zalloc(sizeof *root);
    root->links = mem_dup(links);
    root->dir = mem_format("%s/tree", take_place);
    root->forest = mem_format("%s/forest", take_place);
    root->lock_fd = lock_fd;
    free(take_place);
    return root;
}

struct private_root *private_root_lease(const char *links, const char *name, struct failure *why)
{
    for (int spare = 0; spare < SPARES_MAX; spare++) {
        char *place = place_path(links, name, spare);
        int fd = lock_place(place, why);
        if (fd >= 0) {
            return take_place(links, place, fd);
        }
        free(place);
        if (errno != EWOULDBLOCK) {
            return NULL;
        }
    }
    failure_set(why, "%d compiles of one crate run at the same time in '%s/roots/%s'", SPARES_MAX,
                links, name);
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
    free(root->links);
    free(root->dir);
    free(root->forest);
    free(root);
}

// Links whose inputs did not change are not looked at, so they must lead to where they led before.
static bool check_forest(struct private_root *root, const struct root_inputs *inputs,
                         struct failure *why)
{
    struct bytes now = {0};
    struct bytes then = {0};
    struct failure ignored;
    struct input_group group;
    for (size_t i = 0; i < inputs->count; i += group.count) {
        group = input_group_at(inputs, i);
        input_group_append_place(&group, &now);
    }
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

// What the root must hold.
struct description {
    struct manifest wanted;
    struct strlist texts; // what entries borrow beside the inputs
};

static void describe_inputs(struct description *description, const struct input_group *group)
{
    for (size_t i = group->start; i < group->start + group->count; i++) {
        const struct input *input = &group->inputs->items[i];
        manifest_add(&description->wanted, (struct manifest_entry){.name = input->path,
                                                                   .stamp = input->digest,
                                                                   .stamp_len = input->digest_len});
    }
}

static bool describe_folder(struct description *description, const struct private_root *root,
                            const struct input_group *group, struct failure *why)
{
    char *folder = shared_folder_path(root->links, group, why);
    if (folder == NULL) {
        return false;
    }
    char *name = mem_dup_len(group->inputs->items[group->start].path, group->top);
    strlist_push_take(&description->texts, folder);
    strlist_push_take(&description->texts, name);
    manifest_add(
        &description->wanted,
        (struct manifest_entry){.name = name, .stamp = folder, .stamp_len = strlen(folder)});
    return true;
}

static bool describe(struct description *description, const struct private_root *root,
                     const struct root_inputs *inputs, struct failure *why)
{
    struct input_group group;
    for (size_t i = 0; i < inputs->count; i += group.count) {
        group = input_group_at(inputs, i);
        if (!input_group_is_external(&group) || group.count < ROOT_SHARED_INPUTS_MIN) {
            describe_inputs(description, &group);
        } else if (!describe_folder(description, root, &group, why)) {
            return false;
        }
    }
    return true;
}

bool private_root_fill(struct private_root *root, const struct root_inputs *inputs,
                       struct failure *why)
{
    struct description description = {0};
    struct link_source source = {.dir = inputs->sandbox, .has_top_folders = true};
    bool good = check_forest(root, inputs, why) && describe(&description, root, inputs, why) &&
                link_tree_update(root->dir, &source, &description.wanted, why);
    manifest_finish(&description.wanted);
    strlist_finish(&description.texts);
    return good;
}
