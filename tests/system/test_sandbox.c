#include "fixture.h"

#include "roots/sandbox.h"

static void expect_base(const char *cwd, const char *sandbox_dir, const char *expected)
{
    struct failure why = {""};
    char *base = sandbox_request_dir(cwd, sandbox_dir, &why);
    if (base == NULL) {
        fail_msg("%s", why.text);
        return;
    }
    assert_string_equal(base, expected);
    free(base);
}

static void expect_refusal(const char *cwd, const char *sandbox_dir)
{
    struct failure why = {""};
    assert_null(sandbox_request_dir(cwd, sandbox_dir, &why));
    assert_non_null(strstr(why.text, sandbox_dir));
}

static void test_without_a_sandbox_it_is_the_working_directory(void **state)
{
    (void)state;
    expect_base("/any/where", "", "/any/where"); // it is not looked at
}

static void test_a_sandbox_is_found_from_the_working_directory(void **state)
{
    const struct fixture *fixture = *state;
    fixture_add(fixture, "src/lib.rs");
    char *relative = mem_format("%s/sandbox", fixture->top);
    expect_base(fixture->top, "sandbox", relative);
    expect_base("/any/where", fixture->sandbox, fixture->sandbox);
    free(relative);
}

static void test_one_without_inputs_is_refused(void **state)
{
    const struct fixture *fixture = *state;
    expect_refusal(fixture->top, "sandbox");
    expect_refusal(fixture->top, "missing");
    fixture_add(fixture, "file");
    expect_refusal(fixture->top, "sandbox/file");
    expect_base(fixture->top, "sandbox", fixture->sandbox);
}

static void make_output_base(const struct fixture *fixture)
{
    static const char *const files[] = {"DO_NOT_BUILD_HERE", "README"};
    fixture_make_folder(fixture, "server");
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        char *path = fixture_path(fixture, files[i]);
        support_write_file(path, "/home/user/ws");
        free(path);
    }
}

static enum sandbox_kind kind_of(const struct fixture *fixture, const char *cwd,
                                 const char *sandbox_dir)
{
    char *path = fixture_path(fixture, cwd);
    enum sandbox_kind kind = sandbox_kind_of(sandbox_kind_of_cwd(path), sandbox_dir);
    free(path);
    return kind;
}

static void test_only_what_is_bazels_is_taken_for_it(void **state)
{
    static const struct {
        const char *cwd;
        const char *sandbox_dir;
        enum sandbox_kind kind;
    } rows[] = {
        {"execroot/ws", "", SANDBOX_NONE},
        {"execroot/bazel-workers", "", SANDBOX_NONE},
        {"bazel-workers/worker-1-Rustc/ws", "", SANDBOX_BAZEL},
        {"bazel-workers/Rustc-multiplex-worker-1-workdir/ws", "__sandbox/3/ws", SANDBOX_BAZEL},
        {"execroot/ws", "__sandbox/3/ws", SANDBOX_BAZEL},
        {"execroot", "", SANDBOX_FOREIGN},
        {"execroot/ws/bazel-out", "", SANDBOX_FOREIGN},
        {"execroot/ws/bazel-workers/worker-1-Rustc/ws", "", SANDBOX_FOREIGN},
        {"bazel-workers-2/worker-1-Rustc/ws", "", SANDBOX_FOREIGN},
        {"bazel-workers/worker-1-Rustc", "", SANDBOX_FOREIGN},
        {"bazel-workers/worker-1-Rustc/ws/src", "", SANDBOX_FOREIGN},
        {"sandbox/linux-sandbox/3/execroot/ws", "", SANDBOX_FOREIGN},
        {"execroot/ws", "/remote/id1/work", SANDBOX_FOREIGN},
        {"execroot/ws", "id1/work", SANDBOX_FOREIGN},
        {"execroot/ws", "__sandbox/../../ws", SANDBOX_FOREIGN},
        {"elsewhere/exec", "__sandbox/3/ws", SANDBOX_FOREIGN},
    };
    const struct fixture *fixture = *state;
    make_output_base(fixture);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (kind_of(fixture, rows[i].cwd, rows[i].sandbox_dir) != rows[i].kind) {
            fail_msg("'%s' and '%s'", rows[i].cwd, rows[i].sandbox_dir);
        }
    }
}

static void test_every_mark_of_an_output_base_counts(void **state)
{
    static const char *const marks[] = {"server", "DO_NOT_BUILD_HERE", "README"};
    const struct fixture *fixture = *state;
    for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++) {
        make_output_base(fixture);
        assert_int_equal(kind_of(fixture, "execroot/ws", ""), SANDBOX_NONE);
        char *path = fixture_path(fixture, marks[i]);
        assert_int_equal(remove(path), 0);
        free(path);
        assert_int_equal(kind_of(fixture, "execroot/ws", ""), SANDBOX_FOREIGN);
        assert_int_equal(kind_of(fixture, "bazel-workers/worker-1-Rustc/ws", ""), SANDBOX_FOREIGN);
    }
}

// The folder that a path names, else the one that it lies in; links are none.
static void test_folders_of_outputs_are_those_that_are_there(void **state)
{
    static const char *const names[] = {"bazel-out/k8/bin/app",
                                        "bazel-out/k8/dwo",
                                        "bazel-out/k8/dwo/x",
                                        "bazel-out/k8/missing/app",
                                        "bazel-out/link",
                                        "bazel-out/link/x",
                                        "missing"};
    const struct fixture *fixture = *state;
    struct strlist paths = {0};
    struct strlist folders = {0};
    char *link = fixture_path(fixture, "sandbox/bazel-out/link");
    fixture_make_folder(fixture, "sandbox/bazel-out/k8/bin");
    fixture_make_folder(fixture, "sandbox/bazel-out/k8/dwo");
    fixture_link(fixture->top, link);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        strlist_push(&paths, names[i]);
    }
    sandbox_output_folders(fixture->sandbox, &paths, &folders);
    assert_int_equal(folders.count, 3);
    assert_string_equal(folders.items[0], "bazel-out/");
    assert_string_equal(folders.items[1], "bazel-out/k8/bin/");
    assert_string_equal(folders.items[2], "bazel-out/k8/dwo/");
    free(link);
    strlist_finish(&paths);
    strlist_finish(&folders);
}

static void test_what_sandboxes_stand_for(void **state)
{
    static const struct {
        const char *cwd;
        enum sandbox_kind kind;
        const char *execroot;
    } rows[] = {
        {"/base/execroot/ws", SANDBOX_NONE, "/base/execroot/ws"},
        {"/base/bazel-workers/worker-1-Rustc/ws", SANDBOX_BAZEL, "/base/execroot/ws"},
        {"/elsewhere/ws", SANDBOX_FOREIGN, ""},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char *execroot = sandbox_execroot(rows[i].cwd, rows[i].kind);
        assert_string_equal(execroot == NULL ? "" : execroot, rows[i].execroot);
        free(execroot);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_without_a_sandbox_it_is_the_working_directory),
        cmocka_unit_test_setup_teardown(test_a_sandbox_is_found_from_the_working_directory,
                                        fixture_start, fixture_stop),
        cmocka_unit_test_setup_teardown(test_one_without_inputs_is_refused, fixture_start,
                                        fixture_stop),
        cmocka_unit_test_setup_teardown(test_only_what_is_bazels_is_taken_for_it, fixture_start,
                                        fixture_stop),
        cmocka_unit_test_setup_teardown(test_every_mark_of_an_output_base_counts, fixture_start,
                                        fixture_stop),
        cmocka_unit_test_setup_teardown(test_folders_of_outputs_are_those_that_are_there,
                                        fixture_start, fixture_stop),
        cmocka_unit_test(test_what_sandboxes_stand_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
