#include "fixture.h"

#include "roots/input_group.h"

static void test_inputs_of_one_top_folder_are_one_group(void **state)
{
    static const struct {
        const char *path;
        size_t start; // of its group
        size_t top;
    } rows[] = {
        {"Cargo.toml", 0, 0},
        {"README", 1, 0}, // a file without a folder is alone
        {"bazel-out/k8/bin/a", 2, 10},
        {"bazel-out/k8/bin/b", 2, 10},
        {"bazel-out/k9", 2, 10},
        {"external/file", 5, 0},
        {"external/rust-std/lib", 6, 18},
        {"external/rust/bin", 7, 14},
        {"external/rust/lib/std", 7, 14},
        {"externals/rust/bin", 9, 10},
        {"src-gen/a", 10, 8},
        {"src/a", 11, 4},
        {"src/b/c", 11, 4},
    };
    enum { COUNT = sizeof rows / sizeof rows[0] };
    struct input items[COUNT];
    struct root_inputs inputs = {.sandbox = "/nowhere", .items = items, .count = COUNT};
    (void)state;
    for (size_t i = 0; i < COUNT; i++) {
        items[i] = (struct input){.path = rows[i].path};
    }
    struct input_group group;
    for (size_t i = 0; i < COUNT; i += group.count) {
        group = input_group_at(&inputs, i);
        assert_ptr_equal(group.inputs, &inputs);
        assert_int_equal(group.start, i);
        for (size_t j = i; j < i + group.count; j++) {
            assert_int_equal(rows[j].start, i);
            assert_int_equal(rows[j].top, group.top);
        }
        assert_true(i + group.count == COUNT || rows[i + group.count].start == i + group.count);
    }
}

static void test_parts_are_cut_off_the_end(void **state)
{
    static const struct {
        const char *target;
        const char *rest;
        const char *left; // NULL: there are too few parts
    } rows[] = {
        {"/top/a", "a", "/top"}, {"/top/k8/bin/a", "cfg/bin/a", "/top"}, // path mapping
        {"/a", "a", ""},         {"/b/a", "c/b/a", NULL},
        {"a", "a", NULL},        {"", "a", NULL},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char *target = mem_dup(rows[i].target);
        assert_int_equal(input_cut_parts(target, rows[i].rest), rows[i].left != NULL);
        if (rows[i].left != NULL) {
            assert_string_equal(target, rows[i].left);
        }
        free(target);
    }
}

// The place of the group that consists of this one path.
static char *place_of(const struct fixture *fixture, const char *path)
{
    struct input input = {.path = path};
    struct root_inputs inputs = {.sandbox = fixture->sandbox, .items = &input, .count = 1};
    struct input_group group = input_group_at(&inputs, 0);
    struct bytes text = {0};
    bytes_append_text(&text, "");
    input_group_append_place(&group, &text);
    return bytes_detach(&text);
}

static void expect_place(const struct fixture *fixture, const char *path, const char *expected)
{
    char *place = place_of(fixture, path);
    char *line = mem_format("%s/%s\n", fixture->top, expected);
    assert_string_equal(place, line);
    free(place);
    free(line);
}

static void test_the_place_of_a_group_is_a_real_one(void **state)
{
    const struct fixture *fixture = *state;
    fixture_add(fixture, "Cargo.toml");
    fixture_add(fixture, "bazel-out/k8/bin/a");
    fixture_add(fixture, "external/rust/bin/rustc");
    fixture_add(fixture, "src/deep/lib.rs");
    expect_place(fixture, "Cargo.toml", "execroot");
    expect_place(fixture, "bazel-out/k8/bin/a", "execroot/bazel-out");
    expect_place(fixture, "external/rust/bin/rustc", "execroot/external/rust");
    expect_place(fixture, "src/deep/lib.rs", "home/src");
}

static void test_a_folder_that_bazel_plants_elsewhere_is_another_place(void **state)
{
    const struct fixture *fixture = *state;
    char *planted = fixture_path(fixture, "execroot/src");
    char *elsewhere = fixture_path(fixture, "elsewhere");
    fixture_add(fixture, "src/lib.rs");
    fixture_link(elsewhere, planted);
    // A folder that is missing behind its link is not resolved, but it is another one.
    expect_place(fixture, "src/lib.rs", "execroot/src");
    fixture_make_folder(fixture, "elsewhere");
    expect_place(fixture, "src/lib.rs", "elsewhere");
    free(planted);
    free(elsewhere);
}

static void test_without_a_link_there_is_no_place(void **state)
{
    const struct fixture *fixture = *state;
    char *file = fixture_path(fixture, "sandbox/file");
    char *link = fixture_path(fixture, "sandbox/src/long/enough/to/be/longer");
    support_write_file(file, "");
    fixture_link("short", link);
    static const char *const paths[] = {"file", "missing", "src/long/enough/to/be/longer"};
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        char *place = place_of(fixture, paths[i]);
        assert_string_equal(place, "");
        free(place);
    }
    free(file);
    free(link);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_inputs_of_one_top_folder_are_one_group),
        cmocka_unit_test(test_parts_are_cut_off_the_end),
        cmocka_unit_test_setup_teardown(test_the_place_of_a_group_is_a_real_one, fixture_start,
                                        fixture_stop),
        cmocka_unit_test_setup_teardown(test_a_folder_that_bazel_plants_elsewhere_is_another_place,
                                        fixture_start, fixture_stop),
        cmocka_unit_test_setup_teardown(test_without_a_link_there_is_no_place, fixture_start,
                                        fixture_stop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
