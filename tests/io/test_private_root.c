#include "stage.h"

#include "base/input.h"
#include "io/private_root.h"

enum { PASSED = 42, INPUTS_MAX = 64 };

// What a request lists. Names are owned.
struct list {
    struct input items[INPUTS_MAX];
    size_t count;
};

static void list_add(struct list *list, const char *name, const char *digest)
{
    assert_true(list->count < INPUTS_MAX);
    list->items[list->count++] =
        (struct input){.path = mem_dup(name), .digest = digest, .digest_len = strlen(digest)};
    input_sort(list->items, list->count);
}

static void list_finish(struct list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        free((char *)list->items[i].path);
    }
    list->count = 0;
}

// So many files of one external repository, in the sandbox and in the list.
static void add_repository(const struct stage *stage, struct list *list, const char *name,
                           int count)
{
    for (int i = 0; i < count; i++) {
        char *path = mem_format("external/%s/%02d", name, i);
        stage_add(stage, path);
        list_add(list, path, "1");
        free(path);
    }
}

static struct private_root *lease(const struct stage *stage)
{
    struct failure why = {""};
    char *state_root = stage_path(stage, "state");
    struct private_root *root = private_root_lease(state_root, "crate", &why);
    if (root == NULL) {
        fail_msg("%s", why.text);
    }
    free(state_root);
    return root;
}

static bool try_fill(const struct stage *stage, struct private_root *root, const struct list *list,
                     struct failure *why)
{
    struct root_inputs inputs = {
        .sandbox = stage->sandbox, .items = list->items, .count = list->count};
    return private_root_fill(root, &inputs, why);
}

static void fill(const struct stage *stage, struct private_root *root, const struct list *list)
{
    struct failure why = {""};
    if (!try_fill(stage, root, list, &why)) {
        fail_msg("%s", why.text);
    }
}

static void expect_place(const struct stage *stage, const struct private_root *root, int spare)
{
    char *dir = mem_format("%s/state/roots/crate/%d/tree", stage->top, spare);
    assert_string_equal(private_root_dir(root), dir);
    free(dir);
}

static void test_only_declared_inputs_are_visible(void **state)
{
    const struct stage *stage = *state;
    struct list list = {0};
    stage_add(stage, "src/lib.rs");
    stage_add(stage, "src/undeclared.rs");
    list_add(&list, "src/lib.rs", "1");
    add_repository(stage, &list, "small", 2);
    struct private_root *root = lease(stage);
    fill(stage, root, &list);
    stage_expect_names(private_root_dir(root), "external/ external/small/ external/small/00 "
                                               "external/small/01 src/ src/lib.rs");
    private_root_release(root);
    list_finish(&list);
}

static void test_a_large_repository_is_a_folder_that_crates_share(void **state)
{
    const struct stage *stage = *state;
    struct list list = {0};
    add_repository(stage, &list, "large", ROOT_SHARED_INPUTS_MIN);
    add_repository(stage, &list, "small", ROOT_SHARED_INPUTS_MIN - 1);
    struct private_root *roots[] = {lease(stage), lease(stage)};
    char targets[2][PATH_MAX] = {""};
    for (int i = 0; i < 2; i++) {
        fill(stage, roots[i], &list);
        char *link = mem_format("%s/external/large", private_root_dir(roots[i]));
        char *deep = mem_format("%s/31", link);
        char *small = mem_format("%s/external/small", private_root_dir(roots[i]));
        assert_true(readlink(link, targets[i], PATH_MAX) > 0);
        support_expect_file(deep, "external/large/31");
        assert_true(stage_is_folder(small));
        free(link);
        free(deep);
        free(small);
    }
    assert_string_equal(targets[0], targets[1]);
    // One undeclared file in the repository more: nobody sees it.
    stage_add(stage, "external/large/undeclared");
    fill(stage, roots[0], &list);
    char *undeclared = mem_format("%s/undeclared", targets[0]);
    assert_int_equal(access(undeclared, F_OK), -1);
    free(undeclared);
    private_root_release(roots[0]);
    private_root_release(roots[1]);
    list_finish(&list);
}

// Also with a folder: the second time the sandbox has one link of each group and no more.
static void test_an_unchanged_list_costs_no_look_at_an_input(void **state)
{
    const struct stage *stage = *state;
    struct list list = {0};
    stage_add(stage, "src/a");
    stage_add(stage, "src/b");
    list_add(&list, "src/a", "1");
    list_add(&list, "src/b", "1");
    add_repository(stage, &list, "large", ROOT_SHARED_INPUTS_MIN);
    struct private_root *root = lease(stage);
    fill(stage, root, &list);
    stage_mark(private_root_dir(root), "src/a");
    stage_mark(private_root_dir(root), "src/b");
    stage_mark(private_root_dir(root), "external/large");
    stage_empty_sandbox(stage);
    stage_add(stage, "src/a");
    stage_add(stage, "external/large/00");
    fill(stage, root, &list);
    stage_expect_link(private_root_dir(root), "src/a", "marked");
    stage_expect_link(private_root_dir(root), "src/b", "marked");
    stage_expect_link(private_root_dir(root), "external/large", "marked");
    // Nor is it looked at by the next lease, which may be another worker's.
    private_root_release(root);
    root = lease(stage);
    fill(stage, root, &list);
    stage_expect_link(private_root_dir(root), "src/b", "marked");
    private_root_distrust(root);
    stage_add(stage, "src/b");
    fill(stage, root, &list);
    char *real = stage_path(stage, "home/src/b");
    stage_expect_link(private_root_dir(root), "src/b", real);
    free(real);
    private_root_release(root);
    list_finish(&list);
}

// The digests are the same, but Bazel has planted the execroot's top folder elsewhere.
static void test_another_forest_is_looked_at_again(void **state)
{
    const struct stage *stage = *state;
    struct list list = {0};
    stage_add(stage, "src/a");
    list_add(&list, "src/a", "1");
    struct private_root *root = lease(stage);
    fill(stage, root, &list);
    char *planted = stage_path(stage, "execroot/src");
    char *elsewhere = stage_path(stage, "elsewhere");
    char *real = stage_path(stage, "elsewhere/a");
    stage_make_folder(stage, "elsewhere");
    stage_link(elsewhere, planted);
    stage_add(stage, "src/a");
    fill(stage, root, &list);
    stage_expect_link(private_root_dir(root), "src/a", real);
    free(planted);
    free(elsewhere);
    free(real);
    private_root_release(root);
    list_finish(&list);
}

static void test_a_failed_fill_is_not_relied_on(void **state)
{
    const struct stage *stage = *state;
    struct list list = {0};
    struct failure why;
    stage_add(stage, "src/a");
    list_add(&list, "src/a", "1");
    struct private_root *root = lease(stage);
    assert_true(tree_remove(stage->sandbox, &why));
    assert_false(try_fill(stage, root, &list, &why));
    assert_non_null(strstr(why.text, stage->sandbox));
    stage_add(stage, "src/a");
    fill(stage, root, &list);
    char *real = stage_path(stage, "home/src/a");
    stage_expect_link(private_root_dir(root), "src/a", real);
    free(real);
    private_root_release(root);
    list_finish(&list);
}

// --- The lease

static void test_a_second_lease_gets_a_spare(void **state)
{
    const struct stage *stage = *state;
    struct private_root *roots[] = {lease(stage), lease(stage), lease(stage)};
    char *state_root = stage_path(stage, "state");
    char *usual = private_root_path(state_root, "crate");
    assert_string_equal(private_root_dir(roots[0]), usual);
    expect_place(stage, roots[1], 1);
    expect_place(stage, roots[2], 2);
    private_root_release(roots[1]);
    roots[1] = lease(stage);
    expect_place(stage, roots[1], 1);
    private_root_release(roots[0]);
    private_root_release(roots[2]);
    roots[0] = lease(stage);
    expect_place(stage, roots[0], 0);
    private_root_release(roots[0]);
    private_root_release(roots[1]);
    private_root_release(NULL);
    free(usual);
    free(state_root);
}

// A root is not emptied by whoever gets a spare, nor by its next holder.
static void test_spares_have_links_of_their_own(void **state)
{
    const struct stage *stage = *state;
    struct list one = {0};
    struct list two = {0};
    stage_add(stage, "src/one");
    stage_add(stage, "src/two");
    list_add(&one, "src/one", "1");
    list_add(&two, "src/two", "1");
    struct private_root *roots[] = {lease(stage), lease(stage)};
    fill(stage, roots[0], &one);
    fill(stage, roots[1], &two);
    stage_expect_names(private_root_dir(roots[0]), "src/ src/one");
    stage_expect_names(private_root_dir(roots[1]), "src/ src/two");
    private_root_release(roots[0]);
    roots[0] = lease(stage);
    stage_expect_names(private_root_dir(roots[0]), "src/ src/one");
    private_root_release(roots[0]);
    private_root_release(roots[1]);
    list_finish(&one);
    list_finish(&two);
}

static void test_other_crates_do_not_meet(void **state)
{
    const struct stage *stage = *state;
    struct failure why;
    char *state_root = stage_path(stage, "state");
    struct private_root *root = lease(stage);
    struct private_root *other = private_root_lease(state_root, "other", &why);
    assert_non_null(other);
    char *usual = private_root_path(state_root, "other");
    assert_string_equal(private_root_dir(other), usual);
    private_root_release(root);
    private_root_release(other);
    free(usual);
    free(state_root);
}

static void test_the_lease_of_a_killed_process_is_free_again(void **state)
{
    const struct stage *stage = *state;
    int told[2];
    assert_int_equal(pipe(told), 0);
    pid_t holder = fork();
    if (holder == 0) {
        lease(stage);
        if (write(told[1], "", 1) == 1) {
            pause();
        }
        _exit(EXIT_FAILURE);
    }
    char byte;
    assert_int_equal(read(told[0], &byte, 1), 1);
    struct private_root *root = lease(stage);
    expect_place(stage, root, 1);
    private_root_release(root);
    assert_int_equal(kill(holder, SIGKILL), 0);
    assert_int_equal(waitpid(holder, NULL, 0), holder);
    root = lease(stage);
    expect_place(stage, root, 0);
    private_root_release(root);
    close(told[0]);
    close(told[1]);
}

// rustc must not inherit the lock: it may live on for a moment when its worker is dead.
static void test_children_do_not_hold_the_lease(void **state)
{
    const struct stage *stage = *state;
    struct private_root *root = lease(stage);
    int told[2];
    assert_int_equal(pipe(told), 0);
    pid_t child = fork();
    if (child == 0) {
        dup2(told[0], STDIN_FILENO);
        close(told[1]);
        execl("/bin/cat", "cat", (char *)NULL);
        _exit(EXIT_FAILURE);
    }
    char *link = mem_format("/proc/%ld/exe", (long)child);
    char program[PATH_MAX] = "";
    while (strstr(program, "/cat") == NULL) { // until it has exec'ed; alarm() ends a vain wait
        ssize_t len = readlink(link, program, sizeof program - 1);
        program[len < 0 ? 0 : len] = '\0';
    }
    private_root_release(root);
    root = lease(stage);
    expect_place(stage, root, 0);
    private_root_release(root);
    close(told[0]);
    close(told[1]);
    assert_int_equal(waitpid(child, NULL, 0), child);
    free(link);
}

static void test_leases_come_to_an_end(void **state)
{
    const struct stage *stage = *state;
    struct private_root *roots[256];
    struct failure why = {""};
    size_t count = 0;
    char *state_root = stage_path(stage, "state");
    do {
        roots[count] = private_root_lease(state_root, "crate", &why);
    } while (roots[count] != NULL && ++count < 256);
    assert_in_range(count, 16, 255);
    assert_non_null(strstr(why.text, "compiles of one crate"));
    private_root_release(roots[7]);
    roots[7] = lease(stage);
    expect_place(stage, roots[7], 7);
    for (size_t i = 0; i < count; i++) {
        private_root_release(roots[i]);
    }
    free(state_root);
}

static void test_a_root_that_cannot_be_made(void **state)
{
    const struct stage *stage = *state;
    struct failure why;
    char *state_root = stage_path(stage, "state");
    support_write_file(state_root, "");
    assert_null(private_root_lease(state_root, "crate", &why));
    assert_non_null(strstr(why.text, state_root));
    assert_int_equal(unlink(state_root), 0);
    char *lock = stage_path(stage, "state/roots/crate/0/lock");
    stage_make_folder(stage, "state/roots/crate/0/lock");
    assert_null(private_root_lease(state_root, "crate", &why));
    assert_non_null(strstr(why.text, lock));
    free(lock);
    free(state_root);
}

#define ROW(test) cmocka_unit_test_setup_teardown(test, stage_start, stage_stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ROW(test_only_declared_inputs_are_visible),
        ROW(test_a_large_repository_is_a_folder_that_crates_share),
        ROW(test_an_unchanged_list_costs_no_look_at_an_input),
        ROW(test_another_forest_is_looked_at_again),
        ROW(test_a_failed_fill_is_not_relied_on),
        ROW(test_a_second_lease_gets_a_spare),
        ROW(test_spares_have_links_of_their_own),
        ROW(test_other_crates_do_not_meet),
        ROW(test_the_lease_of_a_killed_process_is_free_again),
        ROW(test_children_do_not_hold_the_lease),
        ROW(test_leases_come_to_an_end),
        ROW(test_a_root_that_cannot_be_made),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
