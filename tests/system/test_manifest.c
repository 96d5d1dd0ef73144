#include "support.h"

#include "roots/manifest.h"

static int start(void **state)
{
    *state = support_directory("/tmp");
    return 0;
}

static int stop(void **state)
{
    struct failure why;
    assert(tree_remove(*state, &why));
    free(*state);
    return 0;
}

static const struct manifest_entry rows[] = {
    {.name = "", .digest = "of an empty name", .digest_len = 16},
    {.name = "\n", .digest = "", .digest_len = 0},
    {.name = "\xff\xfe not text", .digest = "\0\0\n", .digest_len = 3},
    {.name = "end\n", .digest = "end\n", .digest_len = 4},
    {.name = "external/rust/", .digest = "/a/folder", .digest_len = 9},
    {.name = "src/lib.rs", .digest = "rustc-relay manifest 2\n", .digest_len = 23},
};
enum { ROWS = sizeof rows / sizeof rows[0] };

static void save(const char *path, size_t count)
{
    struct manifest manifest = {0};
    struct failure why;
    for (size_t i = 0; i < count; i++) {
        manifest_add(&manifest, rows[i]);
    }
    assert_true(manifest_save(&manifest, path, &why));
    manifest_finish(&manifest);
}

static void expect_rows(const char *path, size_t count)
{
    struct manifest manifest = {0};
    assert_true(manifest_load(&manifest, path));
    assert_int_equal(manifest.count, count);
    for (size_t i = 0; i < count; i++) {
        assert_string_equal(manifest.entries[i].name, rows[i].name);
        assert_int_equal(manifest.entries[i].digest_len, rows[i].digest_len);
        assert_memory_equal(manifest.entries[i].digest, rows[i].digest, rows[i].digest_len);
    }
    manifest_finish(&manifest);
}

static void expect_unknown(const char *path)
{
    struct manifest manifest = {0};
    assert_false(manifest_load(&manifest, path));
    assert_null(manifest.entries);
    assert_int_equal(manifest.count, 0);
    assert_null(manifest.text.data);
    manifest_finish(&manifest);
}

static void write_bytes(const char *path, const char *data, size_t len)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, S_IRUSR | S_IWUSR);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, data, len), (ssize_t)len);
    close(fd);
}

static void test_what_was_saved_is_loaded(void **state)
{
    char *path = mem_format("%s/manifest", (char *)*state);
    for (size_t count = 0; count <= ROWS; count++) {
        save(path, count);
        expect_rows(path, count);
    }
    free(path);
}

static void test_nobody_knows_what_a_missing_one_said(void **state)
{
    char *path = mem_format("%s/manifest", (char *)*state);
    expect_unknown(path);
    expect_unknown(*state); // a directory
    free(path);
}

static void test_a_truncated_one_is_none(void **state)
{
    char whole[4096];
    char *path = mem_format("%s/manifest", (char *)*state);
    save(path, ROWS);
    int fd = open(path, O_RDONLY);
    ssize_t len = read(fd, whole, sizeof whole);
    close(fd);
    assert_in_range(len, ROWS * 8, sizeof whole - 1);
    for (size_t i = 0; i < (size_t)len; i++) {
        write_bytes(path, whole, i);
        expect_unknown(path);
    }
    whole[len] = 'x';
    write_bytes(path, whole, (size_t)len + 1);
    expect_unknown(path);
    write_bytes(path, whole, (size_t)len);
    expect_rows(path, ROWS);
    free(path);
}

#define NIL4 "\0\0\0\0"
#define MAGIC "rustc-relay manifest 2\n" NIL4 NIL4 NIL4 NIL4 // sealed never
#define TEXT(literal) literal, sizeof(literal) - 1

static void test_a_foreign_one_is_none(void **state)
{
    static const struct {
        const char *data;
        size_t len;
    } foreign[] = {
        {TEXT("")},
        {TEXT("end\n")},
        {TEXT("rustc-relay manifest 1\nend\n")},
        {TEXT("src/lib.rs\nend\n")},
        {TEXT(MAGIC "1234567end\n")},                            // no room for two lengths
        {TEXT(MAGIC "\0\0\0\0\0\0\0\0end\n")},                   // a name without its NUL
        {TEXT(MAGIC "\2\0\0\0\0\0\0\0abend\n")},                 // another
        {TEXT(MAGIC "\1\0\0\0\1\0\0\0\0end\n")},                 // a digest that is not there
        {TEXT(MAGIC "\xff\xff\xff\xff\xff\xff\xff\xff\0end\n")}, // more than there can be
        {TEXT(MAGIC "\2\0\0\0\xfe\xff\xff\xff"
                    "a\0bend\n")},                                    // 2^32 in all
        {TEXT(MAGIC "\2\0\0\0\1\0\0\0a\0b\2\0\0\0\1\0\0\0b\0end\n")}, // the second is not whole
    };
    char *path = mem_format("%s/manifest", (char *)*state);
    for (size_t i = 0; i < sizeof foreign / sizeof foreign[0]; i++) {
        write_bytes(path, foreign[i].data, foreign[i].len);
        expect_unknown(path);
    }
    write_bytes(path, TEXT(MAGIC "\2\0\0\0\1\0\0\0a\0bend\n"));
    struct manifest manifest = {0};
    assert_true(manifest_load(&manifest, path));
    manifest_finish(&manifest);
    free(path);
}

static void test_one_that_cannot_be_written(void **state)
{
    char *path = mem_format("%s/missing/manifest", (char *)*state);
    struct manifest manifest = {0};
    struct failure why;
    assert_false(manifest_save(&manifest, path, &why));
    assert_non_null(strstr(why.text, path));
    free(path);
    // In the place of a directory; the temporary file is no obstacle to the next try.
    path = mem_format("%s/manifest", (char *)*state);
    assert_int_equal(mkdir(path, S_IRWXU), 0);
    assert_false(manifest_save(&manifest, path, &why));
    assert_non_null(strstr(why.text, path));
    assert_int_equal(rmdir(path), 0);
    save(path, ROWS);
    expect_rows(path, ROWS);
    free(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_what_was_saved_is_loaded, start, stop),
        cmocka_unit_test_setup_teardown(test_nobody_knows_what_a_missing_one_said, start, stop),
        cmocka_unit_test_setup_teardown(test_a_truncated_one_is_none, start, stop),
        cmocka_unit_test_setup_teardown(test_a_foreign_one_is_none, start, stop),
        cmocka_unit_test_setup_teardown(test_one_that_cannot_be_written, start, stop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
