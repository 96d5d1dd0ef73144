// For a system of which we know nothing but POSIX and libuv. What they have not is not there:
// include/process/platform.h says what the others make of that.
#include "process/platform.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>
#include <uv.h>

enum { FIRST_FREE_FD = STDERR_FILENO + 1, EXIT_NOT_STARTED = 127 };
// As many descriptors are closed when there is no limit, or a much higher one.
enum { FDS_MAX = 1 << 16, PATH_BYTES = 4096 };

static bool open_report(int ret_fds[2])
{
    int fds[2];
    if (pipe(fds) != 0) {
        return false;
    }
    ret_fds[0] = fcntl(fds[0], F_DUPFD_CLOEXEC, FIRST_FREE_FD);
    ret_fds[1] = fcntl(fds[1], F_DUPFD_CLOEXEC, FIRST_FREE_FD);
    close(fds[0]);
    close(fds[1]);
    return ret_fds[0] >= 0 && ret_fds[1] >= 0;
}

// What a `become` that failed sends us; nothing comes when the pipe was closed by execve(2).
static void read_report(int fd, void *job, size_t size)
{
    ssize_t len = 0;
    do {
        len = read(fd, job, size);
    } while (len < 0 && errno == EINTR);
}

static void close_report(const int fds[2])
{
    int error = errno;
    for (int i = 0; i < 2; i++) {
        if (fds[i] >= 0) {
            close(fds[i]);
        }
    }
    errno = error;
}

pid_t platform_start(platform_become *become, void *job, size_t size)
{
    int fds[2] = {-1, -1};
    pid_t pid = open_report(fds) ? fork() : -1;
    if (pid == 0) {
        become(job);
        ssize_t told = write(fds[1], job, size);
        (void)told;
        _exit(EXIT_NOT_STARTED);
    }
    if (pid > 0) {
        close(fds[1]);
        fds[1] = -1;
        read_report(fds[0], job, size);
    }
    close_report(fds);
    return pid;
}

void platform_bind_child(uint64_t mark)
{
    (void)mark;
}

bool platform_mark_of(pid_t pid, uint64_t *ret_mark)
{
    (void)pid;
    (void)ret_mark;
    errno = ENOSYS;
    return false;
}

bool platform_can_mark(struct failure *why)
{
    return failure_set(why, "on this system nobody can tell it from others");
}

bool platform_each_process(platform_visit *visit, void *context)
{
    (void)visit;
    (void)context;
    return false;
}

bool platform_become_subreaper(struct failure *why)
{
    return failure_errno(why, ENOSYS, "cannot adopt orphaned processes");
}

char *platform_own_program(void)
{
    char path[PATH_BYTES];
    size_t size = sizeof path;
    return uv_exepath(path, &size) == 0 ? realpath(path, NULL) : NULL;
}

char *platform_fd_path(int fd)
{
    (void)fd;
    return NULL;
}

void platform_set_name(const char *name)
{
    (void)name;
}

void platform_return_memory(void)
{
}

void platform_close_from(int first)
{
    long limit = sysconf(_SC_OPEN_MAX);
    int end = limit < 0 || limit > FDS_MAX ? FDS_MAX : (int)limit;
    for (int fd = first; fd < end; fd++) {
        close(fd);
    }
}

size_t platform_children(pid_t *ret_pids, size_t max)
{
    (void)ret_pids;
    (void)max;
    return 0;
}

bool platform_memory_room(const char *path, struct platform_room *ret_room)
{
    (void)path;
    (void)ret_room;
    return false;
}
