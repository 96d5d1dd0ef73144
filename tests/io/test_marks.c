#include "support.h"

#include "io/marks.h"

static char *const environment[] = {"PATH=/usr/bin:/bin", NULL};

static int start(void **state)
{
    struct failure why;
    (void)state;
    alarm(60);
    assert_true(platform_become_subreaper(&why));
    return 0;
}

static int stop(void **state)
{
    (void)state;
    assert(waitpid(-1, NULL, WNOHANG) == -1 && errno == ECHILD);
    alarm(0);
    return 0;
}

// Starts a script, and returns when it has written something, or is dead.
static pid_t spawn(uint64_t mark, const char *script)
{
    int told[2];
    char none[16];
    struct failure why;
    char *argv[] = {"sh", "-c", (char *)script, NULL};
    assert_int_equal(pipe(told), 0);
    struct platform_spawn_spec spec = {
        .argv = argv,
        .envp = environment,
        .stdout_fd = told[1],
        .stderr_fd = STDERR_FILENO,
        .guardian_fd = -1,
        .mark = mark,
    };
    fcntl(told[0], F_SETFD, FD_CLOEXEC);
    fcntl(told[1], F_SETFD, FD_CLOEXEC);
    pid_t pid = platform_spawn(&spec, &why);
    assert_true(pid > 0);
    close(told[1]);
    assert_true(read(told[0], none, sizeof none) > 0);
    close(told[0]);
    return pid;
}

static void reap_all(void)
{
    while (waitpid(-1, NULL, 0) > 0) {
    }
    assert_int_equal(errno, ECHILD);
}

static void test_marks_differ(void **state)
{
    (void)state;
    struct marks one;
    struct marks other;
    marks_init(&one);
    marks_init(&other);
    uint64_t first = marks_next(&one);
    assert_int_equal(marks_next(&one), first + 1);
    assert_true(other.first + MARKS_COUNT <= one.first || one.first + MARKS_COUNT <= other.first);
    one.given = MARKS_COUNT;
    assert_int_equal(marks_next(&one), first);
}

static void test_zeroed_marks_are_none(void **state)
{
    (void)state;
    struct marks none = {0};
    assert_int_equal(marks_next(&none), 0);
    uint64_t mark = 0;
    pid_t pid = spawn(marks_next(&none), "echo ready; exec sleep 1000");
    assert_false(platform_mark_of(pid, &mark));
    assert_int_equal(marks_kill(&none, NULL, NULL), 0);
    assert_int_equal(waitpid(pid, NULL, WNOHANG), 0);
    kill(pid, SIGKILL);
    reap_all();
}

static void test_a_mark_is_what_the_program_was_started_with(void **state)
{
    (void)state;
    struct marks marks;
    marks_init(&marks);
    uint64_t given = marks_next(&marks);
    uint64_t mark = 0;
    pid_t pid = spawn(given, "echo ready; exec sleep 1000");
    assert_true(platform_mark_of(pid, &mark));
    assert_int_equal(mark, given);
    assert_false(platform_mark_of(getpid(), &mark));
    kill(pid, SIGKILL);
    reap_all();
    assert_false(platform_mark_of(pid, &mark));
    assert_int_equal(errno, ESRCH);
}

// What a daemon does: a session of its own, no parent, no environment, no files.
static const char *const daemons =
    "env -i setsid -f sh -c 'exec setsid -f sleep 1000' <&- 2>&-; exec setsid sh -c 'echo ready; "
    "exec sleep 1000'";

static void test_all_who_came_of_it_are_killed(void **state)
{
    (void)state;
    struct marks marks;
    marks_init(&marks);
    spawn(marks_next(&marks), daemons);
    spawn(marks_next(&marks), daemons);
    assert_true(marks_kill(&marks, NULL, NULL) >= 4);
    reap_all();
    assert_int_equal(marks_kill(&marks, NULL, NULL), 0);
}

static bool is_it(void *context, uint64_t mark)
{
    return mark == *(const uint64_t *)context;
}

static void test_only_the_chosen_are_killed(void **state)
{
    (void)state;
    struct marks marks;
    struct marks others;
    marks_init(&marks);
    marks_init(&others);
    uint64_t chosen = marks_next(&marks);
    pid_t dead = spawn(chosen, "echo ready; exec sleep 1000");
    pid_t same_worker = spawn(marks_next(&marks), "echo ready; exec sleep 1000");
    pid_t other_worker = spawn(marks_next(&others), "echo ready; exec sleep 1000");
    assert_int_equal(marks_kill(&marks, is_it, &chosen), 1);
    assert_int_equal(waitpid(dead, NULL, 0), dead);
    assert_int_equal(waitpid(same_worker, NULL, WNOHANG), 0);
    assert_int_equal(marks_kill(&marks, NULL, NULL), 1);
    assert_int_equal(waitpid(same_worker, NULL, 0), same_worker);
    assert_int_equal(waitpid(other_worker, NULL, WNOHANG), 0);
    assert_int_equal(marks_kill(&others, NULL, NULL), 1);
    reap_all();
}

// Somebody new whenever we look: each is dead at once, and has a child.
static void test_who_forks_all_the_time_is_caught(void **state)
{
    (void)state;
    struct marks marks;
    marks_init(&marks);
    for (int i = 0; i < 20; i++) {
        spawn(marks_next(&marks),
              "echo ready; run() { while :; do ( ( sleep 1000 ) & ); done; }; run & run & run");
        marks_kill(&marks, NULL, NULL);
        reap_all();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_marks_differ),
        cmocka_unit_test(test_zeroed_marks_are_none),
        cmocka_unit_test(test_a_mark_is_what_the_program_was_started_with),
        cmocka_unit_test(test_all_who_came_of_it_are_killed),
        cmocka_unit_test(test_only_the_chosen_are_killed),
        cmocka_unit_test(test_who_forks_all_the_time_is_caught),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
