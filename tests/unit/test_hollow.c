// Hollow rlibs: written, and told from others. '~' is a NUL in archives here.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "archive_text.h"
#include "rustc/hollow.h"
#include "temp_dir.h"

#include <dirent.h>
#include <unistd.h>

static void expect_file(const char *path, const struct bytes *expected)
{
    struct bytes got = {0};
    struct failure why;
    assert_true(file_read(path, "rlib", &got, &why));
    assert_int_equal(got.len, expected->len);
    assert_memory_equal(got.data, expected->data, expected->len);
    bytes_finish(&got);
}

static size_t count_files(const char *dir)
{
    size_t count = 0;
    DIR *list = opendir(dir);
    while (readdir(list) != NULL) {
        count++;
    }
    closedir(list);
    return count - 2; // . and ..
}

#define HEAD(size) "!<arch>\nlib.rmeta/      0           0     0     644     " size "`\n"

struct write_row {
    const char *rmeta;
    size_t len;
    const char *head;
    bool padded;
};

static const struct write_row write_rows[] = {
    {"rust\0\0\0\tmore", 12, HEAD("12        "), false},
    {"rust\0\0\0\tmore!", 13, HEAD("13        "), true},
    {"x", 1, HEAD("1         "), true},
};

static void the_bytes_are_these(void **state)
{
    struct failure why;
    char *path = path_join(*state, "out.rlib");
    for (size_t i = 0; i < COUNT(write_rows); i++) {
        const struct write_row *row = &write_rows[i];
        struct bytes expected = {0};
        bytes_append_text(&expected, row->head);
        bytes_append(&expected, row->rmeta, row->len);
        bytes_append_text(&expected, row->padded ? "\n" : "");
        assert_true(hollow_write(temp_bytes(*state, "in.rmeta", row->rmeta, row->len), path, &why));
        expect_file(path, &expected);
        assert_true(row->len < 7 || hollow_is(path));
        bytes_finish(&expected);
    }
    free(path);
}

static void many_bytes_are_written(void **state)
{
    struct failure why;
    struct bytes rmeta = {0};
    struct bytes expected = {0};
    char *path = path_join(*state, "out.rlib");
    bytes_append(&rmeta, "rust\0\0\0", 7);
    while (rmeta.len < 1000000) {
        bytes_append_format(&rmeta, "%zu,", rmeta.len);
    }
    rmeta.len = 999999;
    bytes_append_text(&expected, HEAD("999999    "));
    bytes_append(&expected, rmeta.data, rmeta.len);
    bytes_append_text(&expected, "\n");
    assert_true(hollow_write(temp_bytes(*state, "in.rmeta", rmeta.data, rmeta.len), path, &why));
    expect_file(path, &expected);
    bytes_finish(&rmeta);
    bytes_finish(&expected);
    free(path);
}

// Who has the old file goes on with the old bytes.
static void what_was_there_is_replaced(void **state)
{
    struct failure why;
    const char *rmeta = temp_text(*state, "in.rmeta", "rust-new");
    const char *path = temp_text(*state, "out.rlib", "old");
    char *other = path_join(*state, "other name");
    struct bytes old = {0};
    struct stat info;
    bytes_append_text(&old, "old");
    assert_int_equal(link(path, other), 0);
    size_t before = count_files(*state);
    assert_true(hollow_write(rmeta, path, &why));
    assert_int_equal(count_files(*state), before);
    expect_file(other, &old);
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(info.st_nlink, 1);
    assert_int_equal(info.st_mode & 0777, 0644);
    bytes_finish(&old);
    free(other);
}

static void expect_refused(const char *rmeta, const char *path, const char *expected)
{
    struct failure why;
    assert_false(hollow_write(rmeta, path, &why));
    if (strstr(why.text, expected) == NULL) {
        fail_msg("'%s' is not in: %s", expected, why.text);
    }
}

static void what_cannot_be_written_leaves_nothing(void **state)
{
    char *missing = path_join(*state, "missing.rmeta");
    char *nowhere = path_join(*state, "no such folder/out.rlib");
    const char *rmeta = temp_text(*state, "in.rmeta", "rust");
    const char *empty = temp_text(*state, "empty.rmeta", "");
    const char *path = temp_text(*state, "out.rlib", "old");
    struct bytes old = {0};
    bytes_append_text(&old, "old");
    size_t before = count_files(*state);
    expect_refused(missing, path, "missing.rmeta': no such file or directory");
    expect_refused(empty, path, "empty.rmeta' is empty");
    expect_refused(*state, path, "cannot read the metadata '");
    expect_file(path, &old);
    expect_refused(rmeta, nowhere, "no such folder/out.rlib': no such file or directory");
    assert_int_equal(count_files(*state), before);
    assert_int_equal(mkdir(missing, 0700), 0);
    expect_refused(rmeta, missing,
                   "cannot write the rlib without code '"); // a directory is in the way
    assert_int_equal(count_files(*state), before + 1);
    bytes_finish(&old);
    free(missing);
    free(nowhere);
}

struct hollow_row {
    const char *name;
    const char *members; // of an archive; NULL: `raw` is the file
    const char *raw;
    bool hollow;
};

#define LONG_NAME "crate.crate.0123456789abcdef-cgu.0.rcgu.o/"

static const struct hollow_row rows[] = {
    {"ours", "lib.rmeta/ rust~~~\tx", NULL, true},
    {"ours and more", "lib.rmeta/ rust~~~\tx a.rcgu.o/ code", NULL, true},
    {"of rustc",
     "/ ~~~~ lib.rmeta/ \x7f"
     "ELF",
     NULL, true},
    {"of rustc nightly",
     "/ ~~~~ lib.rmeta/ \x7f"
     "ELF lib.rmeta-link/ \x7f"
     "ELF",
     NULL, true},
    {"of rustc, native code",
     "/ ~~~~ lib.rmeta/ \x7f"
     "ELF native.o/ code",
     NULL, true},

    {"full",
     "/ ~~~~ // " LONG_NAME " lib.rmeta/ \x7f"
     "ELF /0 code",
     NULL, false},
    {"full, short name",
     "lib.rmeta/ \x7f"
     "ELF a.rcgu.o/ code",
     NULL, false},
    {"full, native code",
     "lib.rmeta/ \x7f"
     "ELF native.o/ code a.rcgu.o/ code",
     NULL, false},
    {"full, metadata last",
     "a.rcgu.o/ code lib.rmeta/ \x7f"
     "ELF",
     NULL, false},
    {"native", "native.o/ code", NULL, false},
    {"no members", "", NULL, false},
    {"only tables", "/ ~~~~ // " LONG_NAME, NULL, false},
    {"empty", NULL, "", false},
    {"text", NULL, "lib.rmeta/ rust", false},
    {"metadata", NULL, "rust-metadata", false},
    {"no header", NULL, "!<arch>\n", false},
    {"half a header", NULL, "!<arch>\nlib.rmeta/      0           0     0     644     7", false},
    {"no data", NULL, HEAD("7         "), false},
};

static void hollow_rlibs_are_told_from_others(void **state)
{
    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct hollow_row *row = &rows[i];
        struct bytes archive = {0};
        if (row->members != NULL) {
            archive = archive_of(row->members);
        } else {
            bytes_append_text(&archive, row->raw);
        }
        const char *path = temp_bytes(*state, "some.rlib", bytes_text(&archive), archive.len);
        if (hollow_is(path) != row->hollow) {
            fail_msg("%s: hollow is %d", row->name, !row->hollow);
        }
        bytes_finish(&archive);
    }
}

static void what_is_no_file_is_not_hollow(void **state)
{
    char *missing = path_join(*state, "missing.rlib");
    assert_false(hollow_is(missing));
    assert_false(hollow_is(*state));
    free(missing);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_bytes_are_these),
        cmocka_unit_test(many_bytes_are_written),
        cmocka_unit_test(what_was_there_is_replaced),
        cmocka_unit_test(what_cannot_be_written_leaves_nothing),
        cmocka_unit_test(hollow_rlibs_are_told_from_others),
        cmocka_unit_test(what_is_no_file_is_not_hollow),
    };
    return cmocka_run_group_tests(tests, temp_dir_make, temp_dir_remove);
}
