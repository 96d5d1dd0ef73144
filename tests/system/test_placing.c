#include "support.h"

#include "base/file.h"
#include "base/placing.h"

#include <dirent.h>
#include <sys/resource.h>

// Two directories, if possible on two filesystems.
struct places {
    char *here;
    char *there;
    bool apart; // `there` is on another filesystem
};

static int start(void **state)
{
    struct places *places = mem_zalloc(sizeof *places);
    struct stat here;
    struct stat there;
    places->here = support_directory("/tmp");
    places->there = support_directory(access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
    assert_int_equal(stat(places->here, &here), 0);
    assert_int_equal(stat(places->there, &there), 0);
    places->apart = here.st_dev != there.st_dev;
    *state = places;
    return 0;
}

static int stop(void **state)
{
    struct places *places = *state;
    struct failure why;
    assert(tree_remove(places->here, &why));
    assert(tree_remove(places->there, &why));
    free(places->here);
    free(places->there);
    free(places);
    return 0;
}

static char *join(const char *dir, const char *name)
{
    return mem_format("%s/%s", dir, name);
}

static ino_t inode_of(const char *path)
{
    struct stat info;
    assert_int_equal(lstat(path, &info), 0);
    return info.st_ino;
}

static mode_t mode_of(const char *path)
{
    struct stat info;
    assert_int_equal(lstat(path, &info), 0);
    return info.st_mode & 07777;
}

static int entries_in(const char *path)
{
    DIR *dir = opendir(path);
    assert_non_null(dir);
    int count = 0;
    while (readdir(dir) != NULL) {
        count++;
    }
    closedir(dir);
    return count - 2;
}

typedef bool placing(const char *from, const char *to, struct failure *why);

static placing *const all_placings[] = {place_move, place_link, place_copy};
enum { PLACINGS = 3 };

// Every way of placing, on the same filesystem and across.
static void for_all(struct places *places, void (*check)(placing *, const char *, const char *))
{
    for (int i = 0; i < PLACINGS; i++) {
        check(all_placings[i], places->here, places->here);
        check(all_placings[i], places->here, places->there);
        check(all_placings[i], places->there, places->here);
    }
}

static void check_read_only_is_replaced(placing *place, const char *from_dir, const char *to_dir)
{
    char *from = join(from_dir, "made");
    char *to = join(to_dir, "declared");
    char *other = join(to_dir, "other-name");
    struct failure why;
    support_write_file(from, "new");
    support_write_file(to, "old");
    chmod(to, 0444);
    assert_int_equal(link(to, other), 0);
    chmod(from, 0754);
    assert_true(place(from, to, &why));
    support_expect_file(to, "new");
    assert_int_equal(mode_of(to), 0754);
    support_expect_file(other, "old");
    assert_int_equal(mode_of(other), 0444);
    assert_int_equal(access(from, F_OK) == 0, place != place_move);
    unlink(from);
    unlink(to);
    unlink(other);
    assert_int_equal(entries_in(to_dir), 0);
    free(from);
    free(to);
    free(other);
}

static void test_read_only_file_is_replaced(void **state)
{
    for_all(*state, check_read_only_is_replaced);
}

static void check_symlink_is_replaced(placing *place, const char *from_dir, const char *to_dir)
{
    char *from = join(from_dir, "made");
    char *to = join(to_dir, "declared");
    char *target = join(to_dir, "target");
    struct failure why;
    support_write_file(from, "new");
    support_write_file(target, "untouched");
    assert_int_equal(symlink(target, to), 0);
    assert_true(place(from, to, &why));
    support_expect_file(to, "new");
    support_expect_file(target, "untouched");
    unlink(from);
    unlink(to);
    unlink(target);
    assert_int_equal(entries_in(to_dir), 0);
    free(from);
    free(to);
    free(target);
}

static void test_symlink_is_not_followed(void **state)
{
    for_all(*state, check_symlink_is_replaced);
}

static void check_failure_leaves_nothing(placing *place, const char *from_dir, const char *to_dir)
{
    char *from = join(from_dir, "made");
    char *to = join(to_dir, "declared");
    char *inside = join(to, "inside");
    struct failure why;
    struct failure ignored;
    support_write_file(from, "new");
    // A directory cannot be replaced by a file.
    assert_true(tree_make(inside, 0700, &why));
    assert_false(place(from, to, &why));
    char *start_of_sentence = mem_format("cannot place '%s' at '%s': ", from, to);
    assert_memory_equal(why.text, start_of_sentence, strlen(start_of_sentence));
    free(start_of_sentence);
    support_expect_file(from, "new");
    assert_int_equal(entries_in(to_dir), from_dir == to_dir ? 2 : 1);
    assert_int_equal(entries_in(to), 1);
    unlink(from);
    assert_false(place(from, inside, &why));
    assert_true(tree_remove(to, &ignored));
    // A missing file is no reason to make directories for it.
    assert_false(place(from, inside, &why));
    assert_int_equal(entries_in(to_dir), 0);
    free(from);
    free(to);
    free(inside);
}

static void test_failure_leaves_nothing(void **state)
{
    for_all(*state, check_failure_leaves_nothing);
}

static void check_parents_are_made(placing *place, const char *from_dir, const char *to_dir)
{
    char *from = join(from_dir, "made");
    char *deep = join(to_dir, "a/b/c");
    char *top = join(to_dir, "a");
    struct failure why;
    support_write_file(from, "new");
    assert_true(place(from, deep, &why));
    support_expect_file(deep, "new");
    unlink(from);
    assert_true(tree_remove(top, &why));
    free(from);
    free(deep);
    free(top);
}

static void test_missing_parents_are_made(void **state)
{
    for_all(*state, check_parents_are_made);
}

static void test_move_and_link_do_not_copy(void **state)
{
    struct places *places = *state;
    char *from = join(places->here, "made");
    char *linked = join(places->here, "linked");
    char *moved = join(places->here, "moved");
    struct failure why;
    support_write_file(from, "new");
    ino_t inode = inode_of(from);
    assert_true(place_link(from, linked, &why));
    assert_int_equal(inode_of(linked), inode);
    // Once more over itself: still one file, no temporary name left.
    assert_true(place_link(from, linked, &why));
    assert_true(place_link(from, from, &why));
    assert_int_equal(entries_in(places->here), 2);
    assert_true(place_move(from, moved, &why));
    assert_int_equal(inode_of(moved), inode);
    assert_int_equal(access(from, F_OK), -1);
    free(from);
    free(linked);
    free(moved);
}

static void test_move_between_two_links_of_one_file(void **state)
{
    struct places *places = *state;
    char *from = join(places->here, "made");
    char *to = join(places->here, "declared");
    char *same = join(places->here, "./declared");
    struct failure why;
    support_write_file(from, "new");
    assert_int_equal(link(from, to), 0);
    assert_true(place_move(from, to, &why));
    assert_int_equal(access(from, F_OK), -1);
    assert_true(place_move(same, to, &why));
    support_expect_file(to, "new");
    free(from);
    free(to);
    free(same);
}

static void test_link_of_a_symlink_links_its_target(void **state)
{
    struct places *places = *state;
    char *target = join(places->here, "target");
    char *from = join(places->here, "from");
    char *to = join(places->here, "to");
    struct failure why;
    support_write_file(target, "real");
    assert_int_equal(symlink("target", from), 0);
    assert_true(place_link(from, to, &why));
    assert_int_equal(inode_of(to), inode_of(target));
    free(target);
    free(from);
    free(to);
}

static void test_neighbours_are_untouched(void **state)
{
    struct places *places = *state;
    char *from = join(places->here, "made");
    char *to = join(places->there, "declared");
    char *neighbour = join(places->there, "neighbour");
    struct stat before;
    struct stat after;
    struct failure why;
    support_write_file(from, "new");
    support_write_file(neighbour, "other action's");
    chmod(neighbour, 0444);
    assert_int_equal(stat(neighbour, &before), 0);
    for (int i = 0; i < PLACINGS; i++) {
        support_write_file(from, "new");
        assert_true(all_placings[i](from, to, &why));
        unlink(from);
    }
    assert_int_equal(stat(neighbour, &after), 0);
    assert_memory_equal(&before.st_ctim, &after.st_ctim, sizeof before.st_ctim);
    assert_int_equal(before.st_mode, after.st_mode);
    assert_int_equal(entries_in(places->there), 2);
    free(from);
    free(to);
    free(neighbour);
}

static void test_large_file_across_filesystems(void **state)
{
    struct places *places = *state;
    enum { SIZE = 3 * 1000 * 1000 };
    char *from = join(places->here, "made");
    char *to = join(places->there, "declared");
    struct failure why;
    bool same = false;
    char *text = mem_zalloc(SIZE + 1);
    for (int i = 0; i < SIZE; i++) {
        text[i] = (char)('a' + i % 23);
    }
    support_write_file(from, text);
    assert_true(place_link(from, to, &why));
    assert_int_equal(inode_of(from) == inode_of(to), !places->apart);
    assert_true(file_same_content(from, to, &same, &why));
    assert_true(same);
    free(text);
    free(from);
    free(to);
}

// With a limit on file size in place of a full disk.
static bool copy_with_too_little_room(const char *from, const char *to)
{
    struct rlimit limit = {.rlim_cur = 1000, .rlim_max = 1000};
    struct failure why;
    signal(SIGXFSZ, SIG_IGN);
    return setrlimit(RLIMIT_FSIZE, &limit) == 0 && !place_copy(from, to, &why) &&
           strstr(why.text, "file too large") != NULL;
}

static void test_copy_that_breaks_off_keeps_the_old_file(void **state)
{
    enum { PASSED = 42, SIZE = 100 * 1000 };
    struct places *places = *state;
    char *from = join(places->here, "made");
    char *to = join(places->there, "declared");
    char *text = mem_zalloc(SIZE + 1);
    int status = 0;
    memset(text, 'x', SIZE);
    support_write_file(from, text);
    support_write_file(to, "old");
    pid_t pid = fork();
    if (pid == 0) {
        _exit(copy_with_too_little_room(from, to) ? PASSED : 1);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == PASSED);
    support_expect_file(to, "old");
    assert_int_equal(entries_in(places->there), 1);
    free(text);
    free(from);
    free(to);
}

struct pair {
    const char *left;
    const char *right;
    bool same;
};

static void test_same_content(void **state)
{
    struct places *places = *state;
    static const struct pair pairs[] = {
        {"", "", true}, {"a", "a", true}, {"a", "b", false}, {"a", "", false}, {"ab", "aa", false},
    };
    char *left = join(places->here, "left");
    char *right = join(places->there, "right");
    struct failure why;
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        bool same = !pairs[i].same;
        support_write_file(left, pairs[i].left);
        support_write_file(right, pairs[i].right);
        assert_true(file_same_content(left, right, &same, &why));
        assert_int_equal(same, pairs[i].same);
        assert_true(file_same_content(left, left, &same, &why));
        assert_true(same);
    }
    bool untouched = true;
    unlink(right);
    assert_false(file_same_content(left, right, &untouched, &why));
    assert_false(file_same_content(right, left, &untouched, &why));
    assert_true(untouched);
    free(left);
    free(right);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_read_only_file_is_replaced, start, stop),
        cmocka_unit_test_setup_teardown(test_symlink_is_not_followed, start, stop),
        cmocka_unit_test_setup_teardown(test_failure_leaves_nothing, start, stop),
        cmocka_unit_test_setup_teardown(test_copy_that_breaks_off_keeps_the_old_file, start, stop),
        cmocka_unit_test_setup_teardown(test_missing_parents_are_made, start, stop),
        cmocka_unit_test_setup_teardown(test_move_and_link_do_not_copy, start, stop),
        cmocka_unit_test_setup_teardown(test_move_between_two_links_of_one_file, start, stop),
        cmocka_unit_test_setup_teardown(test_link_of_a_symlink_links_its_target, start, stop),
        cmocka_unit_test_setup_teardown(test_neighbours_are_untouched, start, stop),
        cmocka_unit_test_setup_teardown(test_large_file_across_filesystems, start, stop),
        cmocka_unit_test_setup_teardown(test_same_content, start, stop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
