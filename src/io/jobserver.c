// pipe2
#define _GNU_SOURCE
#include "io/jobserver.h"

#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

static size_t default_tokens(void)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    return cores > 1 ? (size_t)cores - 1 : 1;
}

bool jobserver_open(struct jobserver *jobserver, size_t tokens, struct failure *why)
{
    int fds[2];
    if (pipe2(fds, O_CLOEXEC | O_NONBLOCK) != 0) {
        return failure_errno(why, errno, "cannot make a jobserver");
    }
    jobserver->read_fd = fds[0];
    jobserver->write_fd = fds[1];
    jobserver->tokens = tokens == 0 ? default_tokens() : tokens;
    jobserver->flags = mem_format("-j%zu --jobserver-auth=fifo:/proc/%ld/fd/%d",
                                  jobserver->tokens + 1, (long)getpid(), fds[0]);
    jobserver_refill(jobserver);
    return true;
}

void jobserver_refill(struct jobserver *jobserver)
{
    char token = '+';
    if (jobserver->flags == NULL) {
        return;
    }
    while (read(jobserver->read_fd, &token, 1) == 1) {
    }
    token = '+';
    for (size_t i = 0; i < jobserver->tokens; i++) {
        if (write(jobserver->write_fd, &token, 1) != 1) {
            return; // a pipe takes thousands
        }
    }
}

void jobserver_close(struct jobserver *jobserver)
{
    if (jobserver->flags != NULL) {
        close(jobserver->read_fd);
        close(jobserver->write_fd);
    }
    free(jobserver->flags);
    *jobserver = (struct jobserver){0};
}
