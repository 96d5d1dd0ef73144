#include "link_words.h"

// What somebody does to a tree while nobody looks.

static char *root_path(const struct stage *stage, const char *name)
{
    return mem_format("%s/%s", stage->root, name);
}

static void leave(const struct stage *stage, const char *name)
{
    struct failure why;
    char *path = root_path(stage, name);
    assert_true(tree_make_parent(path, &why));
    support_write_file(path, "left");
    free(path);
}

static void remove_what_is(const struct stage *stage, const char *name)
{
    struct failure why;
    char *path = root_path(stage, name);
    assert_int_equal(faccessat(AT_FDCWD, path, F_OK, AT_SYMLINK_NOFOLLOW), 0);
    assert_true(tree_remove(path, &why));
    free(path);
}

static void rename_to(const struct stage *stage, const char *from, const char *to)
{
    char *from_path = root_path(stage, from);
    char *to_path = root_path(stage, to);
    assert_int_equal(rename(from_path, to_path), 0);
    free(from_path);
    free(to_path);
}

static void allow(const struct stage *stage, const char *name, mode_t mode)
{
    char *path = root_path(stage, name);
    assert_int_equal(chmod(path, mode), 0);
    free(path);
}

static void leave_a_file(const struct stage *stage)
{
    leave(stage, "left");
}

static void leave_hidden_ones(const struct stage *stage)
{
    leave(stage, ".left");
    leave(stage, "src/deep/er/.hidden/.deep/left");
}

static void leave_what_cannot_be_read(const struct stage *stage)
{
    leave(stage, "src/left/deep/file");
    allow(stage, "src/left/deep", 0);
    allow(stage, "src/left", 0);
}

static void leave_in_a_folder_for_outputs(const struct stage *stage)
{
    leave(stage, "out/empty/file");
    leave(stage, "out/beside");
}

static void leave_no_file(const struct stage *stage)
{
    char *fifo = root_path(stage, "src/fifo");
    char *link = root_path(stage, "src/link");
    assert_int_equal(mkfifo(fifo, S_IRWXU), 0);
    stage_link(stage->top, link);
    free(fifo);
    free(link);
}

static void remove_links(const struct stage *stage)
{
    remove_what_is(stage, "top");
    remove_what_is(stage, "src/deep/er/mod.rs");
}

static void replace_a_link(const struct stage *stage)
{
    leave(stage, "new");
    rename_to(stage, "new", "src/deep/er/mod.rs");
}

static void replace_a_link_by_another(const struct stage *stage)
{
    char *link = root_path(stage, "src/a");
    stage_link("elsewhere", link);
    free(link);
    rename_to(stage, "src/deep/er/mod.rs", "top");
}

static void replace_a_link_by_a_folder(const struct stage *stage)
{
    remove_what_is(stage, "src/a");
    leave(stage, "src/a/deep/file");
}

static void remove_folders(const struct stage *stage)
{
    remove_what_is(stage, "src");
    remove_what_is(stage, "out/empty");
}

static void replace_a_folder(const struct stage *stage)
{
    rename_to(stage, "src", "away");
    leave(stage, "src/deep/er/mod.rs");
}

static void replace_a_folder_by_a_file(const struct stage *stage)
{
    remove_what_is(stage, "src/deep");
    leave(stage, "src/deep");
}

// Nothing may be removed or made through the link.
static void replace_a_folder_by_a_link(const struct stage *stage)
{
    char *home = stage_path(stage, "home/src");
    char *folder = root_path(stage, "src");
    remove_what_is(stage, "src");
    stage_link(home, folder);
    free(home);
    free(folder);
}

static void swap_folders(const struct stage *stage)
{
    rename_to(stage, "src/deep", "away");
    rename_to(stage, "src/wide", "src/deep");
    rename_to(stage, "away", "src/wide");
}

static void forbid_folders(const struct stage *stage)
{
    allow(stage, "src/deep/er", 0);
    allow(stage, "src/deep", S_IRUSR);
    allow(stage, ".", S_IRUSR | S_IXUSR);
}

// Some tools give a folder the time that it had before.
static void set_the_time_back(const struct stage *stage)
{
    char *folder = root_path(stage, "src");
    struct stat info;
    struct stat top;
    assert_int_equal(stat(folder, &info), 0);
    assert_int_equal(stat(stage->root, &top), 0); // the last one that was sealed
    struct timespec before[2] = {info.st_atim, info.st_mtim};
    do { // until the clock has gone on; alarm() ends a vain wait
        leave(stage, "src/left");
        assert_int_equal(utimensat(AT_FDCWD, folder, before, 0), 0);
        assert_int_equal(stat(folder, &info), 0);
    } while (info.st_ctim.tv_sec == top.st_ctim.tv_sec &&
             info.st_ctim.tv_nsec == top.st_ctim.tv_nsec);
    assert_int_equal(info.st_mtim.tv_sec, before[1].tv_sec);
    free(folder);
}

typedef void deed(const struct stage *stage);

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

static void add_inputs(const struct stage *stage)
{
    stage_add(stage, "src/a");
    stage_add(stage, "src/deep/er/mod.rs");
    stage_add(stage, "src/wide/er/mod.rs");
    stage_add(stage, "top");
}

static void expect_inputs(const struct stage *stage)
{
    stage_expect_names(stage->root, "out/ out/empty/ src/ src/a src/deep/ src/deep/er/ "
                                    "src/deep/er/mod.rs src/wide/ src/wide/er/ src/wide/er/mod.rs "
                                    "top");
    expect_real_link(stage, "src/a", "home/src/a");
    expect_real_link(stage, "src/deep/er/mod.rs", "home/src/deep/er/mod.rs");
    expect_real_link(stage, "src/wide/er/mod.rs", "home/src/wide/er/mod.rs");
    expect_real_link(stage, "top", "execroot/top");
    char *file = stage_path(stage, "home/src/a");
    support_expect_file(file, "src/a");
    free(file);
}

// At once: the clock has not gone on when a deed is done. And twice: what was undone is known.
static void test_what_was_done_is_undone_by_an_update(void **state)
{
    const struct stage *stage = *state;
    add_inputs(stage);
    update(stage, INPUTS);
    stage_empty_sandbox(stage);
    for (size_t i = 0; i < 2 * DEEDS; i++) {
        deeds[i / 2](stage);
        update(stage, INPUTS);
        expect_inputs(stage);
    }
}

static void test_what_was_done_is_undone_before_a_second_start(void **state)
{
    const struct stage *stage = *state;
    struct failure why = {""};
    add_inputs(stage);
    update(stage, INPUTS);
    assert_true(tree_remove(stage->sandbox, &why));
    for (size_t i = 0; i < DEEDS; i++) {
        deeds[i](stage);
        if (!link_tree_restore(stage->root, &why)) {
            fail_msg("%zu: %s", i, why.text);
        }
        expect_inputs(stage);
    }
}

// The difference is found in what the tree held, not in what was made of it.
static void test_what_was_done_does_not_spoil_a_difference(void **state)
{
    const struct stage *stage = *state;
    add_inputs(stage);
    for (size_t i = 0; i < DEEDS; i++) {
        update(stage, (words){"out/empty/", "", "src/a", "2", "src/deep/er/mod.rs", "1",
                              "src/wide/er/mod.rs", "1", "top", "2"});
        deeds[i](stage);
        update(stage, INPUTS);
        expect_inputs(stage);
    }
}

// Only what somebody has touched is read again.
static void test_links_in_other_folders_stay_what_they_are(void **state)
{
    const struct stage *stage = *state;
    add_inputs(stage);
    update(stage, INPUTS);
    ino_t other = stage_inode(stage->root, "src/wide/er/mod.rs");
    ino_t same = stage_inode(stage->root, "src/a");
    leave(stage, "src/left");
    update(stage, INPUTS);
    expect_inputs(stage);
    assert_int_equal(stage_inode(stage->root, "src/wide/er/mod.rs"), other);
    assert_int_equal(stage_inode(stage->root, "src/a"), same);
}

static void test_without_a_log_it_is_made_anew(void **state)
{
    const struct stage *stage = *state;
    struct failure why = {""};
    char *log = stage_path(stage, "root.targets");
    add_inputs(stage);
    for (int i = 0; i < 2; i++) {
        struct stat info;
        update(stage, INPUTS);
        assert_int_equal(stat(log, &info), 0);
        assert_int_equal(i == 0 ? unlink(log) : truncate(log, info.st_size - 1), 0);
        leave(stage, "src/left");
        assert_false(link_tree_restore(stage->root, &why));
        assert_non_null(strstr(why.text, stage->root));
        update(stage, INPUTS);
        expect_inputs(stage);
    }
    assert_true(tree_remove(stage->root, &why));
    assert_false(link_tree_restore(stage->root, &why));
    free(log);
}

static void test_the_log_does_not_grow_for_ever(void **state)
{
    const struct stage *stage = *state;
    struct stat info;
    char name[200];
    char *log = stage_path(stage, "root.targets");
    memset(name, 'n', sizeof name);
    memcpy(name, "src/", 4);
    name[sizeof name - 1] = '\0';
    stage_add(stage, name);
    for (int i = 0; i < 300; i++) {
        update(stage, (words){name, "1"});
        update(stage, (words){NULL});
    }
    update(stage, (words){name, "1"});
    assert_int_equal(stat(log, &info), 0);
    assert_in_range(info.st_size, 1, 70 * 1024);
    assert_int_equal(access(stage->root, F_OK), 0);
    free(log);
}

#define ROW(test) cmocka_unit_test_setup_teardown(test, stage_start, stage_stop)

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
