#include "support.h"

#include "process/stdio.h"

enum { PASSED = 42 };

// Runs in a process of its own, whose stdin and stdout are pipes of the test.
static void use_taken_stdio(void)
{
    struct failure why;
    int in_fd = -1;
    int out_fd = -1;
    char text[8] = {0};
    bool ok = stdio_take(&in_fd, &out_fd, &why) && in_fd > STDERR_FILENO && out_fd > STDERR_FILENO;
    ok = ok && (fcntl(in_fd, F_GETFD) & FD_CLOEXEC) && (fcntl(out_fd, F_GETFD) & FD_CLOEXEC);
    ok = ok && read(STDIN_FILENO, text, sizeof text) == 0;
    ok = ok && read(in_fd, text, sizeof text) == 2 && strcmp(text, "in") == 0;
    ok = ok && write(STDOUT_FILENO, "stray", 5) == 5 && write(out_fd, "out", 3) == 3;
    _exit(ok ? PASSED : 1);
}

static void expect_exit(pid_t pid)
{
    int status = 0;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == PASSED);
}

static void expect_bytes(int fd, const char *expected)
{
    char text[16] = {0};
    assert_int_equal(read(fd, text, sizeof text - 1), (ssize_t)strlen(expected));
    assert_string_equal(text, expected);
}

static void test_only_responses_reach_stdout(void **state)
{
    (void)state;
    int in[2] = {-1, -1};
    int out[2] = {-1, -1};
    int err[2] = {-1, -1};
    assert_true(pipe(in) == 0 && pipe(out) == 0 && pipe(err) == 0);
    pid_t pid = fork();
    if (pid == 0) {
        dup2(in[0], STDIN_FILENO);
        dup2(out[1], STDOUT_FILENO);
        dup2(err[1], STDERR_FILENO);
        use_taken_stdio();
    }
    assert_int_equal(write(in[1], "in", 2), 2);
    expect_exit(pid);
    expect_bytes(out[0], "out");
    expect_bytes(err[0], "stray");
    for (int i = 0; i < 2; i++) {
        close(in[i]);
        close(out[i]);
        close(err[i]);
    }
}

static void test_closed_descriptors_are_filled(void **state)
{
    (void)state;
    pid_t pid = fork();
    if (pid == 0) {
        struct failure why;
        int in_fd = -1;
        int out_fd = -1;
        platform_close_from(0);
        bool ok = stdio_take(&in_fd, &out_fd, &why) && in_fd > STDERR_FILENO;
        ok = ok && out_fd > STDERR_FILENO && write(STDOUT_FILENO, "x", 1) == 1;
        ok = ok && write(STDERR_FILENO, "x", 1) == 1 && open("/dev/null", O_RDONLY) == out_fd + 1;
        _exit(ok ? PASSED : 1);
    }
    expect_exit(pid);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_only_responses_reach_stdout),
        cmocka_unit_test(test_closed_descriptors_are_filled),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
