// Whole files, and paths as text.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "temp_dir.h"
#include "words.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

struct path_row {
    const char *directory;
    const char *name;
    const char *expected;
};

static const struct path_row join_rows[] = {
    {"/a/b", "c", "/a/b/c"}, {"/a/b", "c/d", "/a/b/c/d"}, {"/a", "/c", "/c"},
    {".", "c", "./c"},       {"/a", "../c", "/a/../c"},   {"a", "/", "/"},
};

static void names_are_seen_from_a_directory(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(join_rows); i++) {
        char *path = path_join(join_rows[i].directory, join_rows[i].name);
        assert_string_equal(path, join_rows[i].expected);
        free(path);
    }
}

struct split_row {
    const char *path;
    const char *directory;
    const char *name;
};

static const struct split_row split_rows[] = {
    {"a", ".", "a"},         {"/a", "/", "a"},  {"a/b", "a", "b"},
    {"/a/b/c", "/a/b", "c"}, {"./a", ".", "a"}, {"a/", "a", ""},
    {"/", "/", ""},          {"", ".", ""},     {"a/..", "a", ".."},
};

static void paths_are_split_at_the_last_slash(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(split_rows); i++) {
        char *directory = path_dirname(split_rows[i].path);
        assert_string_equal(directory, split_rows[i].directory);
        assert_string_equal(path_basename(split_rows[i].path), split_rows[i].name);
        free(directory);
    }
}

static const struct path_row listed_rows[] = {
    {"/w", "a/b", "a/b"},
    {"/w", "./a//b/.", "a/b"},
    {"/w", "a/../b/", "b"},
    {"/w", "/w/a", "a"},
    {"/w", "/w2/a", "/w2/a"},
    {"/w", "/x/../w/a", "a"},
    {"/w", "../w/a", "a"},
    {"/w", "../a", "/a"},
    {"/w", "../../a", "/a"},
    {"/w", ".", "."},
    {"/w", "", "."},
    {"/w", "a/..", "."},
    {"/w/x", "../y/...", "/w/y/..."},
    {"/", "a", "a"},
};

static void one_path_has_one_listed_form(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(listed_rows); i++) {
        char *listed = path_listed(listed_rows[i].directory, listed_rows[i].name);
        assert_string_equal(listed, listed_rows[i].expected);
        free(listed);
    }
}

static void a_file_is_appended(void **state)
{
    const char data[] = "one\0two\xff\n";
    const char *path = temp_bytes(*state, "data", data, sizeof data);
    struct bytes got = {0};
    struct failure why = {"untouched"};
    bytes_append_text(&got, "before ");
    assert_true(file_read(path, "param file", &got, &why));
    assert_int_equal(got.len, 7 + sizeof data);
    assert_memory_equal(got.data, "before ", 7);
    assert_memory_equal(got.data + 7, data, sizeof data);
    assert_int_equal(got.data[got.len], '\0');
    assert_string_equal(why.text, "untouched");
    bytes_finish(&got);
}

static void an_empty_file_is_no_bytes(void **state)
{
    struct bytes got = {0};
    struct failure why;
    assert_true(file_read(temp_text(*state, "empty", ""), "env file", &got, &why));
    assert_int_equal(got.len, 0);
    assert_string_equal(bytes_text(&got), "");
    bytes_finish(&got);
}

static void what_cannot_be_read_is_named(void **state)
{
    struct bytes got = {0};
    struct failure why;
    assert_false(file_read("/no/such", "env file", &got, &why));
    assert_string_equal(why.text, "cannot read the env file '/no/such': no such file or directory");
    assert_false(file_read(*state, "param file", &got, &why));
    assert_non_null(strstr(why.text, "cannot read the param file '"));
    assert_non_null(strstr(why.text, "': is a directory"));
    bytes_finish(&got);
}

static bool read_of_size(const char *path, off_t size, struct failure *why)
{
    struct bytes got = {0};
    assert_int_equal(truncate(path, size), 0);
    bool good = file_read(path, "param file", &got, why);
    assert_true(!good || got.len == (size_t)size);
    bytes_finish(&got);
    return good;
}

static void too_large_a_file_is_refused(void **state)
{
    const char *path = temp_text(*state, "large", "");
    struct failure why;
    assert_true(read_of_size(path, FILE_MAX_BYTES, &why));
    assert_false(read_of_size(path, (off_t)FILE_MAX_BYTES + 1, &why));
    assert_non_null(strstr(why.text, "file too large"));
}

static void assert_content(const char *path, const char *expected)
{
    struct bytes got = {0};
    struct failure why;
    assert_true(file_read(path, "file", &got, &why));
    assert_string_equal(bytes_text(&got), expected);
    bytes_finish(&got);
}

static void writing_creates_and_replaces(void **state)
{
    const char *path = temp_text(*state, "new", "a longer first text");
    assert_content(path, "a longer first text");
    temp_text(*state, "new", "second");
    assert_content(path, "second");
}

// rustc maps files, and other places hold hard links of them: bytes once written never change.
static void an_old_file_is_never_written_through(void **state)
{
    const char *path = temp_text(*state, "name", "old");
    char *other = path_join(*state, "other name");
    char *pointer = path_join(*state, "pointer");
    assert_int_equal(link(path, other), 0);
    temp_text(*state, "name", "new");
    assert_content(other, "old");
    assert_content(path, "new");
    assert_int_equal(symlink(other, pointer), 0);
    temp_text(*state, "pointer", "third");
    assert_content(other, "old");
    assert_content(pointer, "third");
    assert_int_equal(chmod(path, 0400), 0);
    temp_text(*state, "name", "not writable before");
    assert_content(path, "not writable before");
    free(other);
    free(pointer);
}

static void a_link_is_known_by_its_text(void **state)
{
    char *link = path_join(*state, "link");
    assert_int_equal(symlink("to/nowhere", link), 0);
    assert_true(file_is_link_to(AT_FDCWD, link, "to/nowhere"));
    assert_false(file_is_link_to(AT_FDCWD, link, "to/nowher"));
    assert_false(file_is_link_to(AT_FDCWD, link, "to/nowhere/else"));
    assert_false(file_is_link_to(AT_FDCWD, *state, "to/nowhere"));
    free(link);
}

static void a_link_replaces_what_was_there(void **state)
{
    char *link = path_join(*state, "replaced");
    char *below = path_join(link, "x");
    static const char *const targets[] = {"one", "two", "two"};
    assert_int_equal(file_link("x", below), ENOENT);
    for (size_t i = 0; i < COUNT(targets); i++) {
        assert_int_equal(file_link(targets[i], link), 0);
        assert_true(file_is_link_to(AT_FDCWD, link, targets[i]));
    }
    assert_int_equal(unlink(link), 0);
    temp_text(*state, "replaced", "a file");
    assert_int_equal(file_link("one", link), 0);
    assert_true(file_is_link_to(AT_FDCWD, link, "one"));
    assert_int_equal(file_link("one", *state), EISDIR);
    free(below);
    free(link);
}

static void replacing_leaves_the_old_file_to_its_readers(void **state)
{
    struct failure why;
    struct bytes got = {0};
    const char *path = temp_text(*state, "kept", "old");
    int reader = open(path, O_RDONLY);
    char old[4] = "";
    assert_true(file_replace(path, "newer", 5, &why));
    assert_int_equal(read(reader, old, sizeof old), 3);
    assert_string_equal(old, "old");
    assert_true(file_read(path, "file", &got, &why));
    assert_string_equal(bytes_text(&got), "newer");
    assert_false(file_replace(*state, "x", 1, &why));
    assert_non_null(strstr(why.text, "cannot write '"));
    char *left = mem_format("%s.new", (char *)*state);
    assert_int_equal(access(left, F_OK), -1);
    free(left);
    bytes_finish(&got);
    close(reader);
}

static void what_cannot_be_written_is_named(void **state)
{
    struct failure why;
    assert_false(file_write("/no/such", "x", 1, &why));
    assert_string_equal(why.text, "cannot create '/no/such': no such file or directory");
    assert_false(file_write(*state, "x", 1, &why));
    assert_non_null(strstr(why.text, "cannot replace '"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_seen_from_a_directory),
        cmocka_unit_test(paths_are_split_at_the_last_slash),
        cmocka_unit_test(one_path_has_one_listed_form),
        cmocka_unit_test(a_file_is_appended),
        cmocka_unit_test(an_empty_file_is_no_bytes),
        cmocka_unit_test(what_cannot_be_read_is_named),
        cmocka_unit_test(too_large_a_file_is_refused),
        cmocka_unit_test(writing_creates_and_replaces),
        cmocka_unit_test(an_old_file_is_never_written_through),
        cmocka_unit_test(a_link_replaces_what_was_there),
        cmocka_unit_test(replacing_leaves_the_old_file_to_its_readers),
        cmocka_unit_test(what_cannot_be_written_is_named),
        cmocka_unit_test(a_link_is_known_by_its_text),
    };
    return cmocka_run_group_tests(tests, temp_dir_make, temp_dir_remove);
}
