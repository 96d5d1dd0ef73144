#include "support.h"

#include "process/spawn.h"

#include <sys/prctl.h>

static char *const environment[] = {"PATH=/usr/bin:/bin", NULL};

static pid_t spawn(const struct guardian *guardian, const char *script)
{
    struct failure why;
    char *argv[] = {"sh", "-c", (char *)script, NULL};
    struct spawn_spec spec = {
        .argv = argv,
        .envp = environment,
        .stdout_fd = STDERR_FILENO,
        .stderr_fd = STDERR_FILENO,
        .guardian_fd = guardian->write_fd,
    };
    pid_t pid = spawn_program(&spec, &why);
    assert_true(pid > 0);
    return pid;
}

static int start(void **state)
{
    (void)state;
    signal(SIGPIPE, SIG_IGN);
    // A process that survives keeps the waits below waiting: then this ends the test.
    alarm(60);
    // Not the worker's, which its platform may not have: this is how the test sees what is left.
    assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    assert(waitpid(-1, NULL, WNOHANG) == -1 && errno == ECHILD);
    alarm(0);
    return 0;
}

// As subreaper we inherit whatever the dead worker leaves: no child left means nothing survived.
static void await_no_process(void)
{
    while (waitpid(-1, NULL, 0) > 0) {
    }
    assert_int_equal(errno, ECHILD);
}

static const char *const family = "sleep 1000 & sleep 1000 & wait";

static void test_worker_killed_right_after_spawn_leaves_nothing(void **state)
{
    (void)state;
    for (int i = 0; i < 50; i++) {
        pid_t worker = fork();
        if (worker == 0) {
            struct guardian guardian = {0};
            struct failure why;
            guardian_start(&guardian, &why);
            spawn(&guardian, family);
            raise(SIGKILL);
        }
        await_no_process();
    }
}

_Noreturn static void spawn_for_ever(int ready_fd)
{
    struct guardian guardian = {0};
    struct failure why;
    guardian_start(&guardian, &why);
    close(ready_fd);
    for (;;) {
        spawn(&guardian, family);
    }
}

static void test_worker_killed_at_any_moment_leaves_nothing(void **state)
{
    (void)state;
    for (int i = 0; i < 50; i++) {
        int ready[2];
        char none;
        assert_int_equal(pipe(ready), 0);
        pid_t worker = fork();
        if (worker == 0) {
            close(ready[0]);
            spawn_for_ever(ready[1]);
        }
        close(ready[1]);
        assert_int_equal(read(ready[0], &none, 1), 0);
        close(ready[0]);
        uint64_t until = uv_hrtime() + (uint64_t)i * 97 * 1000;
        while (uv_hrtime() < until) {
        }
        kill(worker, SIGKILL);
        await_no_process();
    }
}

static void test_finish_kills_known_groups(void **state)
{
    (void)state;
    struct guardian guardian = {0};
    struct failure why;
    int status = 0;
    assert_true(guardian_start(&guardian, &why));
    pid_t group = spawn(&guardian, family);
    guardian_finish(&guardian);
    guardian_finish(&guardian);
    assert_int_equal(waitpid(group, &status, 0), group);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    await_no_process();
}

static void test_forgotten_group_is_left_alone(void **state)
{
    (void)state;
    struct guardian guardian = {0};
    struct failure why;
    char *dir = support_directory("/tmp");
    char *fifo = mem_format("%s/fifo", dir);
    char *script = mem_format("read word < %s; echo $word > %s", fifo, fifo);
    assert_int_equal(mkfifo(fifo, S_IRUSR | S_IWUSR), 0);
    assert_true(guardian_start(&guardian, &why));
    pid_t kept = spawn(&guardian, "exec sleep 1000");
    pid_t forgotten = spawn(&guardian, script);
    guardian_forget(&guardian, forgotten);
    guardian_finish(&guardian);
    assert_int_equal(waitpid(kept, NULL, 0), kept);
    // The guardian has killed what it kills: who still answers was not killed.
    support_write_file(fifo, "alive\n");
    support_expect_file(fifo, "alive\n");
    assert_int_equal(waitpid(forgotten, NULL, 0), forgotten);
    assert_true(tree_remove(dir, &why));
    free(script);
    free(fifo);
    free(dir);
}

static void test_failed_spawn_is_taken_back(void **state)
{
    (void)state;
    int records[2];
    struct failure why;
    char *argv[] = {"no-such-program", NULL};
    assert_int_equal(pipe(records), 0);
    struct spawn_spec spec = {
        .argv = argv,
        .envp = environment,
        .stdout_fd = STDERR_FILENO,
        .stderr_fd = STDERR_FILENO,
        .guardian_fd = records[1],
    };
    assert_int_equal(spawn_program(&spec, &why), -1);
    close(records[1]);
    pid_t told[3] = {0};
    assert_int_equal(read(records[0], told, sizeof told), 2 * sizeof told[0]);
    assert_true(told[0] > 0);
    assert_int_equal(told[1], -told[0]);
    close(records[0]);
}

static void test_guardian_keeps_nothing_and_hears_nothing(void **state)
{
    (void)state;
    struct guardian guardian = {0};
    struct failure why;
    int leak[2];
    char none;
    assert_int_equal(pipe(leak), 0);
    assert_true(guardian_start(&guardian, &why));
    close(leak[1]);
    assert_int_equal(read(leak[0], &none, 1), 0);
    close(leak[0]);
    assert_int_equal(getsid(guardian.pid), guardian.pid);
    kill(guardian.pid, SIGTERM);
    kill(guardian.pid, SIGINT);
    kill(guardian.pid, SIGHUP);
    pid_t group = spawn(&guardian, family);
    assert_int_equal(waitpid(guardian.pid, NULL, WNOHANG), 0);
    guardian_finish(&guardian);
    assert_int_equal(waitpid(group, NULL, 0), group);
    await_no_process();
}

static void test_worker_goes_on_without_its_guardian(void **state)
{
    (void)state;
    struct guardian guardian = {0};
    struct failure why;
    assert_true(guardian_start(&guardian, &why));
    kill(guardian.pid, SIGKILL);
    assert_int_equal(waitpid(guardian.pid, NULL, 0), guardian.pid);
    guardian_was_reaped(&guardian);
    pid_t group = spawn(&guardian, "exit 0");
    guardian_forget(&guardian, group);
    guardian_finish(&guardian);
    int status = -1;
    assert_int_equal(waitpid(group, &status, 0), group);
    // Not killed by the SIGPIPE of its own announcement.
    assert_int_equal(status, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_worker_killed_right_after_spawn_leaves_nothing),
        cmocka_unit_test(test_worker_killed_at_any_moment_leaves_nothing),
        cmocka_unit_test(test_finish_kills_known_groups),
        cmocka_unit_test(test_forgotten_group_is_left_alone),
        cmocka_unit_test(test_failed_spawn_is_taken_back),
        cmocka_unit_test(test_guardian_keeps_nothing_and_hears_nothing),
        cmocka_unit_test(test_worker_goes_on_without_its_guardian),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
