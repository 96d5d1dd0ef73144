#include "support.h"

enum { PASSED = 42, NOBODY = 65534 };

static int start(void **state)
{
    *state = support_directory("/tmp");
    return 0;
}

static int stop(void **state)
{
    struct failure why;
    assert(tree_remove(*state, &why));
    assert(access(*state, F_OK) != 0);
    free(*state);
    return 0;
}

static char *join(const char *dir, const char *name)
{
    return mem_format("%s/%s", dir, name);
}

static void test_symlinks_are_removed_and_not_followed(void **state)
{
    char *outside = join(*state, "outside");
    char *file = join(outside, "file");
    char *tree = join(*state, "tree");
    char *to_dir = join(tree, "to-dir");
    char *to_nothing = join(tree, "to-nothing");
    char *top = join(*state, "top");
    struct failure why;
    assert_true(tree_make(outside, 0700, &why) && tree_make(tree, 0700, &why));
    support_write_file(file, "kept");
    assert_int_equal(symlink(outside, to_dir), 0);
    assert_int_equal(symlink("nowhere", to_nothing), 0);
    assert_int_equal(symlink(outside, top), 0);
    assert_true(tree_remove(tree, &why));
    assert_true(tree_remove(top, &why));
    assert_int_equal(access(tree, F_OK), -1);
    support_expect_file(file, "kept");
    free(outside);
    free(file);
    free(tree);
    free(to_dir);
    free(to_nothing);
    free(top);
}

// As an ordinary user, whom read-only directories stop.
static bool remove_read_only_tree(const char *dir)
{
    struct failure why;
    char *closed = join(dir, "closed");
    char *inner = join(closed, "inner");
    char *file = join(inner, "file");
    char *tree = join(dir, "tree");
    bool ok = tree_make(inner, 0700, &why);
    support_write_file(file, "x");
    chmod(file, 0);
    chmod(inner, 0500);
    chmod(closed, 0);
    ok = ok && tree_remove(closed, &why) && access(closed, F_OK) != 0;
    return ok && tree_remove(tree, &why);
}

static void test_read_only_directories_are_removed(void **state)
{
    assert_int_equal(chmod(*state, 0777), 0);
    pid_t pid = fork();
    if (pid == 0) {
        bool ordinary = geteuid() != 0 || setuid(NOBODY) == 0;
        _exit(ordinary && remove_read_only_tree(*state) ? PASSED : 1);
    }
    int status = 0;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == PASSED);
}

// What cannot be removed is named; the rest goes.
static bool remove_what_is_not_ours(const char *dir)
{
    struct failure why;
    char *name = join(dir, "locked");
    bool ok = !tree_remove(dir, &why) && access(name, F_OK) == 0;
    return ok && strstr(why.text, "permission denied") != NULL;
}

static void test_failure_is_explained(void **state)
{
    if (geteuid() != 0) {
        skip();
    }
    char *name = join(*state, "locked");
    support_write_file(name, "x");
    assert_int_equal(chmod(*state, 0755), 0);
    pid_t pid = fork();
    if (pid == 0) {
        _exit(setuid(NOBODY) == 0 && remove_what_is_not_ours(*state) ? PASSED : 1);
    }
    int status = 0;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == PASSED);
    free(name);
}

static void test_making(void **state)
{
    struct failure why;
    char *deep = join(*state, "a//b/c/");
    char *file = join(*state, "file");
    char *below = join(file, "x");
    assert_true(tree_make(deep, 0700, &why));
    assert_true(tree_make(deep, 0755, &why));
    assert_true(tree_make_parent("no-slash", &why));
    assert_true(tree_make_parent("/top", &why));
    support_write_file(file, "x");
    assert_false(tree_make(file, 0700, &why));
    assert_false(tree_make_parent(below, &why));
    assert_false(tree_make(below, 0700, &why));
    assert_false(tree_make("", 0700, &why));
    free(deep);
    free(file);
    free(below);
}

static void test_making_private_ones(void **state)
{
    struct failure why;
    char *deep = join(*state, "a/b");
    char *file = join(*state, "file");
    char *link = join(*state, "link");
    support_write_file(file, "x");
    for (int i = 0; i < 2; i++) {
        assert_true(tree_make_private(deep, &why));
        assert_true(tree_has_dir(*state, "a") && tree_has_dir(*state, "a/b"));
    }
    assert_int_equal(symlink(deep, link), 0);
    assert_true(tree_has_dir(*state, "link"));
    assert_false(tree_has_dir(*state, "file") || tree_has_dir(*state, "missing"));
    assert_false(tree_make_private(link, &why));
    assert_false(tree_make_private(file, &why));
    assert_int_equal(chmod(deep, 0710), 0);
    assert_false(tree_make_private(deep, &why));
    assert_non_null(strstr(why.text, deep));
    free(deep);
    free(file);
    free(link);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_symlinks_are_removed_and_not_followed, start, stop),
        cmocka_unit_test_setup_teardown(test_read_only_directories_are_removed, start, stop),
        cmocka_unit_test_setup_teardown(test_failure_is_explained, start, stop),
        cmocka_unit_test_setup_teardown(test_making, start, stop),
        cmocka_unit_test_setup_teardown(test_making_private_ones, start, stop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
