#include "root_list.h"

static void test_what_is_left_in_folders_for_outputs_is_collected(void **state)
{
    const struct fixture *fixture = *state;
    struct list list = {0};
    struct strlist folders = {0};
    struct failure why = {""};
    fixture_add(fixture, "bin/app/input");
    fixture_add(fixture, "bin/other/input");
    list_add(&list, "bin/app/input", "1");
    list_add(&list, "bin/other/input", "1");
    strlist_push(&folders, "bin/app/");
    strlist_push(&folders, "bin/maps/");
    struct private_root *root = lease(fixture);
    char *left = fixture_path(fixture, "left");
    fill_with_folders(fixture, root, &list, &folders);
    assert_true(private_root_collect(root, left, &why));
    assert_int_equal(access(left, F_OK), -1); // there is nothing
    leave(root, "bin/app/input");             // replaced
    leave(root, "bin/app/new/deep/file");
    leave(root, "bin/maps/app.map");
    leave(root, "bin/other/undeclared");
    leave(root, "undeclared");
    char *fifo = mem_format("%s/bin/maps/fifo", private_root_dir(root));
    assert_int_equal(mkfifo(fifo, S_IRWXU), 0);
    assert_true(private_root_collect(root, left, &why));
    fixture_expect_names(left, "bin/ bin/app/ bin/app/new/ bin/app/new/deep/ "
                               "bin/app/new/deep/file bin/maps/ bin/maps/app.map");
    fill_with_folders(fixture, root, &list, &folders);
    fixture_expect_names(private_root_dir(root), "bin/ bin/app/ bin/app/input bin/maps/ bin/other/ "
                                                 "bin/other/input");
    free(fifo);
    free(left);
    private_root_release(root);
    list_finish(&list);
    strlist_finish(&folders);
}

#define ROW(test) cmocka_unit_test_setup_teardown(test, fixture_start, fixture_stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ROW(test_what_is_left_in_folders_for_outputs_is_collected),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
