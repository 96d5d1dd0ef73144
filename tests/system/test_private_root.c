#include "root_list.h"

static void test_only_declared_inputs_are_visible(void **state)
{
    const struct fixture *fixture = *state;
    struct list list = {0};
    fixture_add(fixture, "src/lib.rs");
    fixture_add(fixture, "src/undeclared.rs");
    list_add(&list, "src/lib.rs", "1");
    add_repository(fixture, &list, "small", 2);
    struct private_root *root = lease(fixture);
    fill(fixture, root, &list);
    fixture_expect_names(private_root_dir(root), "external/ external/small/ external/small/00 "
                                                 "external/small/01 src/ src/lib.rs");
    private_root_release(root);
    list_finish(&list);
}

// What one compile did to its links is nothing to another.
static void test_roots_have_nothing_in_common(void **state)
{
    const struct fixture *fixture = *state;
    struct list list = {0};
    add_repository(fixture, &list, "large", 40);
    struct private_root *roots[] = {lease(fixture), lease(fixture)};
    for (int i = 0; i < 2; i++) {
        fill(fixture, roots[i], &list);
    }
    char *replaced = mem_format("%s/external/large/31", private_root_dir(roots[0]));
    char *left = mem_format("%s/external/large/left", private_root_dir(roots[0]));
    assert_int_equal(unlink(replaced), 0);
    support_write_file(replaced, "another one");
    support_write_file(left, "");
    char *same = mem_format("%s/external/large/31", private_root_dir(roots[1]));
    char *none = mem_format("%s/external/large/left", private_root_dir(roots[1]));
    support_expect_file(same, "external/large/31");
    assert_int_equal(access(none, F_OK), -1);
    free(replaced);
    free(left);
    free(same);
    free(none);
    private_root_release(roots[0]);
    private_root_release(roots[1]);
    list_finish(&list);
}

static void test_an_unchanged_list_costs_no_look_at_an_input(void **state)
{
    const struct fixture *fixture = *state;
    struct list list = {0};
    fixture_add(fixture, "src/a");
    fixture_add(fixture, "src/b");
    list_add(&list, "src/a", "1");
    list_add(&list, "src/b", "1");
    struct private_root *root = lease(fixture);
    fill(fixture, root, &list);
    ino_t link = fixture_inode(private_root_dir(root), "src/b");
    fixture_empty_sandbox(fixture);
    fixture_add(fixture, "src/a"); // of each group one
    fill(fixture, root, &list);
    // Nor is it looked at by the next lease, which may be another worker's.
    private_root_release(root);
    root = lease(fixture);
    fill(fixture, root, &list);
    assert_int_equal(fixture_inode(private_root_dir(root), "src/b"), link);
    char *real = fixture_path(fixture, "home/src/b");
    fixture_expect_link(private_root_dir(root), "src/b", real);
    private_root_distrust(root);
    char *elsewhere = fixture_path(fixture, "elsewhere");
    char *input = fixture_path(fixture, "sandbox/src/b");
    fixture_link(elsewhere, input);
    fill(fixture, root, &list);
    fixture_expect_link(private_root_dir(root), "src/b", elsewhere);
    free(input);
    free(elsewhere);
    free(real);
    private_root_release(root);
    list_finish(&list);
}

// A link made through another one would be made in the user's own folder.
static void test_an_input_below_another_is_found_through_it(void **state)
{
    const struct fixture *fixture = *state;
    struct list list = {0};
    struct strlist folders = {0};
    fixture_add(fixture, "src/dir/file");
    fixture_add(fixture, "src/dir-other");
    char *folder = fixture_path(fixture, "execroot/src/dir");
    char *link = fixture_path(fixture, "sandbox/src/dir");
    struct failure why;
    assert_true(tree_remove(link, &why));
    fixture_link(folder, link);
    list_add(&list, "src/dir", "1");
    list_add(&list, "src/dir-other", "1");
    list_add(&list, "src/dir/file", "1");
    strlist_push(&folders, "src/dir/out/");
    strlist_push(&folders, "src/out/");
    struct private_root *root = lease(fixture);
    fill_with_folders(fixture, root, &list, &folders);
    fixture_expect_names(private_root_dir(root), "src/ src/dir src/dir-other src/out/");
    char *inner = mem_format("%s/src/dir/file", private_root_dir(root));
    support_expect_file(inner, "src/dir/file");
    fixture_expect_names(folder, "file");
    // Without the outer one it has a link of its own, and back again.
    struct list alone = {0};
    list_add(&alone, "src/dir/file", "1");
    assert_int_equal(unlink(link), 0);
    fixture_add(fixture, "src/dir/file");
    fill(fixture, root, &alone);
    fixture_expect_names(private_root_dir(root), "src/ src/dir/ src/dir/file");
    assert_true(tree_remove(link, &why));
    fixture_link(folder, link);
    fill(fixture, root, &list);
    fixture_expect_names(private_root_dir(root), "src/ src/dir src/dir-other");
    fixture_expect_names(folder, "file");
    free(inner);
    free(folder);
    free(link);
    private_root_release(root);
    list_finish(&alone);
    list_finish(&list);
    strlist_finish(&folders);
}

// The next compile finds what the first one found.
static void test_each_start_finds_the_inputs_alone(void **state)
{
    const struct fixture *fixture = *state;
    struct list list = {0};
    struct failure why = {""};
    fixture_add(fixture, "src/a");
    list_add(&list, "src/a", "1");
    struct private_root *root = lease(fixture);
    fill(fixture, root, &list);
    fixture_empty_sandbox(fixture);
    for (int start = 0; start < 3; start++) {
        assert_true(private_root_restore(root, &why));
        fixture_expect_names(private_root_dir(root), "src/ src/a");
        leave(root, "src/left");
        leave(root, "src/a");
        private_root_distrust(root); // it has failed: nothing is forgotten yet
    }
    private_root_release(root);
    list_finish(&list);
}

// A compile that leaves a file behind; then its worker looks.
static void use_and_settle(const struct fixture *fixture, const struct list *list, const char *user,
                           bool has_looked)
{
    struct failure why = {""};
    struct private_root *root = lease_for(fixture, user);
    fill(fixture, root, list);
    assert_true(private_root_restore(root, &why));
    leave(root, "src/left");
    private_root_leave(root);
    if (has_looked) {
        private_root_settle(root);
    }
    private_root_release(root);
}

static void expect_after_fill(const struct fixture *fixture, const struct list *list,
                              const char *names)
{
    struct private_root *root = lease(fixture);
    fill(fixture, root, list);
    fixture_expect_names(private_root_dir(root), names);
    private_root_release(root);
}

static void leave_secretly(const struct fixture *fixture)
{
    struct private_root *root = lease(fixture);
    leave(root, "src/left"); // which nobody does
    private_root_release(root);
}

static void test_what_was_settled_is_not_looked_at_again(void **state)
{
    const struct fixture *fixture = *state;
    struct list list = {0};
    fixture_add(fixture, "src/a");
    list_add(&list, "src/a", "1");
    use_and_settle(fixture, &list, "user", true);
    leave_secretly(fixture);
    expect_after_fill(fixture, &list, "src/ src/a src/left");
    // From its start on a compile may do anything, also when nobody sees its end.
    use_and_settle(fixture, &list, "user", false);
    expect_after_fill(fixture, &list, "src/ src/a");
    list_finish(&list);
}

// Whom the other one left behind may be alive.
static void test_nobody_settles_what_another_one_used(void **state)
{
    const struct fixture *fixture = *state;
    struct list list = {0};
    fixture_add(fixture, "src/a");
    list_add(&list, "src/a", "1");
    use_and_settle(fixture, &list, "another", false);
    use_and_settle(fixture, &list, "user", true);
    leave_secretly(fixture);
    expect_after_fill(fixture, &list, "src/ src/a");
    // But he does himself, and then everybody may.
    use_and_settle(fixture, &list, "another", true);
    use_and_settle(fixture, &list, "user", true);
    leave_secretly(fixture);
    expect_after_fill(fixture, &list, "src/ src/a src/left");
    list_finish(&list);
}

// The digests are the same, but Bazel has planted the execroot's top folder elsewhere.
static void test_another_forest_is_looked_at_again(void **state)
{
    const struct fixture *fixture = *state;
    struct list list = {0};
    fixture_add(fixture, "src/a");
    list_add(&list, "src/a", "1");
    struct private_root *root = lease(fixture);
    fill(fixture, root, &list);
    char *planted = fixture_path(fixture, "execroot/src");
    char *elsewhere = fixture_path(fixture, "elsewhere");
    char *real = fixture_path(fixture, "elsewhere/a");
    fixture_make_folder(fixture, "elsewhere");
    fixture_link(elsewhere, planted);
    fixture_add(fixture, "src/a");
    fill(fixture, root, &list);
    fixture_expect_link(private_root_dir(root), "src/a", real);
    free(planted);
    free(elsewhere);
    free(real);
    private_root_release(root);
    list_finish(&list);
}

static void test_a_failed_fill_is_not_relied_on(void **state)
{
    const struct fixture *fixture = *state;
    struct list list = {0};
    struct failure why;
    fixture_add(fixture, "src/a");
    list_add(&list, "src/a", "1");
    struct private_root *root = lease(fixture);
    assert_true(tree_remove(fixture->sandbox, &why));
    assert_false(try_fill(fixture, root, &list, &why));
    assert_non_null(strstr(why.text, fixture->sandbox));
    fixture_add(fixture, "src/a");
    fill(fixture, root, &list);
    char *real = fixture_path(fixture, "home/src/a");
    fixture_expect_link(private_root_dir(root), "src/a", real);
    free(real);
    private_root_release(root);
    list_finish(&list);
}

#define ROW(test) cmocka_unit_test_setup_teardown(test, fixture_start, fixture_stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ROW(test_only_declared_inputs_are_visible),
        ROW(test_roots_have_nothing_in_common),
        ROW(test_an_input_below_another_is_found_through_it),
        ROW(test_each_start_finds_the_inputs_alone),
        ROW(test_what_was_settled_is_not_looked_at_again),
        ROW(test_nobody_settles_what_another_one_used),
        ROW(test_an_unchanged_list_costs_no_look_at_an_input),
        ROW(test_another_forest_is_looked_at_again),
        ROW(test_a_failed_fill_is_not_relied_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
