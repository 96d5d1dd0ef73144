// Variables that name a make jobserver, alive or not.
#include "support.h"

#include "process/inherited_env.h"

static void expect(char *variable, bool with_jobserver, bool is_passed)
{
    char *variables[] = {"A=1", variable, "B=--jobserver-auth=0,0", NULL};
    struct strlist env = {0};
    inherited_env(variables, with_jobserver, &env);
    if (env.count != (is_passed ? 3U : 2U)) {
        fail_msg("'%s' is %s", variable, is_passed ? "left out" : "passed");
    }
    assert_string_equal(env.items[0], "A=1");
    assert_string_equal(env.items[env.count - 1], "B=--jobserver-auth=0,0");
    strlist_finish(&env);
}

static void expect_alive(bool is_alive, const char *name, const char *format, int a, int b)
{
    char place[128];
    snprintf(place, sizeof place, format, a, b);
    char *variable = mem_format("%s=%s", name, place);
    expect(variable, true, is_alive);
    expect(variable, false, false);
    free(variable);
}

static void test_flags_without_a_jobserver_are_passed(void **state)
{
    (void)state;
    expect("MAKEFLAGS=-k -j4", true, true);
    expect("MAKEFLAGS=-k -j4", false, true);
    expect("CARGO_MAKEFLAGS=", false, true);
    expect("XMAKEFLAGS=--jobserver-auth=77,78", true, true);
}

static void test_descriptors(void **state)
{
    (void)state;
    static const char *const names[] = {"CARGO_MAKEFLAGS", "MAKEFLAGS", "MFLAGS"};
    int fds[2];
    assert_int_equal(pipe(fds), 0);
    int file = open("/dev/null", O_RDWR);
    for (size_t i = 0; i < 3; i++) {
        expect_alive(true, names[i], "-j --jobserver-auth=%d,%d", fds[0], fds[1]);
        expect_alive(true, names[i], "--jobserver-fds=9999,9999 --jobserver-auth=%d,%d -w", fds[0],
                     fds[1]);
        expect_alive(true, names[i], "-j --jobserver-fds=%d,%d", fds[0], fds[1]);
        expect_alive(false, names[i], "-j --jobserver-auth=%d,%d", fds[1], fds[0]);
        expect_alive(false, names[i], "-j --jobserver-auth=%d,%d", fds[0], file);
        expect_alive(false, names[i], "-j --jobserver-auth=%d,%d", file, file);
        expect_alive(false, names[i], "-j --jobserver-auth=%d,%d", 9998, 9999);
        expect_alive(false, names[i], "-j --jobserver-auth=%d,%d", -2, -2);
    }
    expect("MAKEFLAGS=--jobserver-auth=", true, false);
    expect("MAKEFLAGS=--jobserver-auth=x", true, false);
    close(file);
    close(fds[0]);
    close(fds[1]);
}

static void test_a_fifo(void **state)
{
    struct bench *bench = *state;
    char *fifo = support_path(bench, "fifo");
    char *file = support_path(bench, "file");
    assert_int_equal(mkfifo(fifo, S_IRUSR | S_IWUSR), 0);
    close(open(file, O_WRONLY | O_CREAT, S_IRUSR | S_IWUSR));
    char *alive = mem_format("CARGO_MAKEFLAGS=-j4 --jobserver-auth=fifo:%s -w", fifo);
    char *dead = mem_format("CARGO_MAKEFLAGS=-j4 --jobserver-auth=fifo:%s-no", fifo);
    char *none = mem_format("CARGO_MAKEFLAGS=-j4 --jobserver-auth=fifo:%s", file);
    expect(alive, true, true);
    expect(alive, false, false);
    expect(dead, true, false);
    expect(none, true, false);
    free(none);
    free(dead);
    free(alive);
    free(file);
    free(fifo);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_flags_without_a_jobserver_are_passed),
        cmocka_unit_test(test_descriptors),
        cmocka_unit_test_setup_teardown(test_a_fifo, bench_start, bench_stop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
