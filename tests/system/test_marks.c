#include "support.h"

#include "process/marks.h"
#include "process/spawn.h"

#include <sys/socket.h>

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

// Starts a program, and returns when it has written something.
static pid_t spawn_argv(uint64_t mark, char *const argv[], int stderr_fd)
{
    int told[2];
    char none[16];
    struct failure why;
    assert_int_equal(pipe(told), 0);
    struct spawn_spec spec = {
        .argv = argv,
        .envp = environment,
        .stdout_fd = told[1],
        .stderr_fd = stderr_fd,
        .guardian_fd = -1,
        .mark = mark,
    };
    fcntl(told[0], F_SETFD, FD_CLOEXEC);
    fcntl(told[1], F_SETFD, FD_CLOEXEC);
    pid_t pid = spawn_program(&spec, &why);
    assert_true(pid > 0);
    close(told[1]);
    assert_true(read(told[0], none, sizeof none) > 0);
    close(told[0]);
    return pid;
}

static pid_t spawn(uint64_t mark, const char *script)
{
    char *argv[] = {"sh", "-c", (char *)script, NULL};
    return spawn_argv(mark, argv, STDERR_FILENO);
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

// A process of ours that has a child when it is told to: what comes next to its socket says whether
// that child lives. SOCKET is its stderr.
enum { SOCKET = STDERR_FILENO };
static const char stay_then_fork = 's', fork_and_end = 'e', are_you_there = '?';

_Noreturn static void serve(void)
{
    char command = 0;
    bool good = write(STDOUT_FILENO, "!", 1) == 1 && read(SOCKET, &command, 1) == 1;
    if (good && fork() == 0) {
        good = write(SOCKET, "!", 1) == 1 && read(SOCKET, &command, 1) == 1 &&
               write(SOCKET, "!", 1) == 1;
        _exit(0);
    }
    if (good && command == stay_then_fork) {
        pause();
    }
    _exit(0);
}

struct server {
    uint64_t mark;
    pid_t pid;
    int fd;
};

static struct server start_server(struct marks *marks)
{
    int fds[2];
    char *argv[] = {"/proc/self/exe", "serve", NULL};
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
    struct server server = {.mark = marks_next(marks), .fd = fds[0]};
    server.pid = spawn_argv(server.mark, argv, fds[1]);
    close(fds[1]);
    return server;
}

static bool ask(const struct server *server, char command)
{
    char answer = 0;
    return send(server->fd, &command, 1, MSG_NOSIGNAL) == 1 && read(server->fd, &answer, 1) == 1;
}

static bool fork_while_looked_at(void *context, uint64_t mark)
{
    struct server *server = context;
    if (mark == server->mark) {
        server->mark = 0; // once
        assert_true(ask(server, stay_then_fork));
    }
    return true;
}

// Who was born after the look had begun is found by the next one.
static void test_a_child_born_in_the_last_moment(void **state)
{
    (void)state;
    struct marks marks;
    marks_init(&marks);
    struct server server = start_server(&marks);
    marks_kill(&marks, fork_while_looked_at, &server);
    assert_false(ask(&server, are_you_there));
    close(server.fd);
    reap_all();
}

struct pair {
    struct server first; // to be looked at, and left alone
    struct server second;
};

static bool fork_before_looked_at(void *context, uint64_t mark)
{
    struct pair *pair = context;
    if (mark == pair->first.mark && pair->second.pid != 0) {
        assert_true(ask(&pair->second, fork_and_end));
        waitpid(pair->second.pid, NULL, 0);
        pair->second.pid = 0;
    }
    return mark == pair->second.mark;
}

// Of one that had ended when its turn came, the child is found by the next look.
static void test_a_child_of_one_that_is_gone(void **state)
{
    (void)state;
    struct marks marks;
    marks_init(&marks);
    struct pair pair = {.first = start_server(&marks), .second = start_server(&marks)};
    if (pair.first.pid > pair.second.pid) { // they are looked at in the order of their numbers
        struct server lower = pair.second;
        pair.second = pair.first;
        pair.first = lower;
    }
    marks_kill(&marks, fork_before_looked_at, &pair);
    assert_int_equal(pair.second.pid, 0);
    assert_false(ask(&pair.second, are_you_there));
    assert_true(ask(&pair.first, stay_then_fork));
    marks_kill(&marks, NULL, NULL);
    close(pair.first.fd);
    close(pair.second.fd);
    reap_all();
}

int main(int argc, char **argv)
{
    (void)argv;
    if (argc > 1) {
        serve();
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_marks_differ),
        cmocka_unit_test(test_zeroed_marks_are_none),
        cmocka_unit_test(test_a_mark_is_what_the_program_was_started_with),
        cmocka_unit_test(test_all_who_came_of_it_are_killed),
        cmocka_unit_test(test_only_the_chosen_are_killed),
        cmocka_unit_test(test_a_child_born_in_the_last_moment),
        cmocka_unit_test(test_a_child_of_one_that_is_gone),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
