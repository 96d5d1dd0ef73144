#include "support.h"

#include "base/file.h"
#include "base/placing.h"

#include <dirent.h>

static void write_in(const char *dir, const char *name)
{
    struct failure why;
    char *path = path_join(dir, name);
    assert_true(tree_make_parent(path, &why));
    assert_true(file_write(path, name, strlen(name), &why));
    free(path);
}

static bool has(const char *dir, const char *name)
{
    struct bytes text = {0};
    struct failure why;
    char *path = path_join(dir, name);
    bool same = file_read(path, "file", &text, &why) && strcmp(bytes_text(&text), name) == 0;
    bytes_finish(&text);
    free(path);
    return same;
}

static int entries_in(const char *dir)
{
    DIR *handle = opendir(dir);
    int count = -2; // "." and ".."
    assert_non_null(handle);
    while (readdir(handle) != NULL) {
        count++;
    }
    closedir(handle);
    return count;
}

// Each file of a directory, at any depth; an empty one is no file.
static void check(const char *from, const char *parent)
{
    struct failure why;
    char *to = path_join(parent, "to");
    char *empty = path_join(from, "empty");
    write_in(from, "a.o");
    write_in(from, "deep/er/b.o");
    assert_true(tree_make(empty, S_IRWXU, &why));
    assert_true(place_tree(from, to, &why));
    assert_int_equal(entries_in(to), 2);
    assert_true(has(to, "a.o"));
    assert_true(has(to, "deep/er/b.o"));
    free(empty);
    free(to);
}

static void test_every_file_of_a_directory(void **state)
{
    (void)state;
    struct failure why;
    char *here = support_directory("/tmp");
    char *there = support_directory(access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
    char *from = path_join(here, "from");
    check(from, here);
    check(from, there);
    assert_true(tree_remove(here, &why));
    assert_true(tree_remove(there, &why));
    free(from);
    free(there);
    free(here);
}

static void test_a_file_stands_for_itself(void **state)
{
    (void)state;
    struct failure why;
    char *here = support_directory("/tmp");
    char *from = path_join(here, "from");
    char *to = path_join(here, "deep/to");
    write_in(here, "from");
    assert_true(place_tree(from, to, &why));
    assert_int_equal(access(to, F_OK), 0);
    assert_true(tree_remove(here, &why));
    free(to);
    free(from);
    free(here);
}

static void test_what_is_missing_is_named(void **state)
{
    (void)state;
    struct failure why;
    assert_false(place_tree("/nowhere/from", "/nowhere/to", &why));
    assert_non_null(strstr(why.text, "'/nowhere/from': no such file"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_file_of_a_directory),
        cmocka_unit_test(test_a_file_stands_for_itself),
        cmocka_unit_test(test_what_is_missing_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
