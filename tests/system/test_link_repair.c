#include "link_words.h"

// What somebody does to a tree while nobody looks.

static char *root_path(const struct fixture *fixture, const char *name)
{
    return mem_format("%s/%s", fixture->root, name);
}

static void leave(const struct fixture *fixture, const char *name)
{
    struct failure why;
    char *path = root_path(fixture, name);
    assert_true(tree_make_parent(path, &why));
    support_write_file(path, "left");
    free(path);
}

static void remove_what_is(const struct fixture *fixture, const char *name)
{
    struct failure why;
    char *path = root_path(fixture, name);
    assert_int_equal(faccessat(AT_FDCWD, path, F_OK, AT_SYMLINK_NOFOLLOW), 0);
    assert_true(tree_remove(path, &why));
    free(path);
}

static void rename_to(const struct fixture *fixture, const char *from, const char *to)
{
    char *from_path = root_path(fixture, from);
    char *to_path = root_path(fixture, to);
    assert_int_equal(rename(from_path, to_path), 0);
    free(from_path);
    free(to_path);
}

static void allow(const struct fixture *fixture, const char *name, mode_t mode)
{
    char *path = root_path(fixture, name);
    assert_int_equal(chmod(path, mode), 0);
    free(path);
}

static void leave_a_file(const struct fixture *fixture)
{
    leave(fixture, "left");
}

static void leave_hidden_ones(const struct fixture *fixture)
{
    leave(fixture, ".left");
    leave(fixture, "src/deep/er/.hidden/.deep/left");
}

static void leave_what_cannot_be_read(const struct fixture *fixture)
{
    leave(fixture, "src/left/deep/file");
    allow(fixture, "src/left/deep", 0);
    allow(fixture, "src/left", 0);
}

static void leave_in_a_folder_for_outputs(const struct fixture *fixture)
{
    leave(fixture, "out/empty/file");
    leave(fixture, "out/beside");
}

static void leave_no_file(const struct fixture *fixture)
{
    char *fifo = root_path(fixture, "src/fifo");
    char *link = root_path(fixture, "src/link");
    assert_int_equal(mkfifo(fifo, S_IRWXU), 0);
    fixture_link(fixture->top, link);
    free(fifo);
    free(link);
}

static void remove_links(const struct fixture *fixture)
{
    remove_what_is(fixture, "top");
    remove_what_is(fixture, "src/deep/er/mod.rs");
}

static void replace_a_link(const struct fixture *fixture)
{
    leave(fixture, "new");
    rename_to(fixture, "new", "src/deep/er/mod.rs");
}

static void replace_a_link_by_another(const struct fixture *fixture)
{
    char *link = root_path(fixture, "src/a");
    fixture_link("elsewhere", link);
    free(link);
    rename_to(fixture, "src/deep/er/mod.rs", "top");
}

static void replace_a_link_by_a_folder(const struct fixture *fixture)
{
    remove_what_is(fixture, "src/a");
    leave(fixture, "src/a/deep/file");
}

static void remove_folders(const struct fixture *fixture)
{
    remove_what_is(fixture, "src");
    remove_what_is(fixture, "out/empty");
}

static void replace_a_folder(const struct fixture *fixture)
{
    rename_to(fixture, "src", "away");
    leave(fixture, "src/deep/er/mod.rs");
}

static void replace_a_folder_by_a_file(const struct fixture *fixture)
{
    remove_what_is(fixture, "src/deep");
    leave(fixture, "src/deep");
}

// Nothing may be removed or made through the link.
static void replace_a_folder_by_a_link(const struct fixture *fixture)
{
    char *home = fixture_path(fixture, "home/src");
    char *folder = root_path(fixture, "src");
    remove_what_is(fixture, "src");
    fixture_link(home, folder);
    free(home);
    free(folder);
}

static void swap_folders(const struct fixture *fixture)
{
    rename_to(fixture, "src/deep", "away");
    rename_to(fixture, "src/wide", "src/deep");
    rename_to(fixture, "away", "src/wide");
}

static void forbid_folders(const struct fixture *fixture)
{
    allow(fixture, "src/deep/er", 0);
    allow(fixture, "src/deep", S_IRUSR);
    allow(fixture, ".", S_IRUSR | S_IXUSR);
}

// Some tools give a folder the time that it had before.
static void set_the_time_back(const struct fixture *fixture)
{
    char *folder = root_path(fixture, "src");
    struct stat info;
    struct stat top;
    assert_int_equal(stat(folder, &info), 0);
    assert_int_equal(stat(fixture->root, &top), 0); // the last one that was sealed
    struct timespec before[2] = {info.st_atim, info.st_mtim};
    do { // until the clock has gone on; alarm() ends a vain wait
        leave(fixture, "src/left");
        assert_int_equal(utimensat(AT_FDCWD, folder, before, 0), 0);
        assert_int_equal(stat(folder, &info), 0);
    } while (info.st_ctim.tv_sec == top.st_ctim.tv_sec &&
             info.st_ctim.tv_nsec == top.st_ctim.tv_nsec);
    assert_int_equal(info.st_mtim.tv_sec, before[1].tv_sec);
    free(folder);
}

typedef void deed(const struct fixture *fixture);

static deed *const deeds[] = {
    leave_a_file,
    leave_hidden_ones,
    leave_what_cannot_be_read,
    leave_in_a_folder_for_outputs,
    leave_no_file,
    remove_links,
    replace_a_link,
    replace_a_link_by_another,
    replace_a_link_by_a_folder,
    remove_folders,
    replace_a_folder,
    replace_a_folder_by_a_file,
    replace_a_folder_by_a_link,
    swap_folders,
    forbid_folders,
    set_the_time_back,
};
enum { DEEDS = sizeof deeds / sizeof deeds[0] };

#define INPUTS                                                                                     \
    (words)                                                                                        \
    {                                                                                              \
        "out/empty/", "", "src/a", "1", "src/deep/er/mod.rs", "1", "src/wide/er/mod.rs", "1",      \
            "top", "1"                                                                             \
    }

static void add_inputs(const struct fixture *fixture)
{
    fixture_add(fixture, "src/a");
    fixture_add(fixture, "src/deep/er/mod.rs");
    fixture_add(fixture, "src/wide/er/mod.rs");
    fixture_add(fixture, "top");
}

static void expect_inputs(const struct fixture *fixture)
{
    fixture_expect_names(fixture->root,
                         "out/ out/empty/ src/ src/a src/deep/ src/deep/er/ "
                         "src/deep/er/mod.rs src/wide/ src/wide/er/ src/wide/er/mod.rs "
                         "top");
    expect_real_link(fixture, "src/a", "home/src/a");
    expect_real_link(fixture, "src/deep/er/mod.rs", "home/src/deep/er/mod.rs");
    expect_real_link(fixture, "src/wide/er/mod.rs", "home/src/wide/er/mod.rs");
    expect_real_link(fixture, "top", "execroot/top");
    char *file = fixture_path(fixture, "home/src/a");
    support_expect_file(file, "src/a");
    free(file);
}

// At once: the clock has not gone on when a deed is done. And twice: what was undone is known.
static void test_what_was_done_is_undone_by_an_update(void **state)
{
    const struct fixture *fixture = *state;
    add_inputs(fixture);
    update(fixture, INPUTS);
    fixture_empty_sandbox(fixture);
    for (size_t i = 0; i < 2 * DEEDS; i++) {
        deeds[i / 2](fixture);
        update(fixture, INPUTS);
        expect_inputs(fixture);
    }
}

static void test_what_was_done_is_undone_before_a_second_start(void **state)
{
    const struct fixture *fixture = *state;
    struct failure why = {""};
    add_inputs(fixture);
    update(fixture, INPUTS);
    assert_true(tree_remove(fixture->sandbox, &why));
    for (size_t i = 0; i < DEEDS; i++) {
        deeds[i](fixture);
        if (!link_tree_restore(fixture->root, &why)) {
            fail_msg("%zu: %s", i, why.text);
        }
        expect_inputs(fixture);
    }
}

// The difference is found in what the tree held, not in what was made of it.
static void test_what_was_done_does_not_spoil_a_difference(void **state)
{
    const struct fixture *fixture = *state;
    add_inputs(fixture);
    for (size_t i = 0; i < DEEDS; i++) {
        update(fixture, (words){"out/empty/", "", "src/a", "2", "src/deep/er/mod.rs", "1",
                                "src/wide/er/mod.rs", "1", "top", "2"});
        deeds[i](fixture);
        update(fixture, INPUTS);
        expect_inputs(fixture);
    }
}

// Only what somebody has touched is read again.
static void test_links_in_other_folders_stay_what_they_are(void **state)
{
    const struct fixture *fixture = *state;
    add_inputs(fixture);
    update(fixture, INPUTS);
    ino_t other = fixture_inode(fixture->root, "src/wide/er/mod.rs");
    ino_t same = fixture_inode(fixture->root, "src/a");
    leave(fixture, "src/left");
    update(fixture, INPUTS);
    expect_inputs(fixture);
    assert_int_equal(fixture_inode(fixture->root, "src/wide/er/mod.rs"), other);
    assert_int_equal(fixture_inode(fixture->root, "src/a"), same);
}

static void test_without_a_log_it_is_made_anew(void **state)
{
    const struct fixture *fixture = *state;
    struct failure why = {""};
    char *log = fixture_path(fixture, "root.targets");
    add_inputs(fixture);
    for (int i = 0; i < 2; i++) {
        struct stat info;
        update(fixture, INPUTS);
        assert_int_equal(stat(log, &info), 0);
        assert_int_equal(i == 0 ? unlink(log) : truncate(log, info.st_size - 1), 0);
        leave(fixture, "src/left");
        assert_false(link_tree_restore(fixture->root, &why));
        assert_non_null(strstr(why.text, fixture->root));
        update(fixture, INPUTS);
        expect_inputs(fixture);
    }
    assert_true(tree_remove(fixture->root, &why));
    assert_false(link_tree_restore(fixture->root, &why));
    free(log);
}

static void test_the_log_does_not_grow_for_ever(void **state)
{
    const struct fixture *fixture = *state;
    struct stat info;
    char name[200];
    char *log = fixture_path(fixture, "root.targets");
    memset(name, 'n', sizeof name);
    memcpy(name, "src/", 4);
    name[sizeof name - 1] = '\0';
    fixture_add(fixture, name);
    for (int i = 0; i < 300; i++) {
        update(fixture, (words){name, "1"});
        update(fixture, (words){NULL});
    }
    update(fixture, (words){name, "1"});
    assert_int_equal(stat(log, &info), 0);
    assert_in_range(info.st_size, 1, 70 * 1024);
    assert_int_equal(access(fixture->root, F_OK), 0);
    free(log);
}

#define ROW(test) cmocka_unit_test_setup_teardown(test, fixture_start, fixture_stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ROW(test_what_was_done_is_undone_by_an_update),
        ROW(test_what_was_done_is_undone_before_a_second_start),
        ROW(test_what_was_done_does_not_spoil_a_difference),
        ROW(test_links_in_other_folders_stay_what_they_are),
        ROW(test_without_a_log_it_is_made_anew),
        ROW(test_the_log_does_not_grow_for_ever),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
