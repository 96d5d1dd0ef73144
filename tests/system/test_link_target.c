#include "fixture.h"

#include "base/file.h"
#include "roots/link_target.h"

enum { PASSED = 42 };

// Deep enough that a target is too long for an inode, and a name too.
static const char deep[] = "0123456789abcdef0123456789abcdef0123456789abcdef/"
                           "0123456789abcdef0123456789abcdef0123456789abcdef/";

// An execroot with a top folder whose files have long real paths.
static void plant_far(const struct fixture *fixture)
{
    char *far = mem_format("%s/%sfar", fixture->top, deep);
    char *planted = fixture_path(fixture, "execroot/far");
    struct failure why;
    assert_true(tree_make(far, S_IRWXU, &why));
    fixture_link(far, planted);
    free(planted);
    free(far);
}

static char *target_of(const struct fixture *fixture, const char *name)
{
    struct link_targets targets;
    struct failure why = {""};
    if (!link_targets_init(&targets, fixture->sandbox, fixture->root, &why)) {
        fail_msg("%s", why.text);
    }
    char *target = link_targets_of(&targets, name, NULL);
    link_targets_finish(&targets);
    return target;
}

// Makes the link, and sees that it leads to the input.
static void expect_leads(const struct fixture *fixture, const char *name, const char *target)
{
    char *link = mem_format("%s/%s", fixture->root, name);
    fixture_link(target, link);
    support_expect_file(link, name);
    free(link);
}

static void test_a_short_one_is_the_real_place(void **state)
{
    const struct fixture *fixture = *state;
    fixture_add(fixture, "src/a");
    char *target = target_of(fixture, "src/a");
    char *real = fixture_path(fixture, "home/src/a");
    assert_string_equal(target, real);
    char *tops = fixture_path(fixture, "root.tops");
    assert_int_equal(access(tops, F_OK), -1);
    free(tops);
    free(real);
    free(target);
}

static void test_a_long_one_goes_through_the_top_folder(void **state)
{
    const struct fixture *fixture = *state;
    const char *const names[] = {"far/a", "far/deep/er/b"};
    plant_far(fixture);
    for (size_t i = 0; i < 2; i++) {
        fixture_add(fixture, names[i]);
        char *target = target_of(fixture, names[i]);
        assert_in_range(strlen(target), 1, LINK_TARGET_SHORT_MAX);
        assert_int_equal(strncmp(target, "../", 3), 0);
        expect_leads(fixture, names[i], target);
        free(target);
    }
}

static void test_what_was_put_beside_the_tree_is_removed(void **state)
{
    const struct fixture *fixture = *state;
    struct failure why;
    plant_far(fixture);
    fixture_add(fixture, "far/a");
    free(target_of(fixture, "far/a"));
    char *tops = fixture_path(fixture, "root.tops");
    assert_int_equal(access(tops, F_OK), 0);
    assert_true(link_targets_remove(fixture->root, &why));
    assert_int_equal(access(tops, F_OK), -1);
    assert_true(link_targets_remove(fixture->root, &why));
    free(tops);
}

// Two folders whose short names are the same, or somebody meddled: then the long one is used.
static void test_a_short_name_that_leads_elsewhere_is_not_used(void **state)
{
    const struct fixture *fixture = *state;
    plant_far(fixture);
    fixture_add(fixture, "far/a");
    char *target = target_of(fixture, "far/a");
    char *shortcut = mem_format("%s%.*s", fixture->top, (int)(strlen(target) - strlen("../../a")),
                                target + strlen("../.."));
    char *elsewhere = fixture_path(fixture, "elsewhere");
    fixture_link(elsewhere, shortcut);
    free(target);
    target = target_of(fixture, "far/a");
    assert_int_equal(target[0], '/');
    fixture_make_folder(fixture, "root");
    expect_leads(fixture, "far/a", target);
    free(elsewhere);
    free(shortcut);
    free(target);
}

// Each row's link leads there, below the top; the pass goes over all of them.
static void test_of_an_external_folder_one_link_is_read(void **state)
{
    static const struct {
        const char *name;
        const char *link; // NULL: there is none
        const char *target;
    } rows[] = {
        {"external/repo/a", "execroot/external/repo/a", "execroot/external/repo/a"},
        {"external/repo/b", NULL, "execroot/external/repo/b"},
        {"external/repo/c/d", "other/external/repo/c/d", "other/external/repo/c/d"},
        {"external/repo/c/e", NULL, "other/external/repo/c/e"},
        {"external/repo/f", "cas/0123", "cas/0123"}, // the folder before was another one
        {"external/repo/g", "cas/4567", "cas/4567"},
        {"external/repp/a", "execroot/external/repp/a", "execroot/external/repp/a"},
        {"out/x/a", "execroot/out/x/a", "execroot/out/x/a"},
        {"out/x/b", "elsewhere/out/x/b", "elsewhere/out/x/b"},
    };
    const struct fixture *fixture = *state;
    struct link_targets targets;
    struct failure why;
    assert_true(link_targets_init(&targets, fixture->sandbox, fixture->root, &why));
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (rows[i].link != NULL) {
            char *link = path_join(fixture->sandbox, rows[i].name);
            char *to = fixture_path(fixture, rows[i].link);
            fixture_link(to, link);
            free(to);
            free(link);
        }
        char *found = link_targets_of(&targets, rows[i].name, NULL);
        char *expected = fixture_path(fixture, rows[i].target);
        assert_string_equal(found, expected);
        free(expected);
        free(found);
    }
    link_targets_finish(&targets);
}

static void test_a_sandbox_that_is_not_there(void **state)
{
    const struct fixture *fixture = *state;
    struct link_targets targets;
    struct failure why = {""};
    assert_false(link_targets_init(&targets, "/nowhere", fixture->root, &why));
    assert_non_null(strstr(why.text, "/nowhere"));
}

#define ROW(test) cmocka_unit_test_setup_teardown(test, fixture_start, fixture_stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ROW(test_a_short_one_is_the_real_place),
        ROW(test_a_long_one_goes_through_the_top_folder),
        ROW(test_what_was_put_beside_the_tree_is_removed),
        ROW(test_a_short_name_that_leads_elsewhere_is_not_used),
        ROW(test_of_an_external_folder_one_link_is_read),
        ROW(test_a_sandbox_that_is_not_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
