#include "support.h"

#include "base/file.h"
#include "roots/link_folders.h"

#include <fcntl.h>

static void test_each_folder_comes_once(void **state)
{
    static const struct {
        const char *name;
        const char *folders; // with a blank behind each
    } rows[] = {
        {"Cargo.toml", ""},
        {"a/b", "a "},
        {"a/b-c/d", "a/b-c "},
        {"a/b-c/e", ""},
        {"a/b/", "a/b "}, // a folder itself
        {"a/b/c/d/e", "a/b/c a/b/c/d "},
        {"a/b/c/f", ""},
        {"a/b0", ""},
        {"a/bc/d", "a/bc "},
        {"a0/x/y", "a0 a0/x "},
        {"z", ""},
    };
    struct link_folders folders = {.len = 0};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct bytes found = {0};
        link_folders_enter(&folders, rows[i].name);
        const char *folder = NULL;
        while ((folder = link_folders_next(&folders)) != NULL) {
            bytes_append_format(&found, "%s ", folder);
        }
        assert_null(link_folders_next(&folders));
        assert_string_equal(bytes_text(&found), rows[i].folders);
        bytes_finish(&found);
    }
}

// Nobody need ask for all of them.
static void test_some_are_not_asked_for(void **state)
{
    struct link_folders folders = {.len = 0};
    (void)state;
    link_folders_enter(&folders, "a/b/c");
    assert_string_equal(link_folders_next(&folders), "a");
    link_folders_enter(&folders, "a/b/d");
    assert_null(link_folders_next(&folders));
    link_folders_enter(&folders, "a/c/d");
    assert_string_equal(link_folders_next(&folders), "a/c");
    assert_null(link_folders_next(&folders));
}

static void expect_file(struct link_way *way, const char *name, const char *from_there)
{
    const char *rest = link_way_to(way, name);
    assert_string_equal(rest, from_there);
    assert_int_equal(faccessat(way->fd, rest, F_OK, 0), 0);
}

static void test_a_name_is_found_from_the_folder_that_many_lie_in(void **state)
{
    static const char *const names[] = {"a/b/1", "a/b/2", "a/bc/3", "a/c/d/4", "e"};
    char *top = support_directory("/tmp");
    struct failure why;
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char *path = path_join(top, names[i]);
        assert_true(tree_make_parent(path, &why));
        support_write_file(path, "");
        free(path);
    }
    int top_fd = open(top, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    struct link_way way = link_way_from(top_fd);
    expect_file(&way, "a/b/1", "a/b/1");
    link_way_stay(&way, "a/b/1", "a/bc/3");
    expect_file(&way, "a/b/1", "b/1");
    link_way_stay(&way, "a/b/1", "a/b/2");
    expect_file(&way, "a/b/2", "2");
    link_way_stay(&way, "a/b/2", NULL);
    link_way_stay(&way, "a/b/2", "a/bc/3");
    expect_file(&way, "a/b/2", "2");
    expect_file(&way, "a/bc/3", "a/bc/3");
    link_way_stay(&way, "a/nowhere/3", "a/nowhere/4");
    expect_file(&way, "a/c/d/4", "a/c/d/4");
    expect_file(&way, "e", "e");
    link_way_stay(&way, "e", "e");
    expect_file(&way, "e", "e");
    link_way_stay(&way, "a/c/d/4", "a/c/d/5");
    link_way_end(&way);
    close(top_fd);
    assert_true(tree_remove(top, &why));
    free(top);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_folder_comes_once),
        cmocka_unit_test(test_some_are_not_asked_for),
        cmocka_unit_test(test_a_name_is_found_from_the_folder_that_many_lie_in),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
