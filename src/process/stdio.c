#include "process/stdio.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

enum { FIRST_FREE_FD = STDERR_FILENO + 1 };

// open() takes the lowest free number, so the gaps below fill in order.
static bool fill_gaps(struct failure *why)
{
    int fd = 0;
    while (fd >= 0 && fd <= STDERR_FILENO) {
        fd = open("/dev/null", O_RDWR);
    }
    if (fd < 0) {
        return failure_errno(why, errno, "cannot open '/dev/null'");
    }
    close(fd);
    return true;
}

static int move_away(int fd)
{
    return fcntl(fd, F_DUPFD_CLOEXEC, FIRST_FREE_FD);
}

static bool replace_both(struct failure *why)
{
    int null_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (null_fd < 0) {
        return failure_errno(why, errno, "cannot open '/dev/null'");
    }
    bool ok = dup2(null_fd, STDIN_FILENO) >= 0 && dup2(STDERR_FILENO, STDOUT_FILENO) >= 0;
    int error = errno;
    close(null_fd);
    return ok ? true : failure_errno(why, error, "cannot replace stdin and stdout");
}

bool stdio_take(int *ret_in_fd, int *ret_out_fd, struct failure *why)
{
    if (!fill_gaps(why)) {
        return false;
    }
    int in_fd = move_away(STDIN_FILENO);
    int out_fd = move_away(STDOUT_FILENO);
    if (in_fd < 0 || out_fd < 0) {
        return failure_errno(why, errno, "cannot move stdin and stdout away");
    }
    *ret_in_fd = in_fd;
    *ret_out_fd = out_fd;
    return replace_both(why);
}
