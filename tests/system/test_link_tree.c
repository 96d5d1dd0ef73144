#include "link_words.h"

static void remove_manifest(const struct stage *stage)
{
    char *manifest = stage_path(stage, "root.manifest");
    assert_int_equal(unlink(manifest), 0);
    free(manifest);
}

// Of each input its place, and nothing beside them.
static void test_links_lead_to_the_real_places(void **state)
{
    const struct stage *stage = *state;
    stage_add(stage, "Cargo.toml");
    stage_add(stage, "bazel-out/k8/bin/gen.rs");
    stage_add(stage, "src/deep/er/mod.rs");
    stage_add(stage, "src/lib.rs");
    stage_add(stage, "src/undeclared.rs");
    update(stage, (words){"Cargo.toml", "1", "bazel-out/k8/bin/gen.rs", "1", "src/deep/er/mod.rs",
                          "1", "src/lib.rs", "1"});
    stage_expect_names(stage->root, "Cargo.toml bazel-out/ bazel-out/k8/ bazel-out/k8/bin/ "
                                    "bazel-out/k8/bin/gen.rs src/ src/deep/ src/deep/er/ "
                                    "src/deep/er/mod.rs src/lib.rs");
    expect_real_link(stage, "Cargo.toml", "execroot/Cargo.toml");
    expect_real_link(stage, "bazel-out/k8/bin/gen.rs", "execroot/bazel-out/k8/bin/gen.rs");
    expect_real_link(stage, "src/deep/er/mod.rs", "home/src/deep/er/mod.rs");
    expect_real_link(stage, "src/lib.rs", "home/src/lib.rs");
    // They lead there also when the sandbox and the execroot's own links are gone.
    char *planted = stage_path(stage, "execroot/src");
    char *late = stage_path(stage, "root/src/lib.rs");
    stage_empty_sandbox(stage);
    assert_int_equal(unlink(planted), 0);
    support_expect_file(late, "src/lib.rs");
    free(planted);
    free(late);
}

static void test_what_is_no_absolute_link_is_linked_where_it_is(void **state)
{
    const struct stage *stage = *state;
    char *file = stage_path(stage, "sandbox/file");
    char *link = stage_path(stage, "sandbox/link");
    support_write_file(file, "text");
    stage_link("file", link);
    update(stage, (words){"file", "1", "link", "1", "missing", "1"});
    expect_real_link(stage, "file", "sandbox/file");
    expect_real_link(stage, "link", "sandbox/link");
    expect_real_link(stage, "missing", "sandbox/missing");
    free(file);
    free(link);
}

static void test_only_the_difference_is_looked_at(void **state)
{
    const struct stage *stage = *state;
    stage_add(stage, "src/a");
    stage_add(stage, "src/changed");
    stage_add(stage, "src/removed");
    stage_add(stage, "src/z");
    update(stage, (words){"src/a", "1", "src/changed", "1", "src/removed", "1", "src/z", "1"});
    ino_t a = stage_inode(stage->root, "src/a");
    ino_t z = stage_inode(stage->root, "src/z");
    stage_empty_sandbox(stage);
    stage_add(stage, "src/added");
    stage_add(stage, "src/changed");
    update(stage, (words){"src/a", "1", "src/added", "1", "src/changed", "2", "src/z", "1"});
    stage_expect_names(stage->root, "src/ src/a src/added src/changed src/z");
    assert_int_equal(stage_inode(stage->root, "src/a"), a);
    assert_int_equal(stage_inode(stage->root, "src/z"), z);
    expect_real_link(stage, "src/added", "home/src/added");
    expect_real_link(stage, "src/changed", "home/src/changed");
}

static void test_without_a_difference_nothing_is_touched(void **state)
{
    const struct stage *stage = *state;
    struct failure why;
    stage_add(stage, "src/a");
    update(stage, (words){"src/a", "1"});
    ino_t link = stage_inode(stage->root, "src/a");
    ino_t manifest = stage_inode(stage->top, "root.manifest");
    assert_true(tree_remove(stage->sandbox, &why));
    update(stage, (words){"src/a", "1"});
    assert_int_equal(stage_inode(stage->root, "src/a"), link);
    assert_int_equal(stage_inode(stage->top, "root.manifest"), manifest);
}

// Stamps of one length, and one that the other starts with.
static void test_any_other_digest_is_a_difference(void **state)
{
    static const char *const stamps[] = {"aa", "ab", "a", "aa", ""};
    const struct stage *stage = *state;
    char *file = mem_format("%s/src/a", stage->sandbox);
    stage_add(stage, "src/a");
    update(stage, (words){"src/a", "first"});
    for (size_t i = 0; i < sizeof stamps / sizeof stamps[0]; i++) {
        char *target = mem_format("%s/execroot/src/%zu", stage->top, i);
        char *real = mem_format("home/src/%zu", i);
        stage_link(target, file);
        update(stage, (words){"src/a", stamps[i]});
        expect_real_link(stage, "src/a", real);
        free(real);
        free(target);
    }
    free(file);
}

static void test_a_file_becomes_a_folder_and_back(void **state)
{
    const struct stage *stage = *state;
    stage_add(stage, "src/other");
    stage_add(stage, "src/x");
    update(stage, (words){"src/other", "1", "src/x", "1"});
    ino_t other = stage_inode(stage->root, "src/other");
    char *file = stage_path(stage, "home/src/x");
    assert_int_equal(unlink(file), 0);
    stage_empty_sandbox(stage);
    stage_add(stage, "src/x/y");
    update(stage, (words){"src/other", "1", "src/x/y", "1"});
    stage_expect_names(stage->root, "src/ src/other src/x/ src/x/y");
    expect_real_link(stage, "src/x/y", "home/src/x/y");
    stage_empty_sandbox(stage);
    struct failure why;
    assert_true(tree_remove(file, &why));
    stage_add(stage, "src/x");
    update(stage, (words){"src/other", "1", "src/x", "1"});
    stage_expect_names(stage->root, "src/ src/other src/x");
    expect_real_link(stage, "src/x", "home/src/x");
    assert_int_equal(stage_inode(stage->root, "src/other"), other); // still by difference
    free(file);
}

// A folder that is empty now was not declared: a macro that lists folders would see it.
static void test_no_empty_folder_stays(void **state)
{
    const struct stage *stage = *state;
    stage_add(stage, "src/a/b/c/file");
    stage_add(stage, "src/a/file");
    update(stage, (words){"src/a/b/c/file", "1", "src/a/file", "1"});
    update(stage, (words){"src/a/file", "1"});
    stage_expect_names(stage->root, "src/ src/a/ src/a/file");
    update(stage, (words){NULL});
    stage_expect_names(stage->root, "");
}

static void test_empty_lists(void **state)
{
    const struct stage *stage = *state;
    update(stage, (words){NULL});
    stage_expect_names(stage->root, "");
    update(stage, (words){NULL});
    stage_add(stage, "src/a");
    update(stage, (words){"src/a", "1"});
    update(stage, (words){NULL});
    stage_expect_names(stage->root, "");
}

static void test_names_with_odd_bytes(void **state)
{
    const struct stage *stage = *state;
    stage_add(stage, "src/ ");
    stage_add(stage, "src/%s\\\"'\n");
    stage_add(stage, "src/-rf");
    stage_add(stage, "src/\xff\x01");
    for (int i = 0; i < 2; i++) { // the second time from its manifest
        update(stage, (words){"src/ ", "1", "src/%s\\\"'\n", "1", "src/-rf", "1", "src/\xff\x01",
                              i == 0 ? "1" : "2"});
        stage_expect_names(stage->root, "src/ src/  src/%s\\\"'\n src/-rf src/\xff\x01");
        expect_real_link(stage, "src/%s\\\"'\n", "home/src/%s\\\"'\n");
        expect_real_link(stage, "src/\xff\x01", "home/src/\xff\x01");
    }
}

// For outputs: they stay when nothing is in them.
static void test_folders(void **state)
{
    const struct stage *stage = *state;
    stage_add(stage, "src/a");
    stage_add(stage, "src/out/b");
    update(stage, (words){"bin/deep/", "", "src/a", "1", "src/out/", "", "src/out/b", "1"});
    stage_expect_names(stage->root, "bin/ bin/deep/ src/ src/a src/out/ src/out/b");
    update(stage, (words){"bin/deep/", "", "src/a", "1", "src/out/", ""});
    stage_expect_names(stage->root, "bin/ bin/deep/ src/ src/a src/out/");
    update(stage, (words){"src/a", "1", "src/new/", ""});
    stage_expect_names(stage->root, "src/ src/a src/new/");
    update(stage, (words){"src/a", "1", "src/new/one/", ""});
    stage_expect_names(stage->root, "src/ src/a src/new/ src/new/one/");
}

static void test_what_would_leave_the_tree_is_refused(void **state)
{
    static const char *const names[] = {"..",     "../x", "/missing/x", "src/../../x", "src/..",
                                        "src//x", "./x",  "src/./x",    "/",           ""};
    const struct stage *stage = *state;
    struct failure why;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        assert_false(try_update(stage, (words){names[i], "1"}, &why));
        char *named = mem_format("'%s'", names[i]);
        assert_non_null(strstr(why.text, named));
        free(named);
        assert_int_equal(access(stage->root, F_OK), -1);
    }
    stage_expect_names(stage->top, "execroot/ execroot/src home/ home/src/ sandbox/");
}

// --- What nobody can rely on

static void spoil_nothing(const struct stage *stage)
{
    link_tree_distrust(stage->root);
    link_tree_distrust(stage->root);
}

// A process died while it changed links.
static void spoil_by_crash(const struct stage *stage)
{
    char *link = stage_path(stage, "root/src/b");
    remove_manifest(stage);
    assert_int_equal(unlink(link), 0);
    free(link);
}

static void spoil_by_truncation(const struct stage *stage)
{
    struct stat info;
    char *manifest = stage_path(stage, "root.manifest");
    assert_int_equal(stat(manifest, &info), 0);
    assert_int_equal(truncate(manifest, info.st_size - 1), 0);
    free(manifest);
}

static void spoil_by_another_format(const struct stage *stage)
{
    char *manifest = stage_path(stage, "root.manifest");
    support_write_file(manifest, "rustc-relay manifest 3\nend\n");
    free(manifest);
}

static void spoil_by_removal(const struct stage *stage)
{
    struct failure why;
    assert_true(tree_remove(stage->root, &why));
}

static void test_what_is_not_known_is_made_anew(void **state)
{
    static void (*const spoil[])(const struct stage *stage) = {
        spoil_nothing, spoil_by_crash, spoil_by_truncation, spoil_by_another_format,
        spoil_by_removal};
    const struct stage *stage = *state;
    stage_add(stage, "src/a");
    stage_add(stage, "src/b");
    for (size_t i = 0; i < sizeof spoil / sizeof spoil[0]; i++) {
        update(stage, (words){"src/a", "1", "src/b", "1"});
        char *undeclared = stage_path(stage, "root/src/undeclared");
        support_write_file(undeclared, "");
        spoil[i](stage);
        update(stage, (words){"src/a", "1", "src/b", "1"});
        stage_expect_names(stage->root, "src/ src/a src/b");
        expect_real_link(stage, "src/a", "home/src/a");
        free(undeclared);
    }
}

static void test_a_failed_update_is_forgotten(void **state)
{
    const struct stage *stage = *state;
    struct failure why;
    stage_add(stage, "src/a");
    update(stage, (words){"src/a", "1"});
    assert_true(tree_remove(stage->sandbox, &why));
    assert_false(try_update(stage, (words){"src/a", "2"}, &why));
    assert_non_null(strstr(why.text, stage->sandbox));
    // What is of no use takes no room.
    assert_int_equal(access(stage->root, F_OK), -1);
    stage_add(stage, "src/a");
    stage_make_folder(stage, "root");
    char *undeclared = stage_path(stage, "root/undeclared");
    support_write_file(undeclared, "");
    update(stage, (words){"src/a", "1"});
    stage_expect_names(stage->root, "src/ src/a");
    expect_real_link(stage, "src/a", "home/src/a");
    free(undeclared);
}

// Somebody removed links: the difference does not fit, so it is made anew.
static void test_a_difference_that_does_not_fit(void **state)
{
    const struct stage *stage = *state;
    struct failure why;
    stage_add(stage, "src/a");
    stage_add(stage, "src/b");
    update(stage, (words){"src/a", "1"});
    char *folder = stage_path(stage, "root/src");
    assert_true(tree_remove(folder, &why));
    support_write_file(folder, "a file where a folder must be");
    update(stage, (words){"src/a", "1", "src/b", "1"});
    stage_expect_names(stage->root, "src/ src/a src/b");
    free(folder);
}

#define ROW(test) cmocka_unit_test_setup_teardown(test, stage_start, stage_stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ROW(test_links_lead_to_the_real_places),
        cmocka_unit_test_setup_teardown(test_what_is_no_absolute_link_is_linked_where_it_is,
                                        stage_start, stage_stop),
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
