#include "stage.h"

#include "io/sandbox.h"

static void expect_base(const char *cwd, const char *sandbox_dir, const char *expected)
{
    struct failure why = {""};
    char *base = sandbox_base_dir(cwd, sandbox_dir, &why);
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
    assert_null(sandbox_base_dir(cwd, sandbox_dir, &why));
    assert_non_null(strstr(why.text, sandbox_dir));
}

static void test_without_a_sandbox_it_is_the_working_directory(void **state)
{
    (void)state;
    expect_base("/any/where", "", "/any/where"); // it is not looked at
}

static void test_a_sandbox_is_found_from_the_working_directory(void **state)
{
    const struct stage *stage = *state;
    stage_add(stage, "src/lib.rs");
    char *relative = mem_format("%s/sandbox", stage->top);
    expect_base(stage->top, "sandbox", relative);
    expect_base("/any/where", stage->sandbox, stage->sandbox);
    free(relative);
}

static void test_one_without_inputs_is_refused(void **state)
{
    const struct stage *stage = *state;
    expect_refusal(stage->top, "sandbox");
    expect_refusal(stage->top, "missing");
    stage_add(stage, "file");
    expect_refusal(stage->top, "sandbox/file");
    expect_base(stage->top, "sandbox", stage->sandbox);
}

static void test_which_directories_are_reused(void **state)
{
    static const struct {
        const char *cwd;
        const char *sandbox_dir;
        bool is_reused;
    } rows[] = {
        {"/base/execroot/ws", "", false},
        {"/base/execroot/bazel-workers", "", false},
        {"/base/bazel-workers-2/execroot/ws", "", false},
        {"/base/bazel-workers/worker-1-Rustc/ws", "", true},
        {"/base/bazel-workers/Rustc-multiplex-worker-1-workdir/ws", "__sandbox/3/ws", true},
        {"/base/execroot/ws", "__sandbox/3/ws", true},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_int_equal(sandbox_is_reused(rows[i].cwd, rows[i].sandbox_dir), rows[i].is_reused);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_without_a_sandbox_it_is_the_working_directory),
        cmocka_unit_test_setup_teardown(test_a_sandbox_is_found_from_the_working_directory,
                                        stage_start, stage_stop),
        cmocka_unit_test_setup_teardown(test_one_without_inputs_is_refused, stage_start,
                                        stage_stop),
        cmocka_unit_test(test_which_directories_are_reused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
