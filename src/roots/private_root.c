#include "roots/private_root.h"

#include "base/bytes.h"
#include "base/file.h"
#include "base/lease.h"
#include "base/mem.h"
#include "base/strlist.h"
#include "base/tree.h"
#include "roots/last_user.h"
#include "roots/link_tree.h"
#include "roots/root_outputs.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/** More compiles of one crate at a time mean that something is wrong. */
enum { SPARES_MAX = 64 };

struct private_root {
    char *dir; // the directory of links
    char *forest;
    char *lock;
    const char *user;       // who has it
    int lease;              // of the lock; LEASE_NONE: it was given back
    struct strlist folders; // where outputs may be written
    bool is_filled;         // and no compile has started in it since
};

char *private_root_path(const char *links, const char *name)
{
    return mem_format("%s/roots/%s/0/tree", links, name);
}

// NULL on failure, and also, `ret_busy`, when another compile lives there.
static struct private_root *lease_place(const char *place, const char *user, bool *ret_busy,
                                        struct failure *why)
{
    *ret_busy = false;
    if (!tree_make(place, S_IRWXU, why)) {
        return NULL;
    }
    struct private_root *root = mem_zalloc(sizeof *root);
    root->dir = mem_format("%s/tree", place);
    root->forest = mem_format("%s/forest", place);
    root->lock = mem_format("%s/lock", place);
    root->user = user;
    root->lease = lease_take(root->lock);
    if (root->lease == LEASE_NONE) {
        *ret_busy = errno == EWOULDBLOCK;
        if (!*ret_busy) {
            failure_errno(why, errno, "cannot open the lock '%s'", root->lock);
        }
        private_root_release(root);
        return NULL;
    }
    return root;
}

struct private_root *private_root_lease(const char *links, const char *name, const char *user,
                                        struct failure *why)
{
    struct private_root *root = NULL;
    bool busy = true;
    for (int spare = 0; busy && spare < SPARES_MAX; spare++) {
        char *place = mem_format("%s/roots/%s/%d", links, name, spare);
        root = lease_place(place, user, &busy, why);
        free(place);
    }
    if (busy) {
        failure_set(
            why,
            "cannot give it a directory of links to its inputs: '%s/roots/%s' has %d, and a "
            "compile of this crate runs in each",
            links, name, SPARES_MAX);
    }
    return root;
}

const char *private_root_dir(const struct private_root *root)
{
    return root->dir;
}

// Every fill compares it.
void private_root_distrust(struct private_root *root)
{
    unlink(root->forest);
}

void private_root_leave(struct private_root *root)
{
    lease_release(root->lease);
    root->lease = LEASE_NONE;
}

void private_root_release(struct private_root *root)
{
    if (root == NULL) {
        return;
    }
    private_root_leave(root);
    strlist_finish(&root->folders);
    free(root->dir);
    free(root->forest);
    free(root->lock);
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
        link_tree_distrust(root->dir);
        good = file_write(root->forest, bytes_text(&now), now.len, why);
    }
    bytes_finish(&now);
    bytes_finish(&then);
    return good;
}

// A link that a name may lie below.
struct above {
    const char *name;
    size_t len;
};

// What the root must hold.
struct description {
    struct manifest wanted;
    struct above *above; // what the last name starts with, each one starting with the one before
    size_t above_count;
};

static void description_finish(struct description *description)
{
    manifest_finish(&description->wanted);
    free(description->above);
}

// Is there a link on the way to the name? Names ascend, so those that start alike stand together.
static bool is_covered(struct description *description, const char *name)
{
    const struct above *above = description->above;
    size_t *count = &description->above_count;
    while (*count > 0 && strncmp(name, above[*count - 1].name, above[*count - 1].len) != 0) {
        --*count;
    }
    bool covered = false;
    for (size_t i = 0; !covered && i < *count; i++) {
        covered = name[above[i].len] == '/';
    }
    return covered;
}

static void add_above(struct description *description, const char *name)
{
    description->above =
        mem_reserve_one(description->above, description->above_count, sizeof description->above[0]);
    description->above[description->above_count++] =
        (struct above){.name = name, .len = strlen(name)};
}

static void describe_folders(struct description *description, const struct strlist *folders,
                             size_t *next, const char *before)
{
    for (; folders != NULL && *next < folders->count; ++*next) {
        const char *name = folders->items[*next];
        if (before != NULL && strcmp(name, before) > 0) {
            return;
        }
        if (!is_covered(description, name)) {
            manifest_add(&description->wanted, (struct manifest_entry){.name = name, .digest = ""});
        }
    }
}

static void describe(struct description *description, const struct root_inputs *inputs)
{
    size_t next = 0;
    for (size_t i = 0; i < inputs->count; i++) {
        const struct input *input = &inputs->items[i];
        describe_folders(description, inputs->folders, &next, input->path);
        if (!is_covered(description, input->path)) {
            manifest_add(&description->wanted,
                         (struct manifest_entry){.name = input->path,
                                                 .digest = input->digest,
                                                 .digest_len = input->digest_len});
            add_above(description, input->path);
        }
    }
    describe_folders(description, inputs->folders, &next, NULL);
}

bool private_root_fill(struct private_root *root, const struct root_inputs *inputs,
                       struct failure *why)
{
    struct description description = {0};
    strlist_finish(&root->folders);
    if (inputs->folders != NULL) {
        strlist_push_all(&root->folders, inputs->folders);
    }
    describe(&description, inputs);
    root->is_filled = check_forest(root, inputs, why) &&
                      link_tree_update(root->dir, inputs->sandbox,
                                       last_user_is_settled(root->lease), &description.wanted, why);
    description_finish(&description);
    return root->is_filled;
}

bool private_root_restore(struct private_root *root, struct failure *why)
{
    bool is_filled = root->is_filled;
    root->is_filled = false;
    return last_user_set(root->lease, root->user, why) &&
           (is_filled || link_tree_restore(root->dir, why));
}

void private_root_settle(struct private_root *root)
{
    struct failure ignored; // the next fill finds the same
    root->lease = lease_take_briefly(root->lock);
    if (root->lease != LEASE_NONE && last_user_is(root->lease, root->user) &&
        link_tree_restore(root->dir, &ignored)) {
        last_user_settle(root->lease);
    }
    private_root_leave(root);
}

bool private_root_collect(const struct private_root *root, const char *dir, struct failure *why)
{
    return root_outputs_collect(root->dir, &root->folders, dir, why);
}
