/**
 * What the tests of private roots share: a list of inputs, and a root that is leased and filled.
 */
#ifndef RELAY_TESTS_SYSTEM_ROOT_LIST_H
#define RELAY_TESTS_SYSTEM_ROOT_LIST_H

#include "fixture.h"

#include "base/input.h"
#include "roots/private_root.h"

enum { INPUTS_MAX = 64 };

// What a request lists. Names are owned.
struct list {
    struct input items[INPUTS_MAX];
    size_t count;
};

static inline void list_add(struct list *list, const char *name, const char *digest)
{
    assert_true(list->count < INPUTS_MAX);
    list->items[list->count++] =
        (struct input){.path = mem_dup(name), .digest = digest, .digest_len = strlen(digest)};
    input_sort(list->items, list->count);
}

static inline void list_finish(struct list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        free((char *)list->items[i].path);
    }
    list->count = 0;
}

// So many files of one external repository, in the sandbox and in the list.
static inline void add_repository(const struct fixture *fixture, struct list *list,
                                  const char *name, int count)
{
    for (int i = 0; i < count; i++) {
        char *path = mem_format("external/%s/%02d", name, i);
        fixture_add(fixture, path);
        list_add(list, path, "1");
        free(path);
    }
}

static inline struct private_root *lease_for(const struct fixture *fixture, const char *user)
{
    struct failure why = {""};
    char *state_dir = fixture_path(fixture, "state");
    struct private_root *root = private_root_lease(state_dir, "crate", user, &why);
    if (root == NULL) {
        fail_msg("%s", why.text);
    }
    free(state_dir);
    return root;
}

static inline struct private_root *lease(const struct fixture *fixture)
{
    return lease_for(fixture, "user");
}

static inline bool try_fill(const struct fixture *fixture, struct private_root *root,
                            const struct list *list, struct failure *why)
{
    struct root_inputs inputs = {
        .sandbox = fixture->sandbox, .items = list->items, .count = list->count};
    return private_root_fill(root, &inputs, why);
}

static inline void fill(const struct fixture *fixture, struct private_root *root,
                        const struct list *list)
{
    struct failure why = {""};
    if (!try_fill(fixture, root, list, &why)) {
        fail_msg("%s", why.text);
    }
}

static inline void fill_with_folders(const struct fixture *fixture, struct private_root *root,
                                     const struct list *list, const struct strlist *folders)
{
    struct failure why = {""};
    struct root_inputs inputs = {.sandbox = fixture->sandbox,
                                 .items = list->items,
                                 .count = list->count,
                                 .folders = folders};
    if (!private_root_fill(root, &inputs, &why)) {
        fail_msg("%s", why.text);
    }
}

static inline void leave(const struct private_root *root, const char *name)
{
    struct failure why;
    char *path = mem_format("%s/%s", private_root_dir(root), name);
    assert_true(tree_make_parent(path, &why));
    unlink(path);
    support_write_file(path, name);
    free(path);
}

#endif
