#include "link_words.h"

static void remove_manifest(const struct fixture *fixture)
{
    char *manifest = fixture_path(fixture, "root.manifest");
    assert_int_equal(unlink(manifest), 0);
    free(manifest);
}

// Of each input its place, and nothing beside them.
static void test_links_lead_to_the_real_places(void **state)
{
    const struct fixture *fixture = *state;
    fixture_add(fixture, "Cargo.toml");
    fixture_add(fixture, "bazel-out/k8/bin/gen.rs");
    fixture_add(fixture, "src/deep/er/mod.rs");
    fixture_add(fixture, "src/lib.rs");
    fixture_add(fixture, "src/undeclared.rs");
    update(fixture, (words){"Cargo.toml", "1", "bazel-out/k8/bin/gen.rs", "1", "src/deep/er/mod.rs",
                            "1", "src/lib.rs", "1"});
    fixture_expect_names(fixture->root, "Cargo.toml bazel-out/ bazel-out/k8/ bazel-out/k8/bin/ "
                                        "bazel-out/k8/bin/gen.rs src/ src/deep/ src/deep/er/ "
                                        "src/deep/er/mod.rs src/lib.rs");
    expect_real_link(fixture, "Cargo.toml", "execroot/Cargo.toml");
    expect_real_link(fixture, "bazel-out/k8/bin/gen.rs", "execroot/bazel-out/k8/bin/gen.rs");
    expect_real_link(fixture, "src/deep/er/mod.rs", "home/src/deep/er/mod.rs");
    expect_real_link(fixture, "src/lib.rs", "home/src/lib.rs");
    // They lead there also when the sandbox and the execroot's own links are gone.
    char *planted = fixture_path(fixture, "execroot/src");
    char *late = fixture_path(fixture, "root/src/lib.rs");
    fixture_empty_sandbox(fixture);
    assert_int_equal(unlink(planted), 0);
    support_expect_file(late, "src/lib.rs");
    free(planted);
    free(late);
}

static void test_what_is_no_absolute_link_is_linked_where_it_is(void **state)
{
    const struct fixture *fixture = *state;
    char *file = fixture_path(fixture, "sandbox/file");
    char *link = fixture_path(fixture, "sandbox/link");
    support_write_file(file, "text");
    fixture_link("file", link);
    update(fixture, (words){"file", "1", "link", "1", "missing", "1"});
    expect_real_link(fixture, "file", "sandbox/file");
    expect_real_link(fixture, "link", "sandbox/link");
    expect_real_link(fixture, "missing", "sandbox/missing");
    free(file);
    free(link);
}

static void test_only_the_difference_is_looked_at(void **state)
{
    const struct fixture *fixture = *state;
    fixture_add(fixture, "src/a");
    fixture_add(fixture, "src/changed");
    fixture_add(fixture, "src/removed");
    fixture_add(fixture, "src/z");
    update(fixture, (words){"src/a", "1", "src/changed", "1", "src/removed", "1", "src/z", "1"});
    ino_t a = fixture_inode(fixture->root, "src/a");
    ino_t z = fixture_inode(fixture->root, "src/z");
    fixture_empty_sandbox(fixture);
    fixture_add(fixture, "src/added");
    fixture_add(fixture, "src/changed");
    update(fixture, (words){"src/a", "1", "src/added", "1", "src/changed", "2", "src/z", "1"});
    fixture_expect_names(fixture->root, "src/ src/a src/added src/changed src/z");
    assert_int_equal(fixture_inode(fixture->root, "src/a"), a);
    assert_int_equal(fixture_inode(fixture->root, "src/z"), z);
    expect_real_link(fixture, "src/added", "home/src/added");
    expect_real_link(fixture, "src/changed", "home/src/changed");
}

static void test_without_a_difference_nothing_is_touched(void **state)
{
    const struct fixture *fixture = *state;
    struct failure why;
    fixture_add(fixture, "src/a");
    update(fixture, (words){"src/a", "1"});
    ino_t link = fixture_inode(fixture->root, "src/a");
    ino_t manifest = fixture_inode(fixture->top, "root.manifest");
    assert_true(tree_remove(fixture->sandbox, &why));
    update(fixture, (words){"src/a", "1"});
    assert_int_equal(fixture_inode(fixture->root, "src/a"), link);
    assert_int_equal(fixture_inode(fixture->top, "root.manifest"), manifest);
}

// Stamps of one length, and one that the other starts with.
static void test_any_other_digest_is_a_difference(void **state)
{
    static const char *const stamps[] = {"aa", "ab", "a", "aa", ""};
    const struct fixture *fixture = *state;
    char *file = mem_format("%s/src/a", fixture->sandbox);
    fixture_add(fixture, "src/a");
    update(fixture, (words){"src/a", "first"});
    for (size_t i = 0; i < sizeof stamps / sizeof stamps[0]; i++) {
        char *target = mem_format("%s/execroot/src/%zu", fixture->top, i);
        char *real = mem_format("home/src/%zu", i);
        fixture_link(target, file);
        update(fixture, (words){"src/a", stamps[i]});
        expect_real_link(fixture, "src/a", real);
        free(real);
        free(target);
    }
    free(file);
}

static void test_a_file_becomes_a_folder_and_back(void **state)
{
    const struct fixture *fixture = *state;
    fixture_add(fixture, "src/other");
    fixture_add(fixture, "src/x");
    update(fixture, (words){"src/other", "1", "src/x", "1"});
    ino_t other = fixture_inode(fixture->root, "src/other");
    char *file = fixture_path(fixture, "home/src/x");
    assert_int_equal(unlink(file), 0);
    fixture_empty_sandbox(fixture);
    fixture_add(fixture, "src/x/y");
    update(fixture, (words){"src/other", "1", "src/x/y", "1"});
    fixture_expect_names(fixture->root, "src/ src/other src/x/ src/x/y");
    expect_real_link(fixture, "src/x/y", "home/src/x/y");
    fixture_empty_sandbox(fixture);
    struct failure why;
    assert_true(tree_remove(file, &why));
    fixture_add(fixture, "src/x");
    update(fixture, (words){"src/other", "1", "src/x", "1"});
    fixture_expect_names(fixture->root, "src/ src/other src/x");
    expect_real_link(fixture, "src/x", "home/src/x");
    assert_int_equal(fixture_inode(fixture->root, "src/other"), other); // still by difference
    free(file);
}

// A folder that is empty now was not declared: a macro that lists folders would see it.
static void test_no_empty_folder_stays(void **state)
{
    const struct fixture *fixture = *state;
    fixture_add(fixture, "src/a/b/c/file");
    fixture_add(fixture, "src/a/file");
    update(fixture, (words){"src/a/b/c/file", "1", "src/a/file", "1"});
    update(fixture, (words){"src/a/file", "1"});
    fixture_expect_names(fixture->root, "src/ src/a/ src/a/file");
    update(fixture, (words){NULL});
    fixture_expect_names(fixture->root, "");
}

static void test_empty_lists(void **state)
{
    const struct fixture *fixture = *state;
    update(fixture, (words){NULL});
    fixture_expect_names(fixture->root, "");
    update(fixture, (words){NULL});
    fixture_add(fixture, "src/a");
    update(fixture, (words){"src/a", "1"});
    update(fixture, (words){NULL});
    fixture_expect_names(fixture->root, "");
}

static void test_names_with_odd_bytes(void **state)
{
    const struct fixture *fixture = *state;
    fixture_add(fixture, "src/ ");
    fixture_add(fixture, "src/%s\\\"'\n");
    fixture_add(fixture, "src/-rf");
    fixture_add(fixture, "src/\xff\x01");
    for (int i = 0; i < 2; i++) { // the second time from its manifest
        update(fixture, (words){"src/ ", "1", "src/%s\\\"'\n", "1", "src/-rf", "1", "src/\xff\x01",
                                i == 0 ? "1" : "2"});
        fixture_expect_names(fixture->root, "src/ src/  src/%s\\\"'\n src/-rf src/\xff\x01");
        expect_real_link(fixture, "src/%s\\\"'\n", "home/src/%s\\\"'\n");
        expect_real_link(fixture, "src/\xff\x01", "home/src/\xff\x01");
    }
}

// For outputs: they stay when nothing is in them.
static void test_folders(void **state)
{
    const struct fixture *fixture = *state;
    fixture_add(fixture, "src/a");
    fixture_add(fixture, "src/out/b");
    update(fixture, (words){"bin/deep/", "", "src/a", "1", "src/out/", "", "src/out/b", "1"});
    fixture_expect_names(fixture->root, "bin/ bin/deep/ src/ src/a src/out/ src/out/b");
    update(fixture, (words){"bin/deep/", "", "src/a", "1", "src/out/", ""});
    fixture_expect_names(fixture->root, "bin/ bin/deep/ src/ src/a src/out/");
    update(fixture, (words){"src/a", "1", "src/new/", ""});
    fixture_expect_names(fixture->root, "src/ src/a src/new/");
    update(fixture, (words){"src/a", "1", "src/new/one/", ""});
    fixture_expect_names(fixture->root, "src/ src/a src/new/ src/new/one/");
}

static void test_what_would_leave_the_tree_is_refused(void **state)
{
    static const char *const names[] = {"..",     "../x", "/missing/x", "src/../../x", "src/..",
                                        "src//x", "./x",  "src/./x",    "/",           ""};
    const struct fixture *fixture = *state;
    struct failure why;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        assert_false(try_update(fixture, (words){names[i], "1"}, &why));
        char *named = mem_format("'%s'", names[i]);
        assert_non_null(strstr(why.text, named));
        free(named);
        assert_int_equal(access(fixture->root, F_OK), -1);
    }
    fixture_expect_names(fixture->top, "execroot/ execroot/src home/ home/src/ sandbox/");
}

// --- What nobody can rely on

static void spoil_nothing(const struct fixture *fixture)
{
    link_tree_distrust(fixture->root);
    link_tree_distrust(fixture->root);
}

// A process died while it changed links.
static void spoil_by_crash(const struct fixture *fixture)
{
    char *link = fixture_path(fixture, "root/src/b");
    remove_manifest(fixture);
    assert_int_equal(unlink(link), 0);
    free(link);
}

static void spoil_by_truncation(const struct fixture *fixture)
{
    struct stat info;
    char *manifest = fixture_path(fixture, "root.manifest");
    assert_int_equal(stat(manifest, &info), 0);
    assert_int_equal(truncate(manifest, info.st_size - 1), 0);
    free(manifest);
}

static void spoil_by_another_format(const struct fixture *fixture)
{
    char *manifest = fixture_path(fixture, "root.manifest");
    support_write_file(manifest, "rustc-relay manifest 3\nend\n");
    free(manifest);
}

static void spoil_by_removal(const struct fixture *fixture)
{
    struct failure why;
    assert_true(tree_remove(fixture->root, &why));
}

static void test_what_is_not_known_is_made_anew(void **state)
{
    static void (*const spoil[])(const struct fixture *fixture) = {
        spoil_nothing, spoil_by_crash, spoil_by_truncation, spoil_by_another_format,
        spoil_by_removal};
    const struct fixture *fixture = *state;
    fixture_add(fixture, "src/a");
    fixture_add(fixture, "src/b");
    for (size_t i = 0; i < sizeof spoil / sizeof spoil[0]; i++) {
        update(fixture, (words){"src/a", "1", "src/b", "1"});
        char *undeclared = fixture_path(fixture, "root/src/undeclared");
        support_write_file(undeclared, "");
        spoil[i](fixture);
        update(fixture, (words){"src/a", "1", "src/b", "1"});
        fixture_expect_names(fixture->root, "src/ src/a src/b");
        expect_real_link(fixture, "src/a", "home/src/a");
        free(undeclared);
    }
}

static void test_a_failed_update_is_forgotten(void **state)
{
    const struct fixture *fixture = *state;
    struct failure why;
    fixture_add(fixture, "src/a");
    update(fixture, (words){"src/a", "1"});
    assert_true(tree_remove(fixture->sandbox, &why));
    assert_false(try_update(fixture, (words){"src/a", "2"}, &why));
    assert_non_null(strstr(why.text, fixture->sandbox));
    // What is of no use takes no room.
    assert_int_equal(access(fixture->root, F_OK), -1);
    fixture_add(fixture, "src/a");
    fixture_make_folder(fixture, "root");
    char *undeclared = fixture_path(fixture, "root/undeclared");
    support_write_file(undeclared, "");
    update(fixture, (words){"src/a", "1"});
    fixture_expect_names(fixture->root, "src/ src/a");
    expect_real_link(fixture, "src/a", "home/src/a");
    free(undeclared);
}

// Somebody removed links: the difference does not fit, so it is made anew.
static void test_a_difference_that_does_not_fit(void **state)
{
    const struct fixture *fixture = *state;
    struct failure why;
    fixture_add(fixture, "src/a");
    fixture_add(fixture, "src/b");
    update(fixture, (words){"src/a", "1"});
    char *folder = fixture_path(fixture, "root/src");
    assert_true(tree_remove(folder, &why));
    support_write_file(folder, "a file where a folder must be");
    update(fixture, (words){"src/a", "1", "src/b", "1"});
    fixture_expect_names(fixture->root, "src/ src/a src/b");
    free(folder);
}

#define ROW(test) cmocka_unit_test_setup_teardown(test, fixture_start, fixture_stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ROW(test_links_lead_to_the_real_places),
        cmocka_unit_test_setup_teardown(test_what_is_no_absolute_link_is_linked_where_it_is,
                                        fixture_start, fixture_stop),
        ROW(test_only_the_difference_is_looked_at),
        ROW(test_without_a_difference_nothing_is_touched),
        ROW(test_any_other_digest_is_a_difference),
        ROW(test_a_file_becomes_a_folder_and_back),
        ROW(test_no_empty_folder_stays),
        ROW(test_empty_lists),
        ROW(test_names_with_odd_bytes),
        ROW(test_folders),
        ROW(test_what_would_leave_the_tree_is_refused),
        ROW(test_what_is_not_known_is_made_anew),
        ROW(test_a_failed_update_is_forgotten),
        ROW(test_a_difference_that_does_not_fit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
