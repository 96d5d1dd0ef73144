#include "process/guardian.h"

#include "base/mem.h"
#include "process/platform.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

// How many records one read takes; a pipe never splits one, they are shorter than PIPE_BUF.
enum { RECORDS_AT_ONCE = 256 };

// What the guardian knows; only in its own process.
struct watch_list {
    pid_t *groups;
    size_t count;
    bool all_gone; // was nobody left after the last record?
};

_Noreturn static void watch(int read_fd, const struct marks *marks);

static bool make_pipe(int ret_fds[2], struct failure *why)
{
    if (pipe(ret_fds) != 0) {
        return failure_errno(why, errno, "cannot start the guardian process: cannot make a pipe");
    }
    fcntl(ret_fds[0], F_SETFD, FD_CLOEXEC);
    fcntl(ret_fds[1], F_SETFD, FD_CLOEXEC);
    return true;
}

// Everything stays blocked in the guardian: a signal to our old group must not end it.
static pid_t fork_blocked(int read_fd, const struct marks *marks)
{
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &before);
    pid_t pid = fork();
    if (pid == 0) {
        watch(read_fd, marks);
    }
    int error = errno;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    errno = error;
    return pid;
}

bool guardian_start(struct guardian *guardian, struct failure *why)
{
    int fds[2];
    if (!make_pipe(fds, why)) {
        return false;
    }
    struct marks marks;
    marks_init(&marks);
    pid_t pid = fork_blocked(fds[0], &marks);
    int error = errno;
    close(fds[0]);
    if (pid < 0) {
        close(fds[1]);
        return failure_errno(why, error,
                             "cannot start the guardian process, which ends what a killed "
                             "worker leaves");
    }
    *guardian = (struct guardian){.started = true, .pid = pid, .write_fd = fds[1], .marks = marks};
    return true;
}

static void add_group(struct watch_list *list, pid_t group)
{
    list->groups = mem_reserve_one(list->groups, list->count, sizeof list->groups[0]);
    list->groups[list->count++] = group;
}

static void remove_group(struct watch_list *list, pid_t group)
{
    for (size_t i = 0; i < list->count; i++) {
        if (list->groups[i] == group) {
            list->groups[i] = list->groups[--list->count];
            return;
        }
    }
}

static void take_record(struct watch_list *list, pid_t record)
{
    list->all_gone = record == 0;
    if (record > 0) {
        add_group(list, record);
    } else if (record < 0) {
        remove_group(list, -record);
    }
}

// Nothing of the worker may stay open here, above all not the pipes that others wait to see closed.
static void detach(int read_fd)
{
    platform_set_name("relay-guardian");
    setsid();
    dup2(read_fd, STDIN_FILENO);
    platform_close_from(STDIN_FILENO + 1);
    open("/dev/null", O_WRONLY);
    dup2(STDIN_FILENO + 1, STDERR_FILENO);
    if (chdir("/") != 0) {
        _exit(EXIT_FAILURE);
    }
}

static void watch(int read_fd, const struct marks *marks)
{
    detach(read_fd);
    struct watch_list list = {0};
    pid_t records[RECORDS_AT_ONCE];
    for (;;) {
        ssize_t len = read(STDIN_FILENO, records, sizeof records);
        if (len <= 0) {
            break;
        }
        for (size_t i = 0; i < (size_t)len / sizeof records[0]; i++) {
            take_record(&list, records[i]);
        }
    }
    for (size_t i = 0; i < list.count; i++) {
        kill(-list.groups[i], SIGKILL);
    }
    if (!list.all_gone) {
        marks_kill(marks, NULL, NULL);
    }
    _exit(EXIT_SUCCESS);
}

static void tell(const struct guardian *guardian, pid_t record)
{
    ssize_t written = write(guardian->write_fd, &record, sizeof record);
    (void)written;
}

void guardian_forget(struct guardian *guardian, pid_t group)
{
    tell(guardian, -group);
}

void guardian_all_gone(struct guardian *guardian)
{
    tell(guardian, 0);
}

void guardian_was_reaped(struct guardian *guardian)
{
    guardian->pid = 0;
}

void guardian_finish(struct guardian *guardian)
{
    if (!guardian->started) {
        return;
    }
    close(guardian->write_fd);
    while (guardian->pid > 0 && waitpid(guardian->pid, NULL, 0) < 0 && errno == EINTR) {
    }
    *guardian = (struct guardian){0};
}
