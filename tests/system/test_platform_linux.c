// What only Linux has, and no other test looks at.
#include "support.h"

#include "process/spawn.h"

static int start(void **state)
{
    struct failure why;
    (void)state;
    alarm(60);
    assert_true(platform_become_subreaper(&why));
    return 0;
}

static void await_no_process(void)
{
    while (waitpid(-1, NULL, 0) > 0) {
    }
    assert_int_equal(errno, ECHILD);
}

// Started without a word to the guardian: only PR_SET_PDEATHSIG is left, and it takes the leader.
static void test_without_a_guardian_the_leader_still_dies(void **state)
{
    (void)state;
    pid_t worker = fork();
    if (worker == 0) {
        struct failure why;
        char *argv[] = {"sleep", "1000", NULL};
        char *envp[] = {NULL};
        struct spawn_spec spec = {.argv = argv,
                                  .envp = envp,
                                  .stdout_fd = STDERR_FILENO,
                                  .stderr_fd = STDERR_FILENO,
                                  .guardian_fd = -1};
        spawn_program(&spec, &why);
        raise(SIGKILL);
    }
    await_no_process();
}

static char *read_proc(pid_t pid, const char *name)
{
    char *path = mem_format("/proc/%ld/%s", (long)pid, name);
    char *text = support_read_file(path);
    free(path);
    assert_non_null(text);
    return text;
}

static void await_name(pid_t pid, const char *expected)
{
    bool named = false;
    while (!named) {
        char *name = read_proc(pid, "comm");
        named = strcmp(name, expected) == 0;
        free(name);
    }
}

static void test_the_guardian_has_a_name(void **state)
{
    (void)state;
    struct guardian guardian = {0};
    struct failure why;
    assert_true(guardian_start(&guardian, &why));
    await_name(guardian.pid, "relay-guardian\n");
    guardian_finish(&guardian);
}

static void test_a_descriptor_has_a_path(void **state)
{
    (void)state;
    struct failure why;
    char *dir = support_directory("/tmp");
    char *blank = mem_format("%s/a b", dir);
    support_write_file(blank, "text");
    int fd = open(blank, O_RDONLY | O_CLOEXEC);
    char *path = platform_fd_path(fd);
    assert_null(strchr(path, ' '));
    support_expect_file(path, "text");
    close(fd);
    assert_true(tree_remove(dir, &why));
    free(path);
    free(blank);
    free(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_without_a_guardian_the_leader_still_dies),
        cmocka_unit_test(test_the_guardian_has_a_name),
        cmocka_unit_test(test_a_descriptor_has_a_path),
    };
    return cmocka_run_group_tests(tests, start, NULL);
}
