#include "gate/gate_layout.h"

#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

// With O_NONBLOCK the open itself never waits: no reader is no reason to.
int gate_layout_write(const char *path, enum gate_says what)
{
    int fd = open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0) {
        return errno;
    }
    char byte = (char)what;
    int error = write(fd, &byte, 1) == 1 || errno == EAGAIN ? 0 : errno;
    close(fd);
    return error;
}

bool gate_layout_has(const char *dir, const char *part)
{
    char *path = path_join(dir, part);
    bool there = access(path, F_OK) == 0;
    free(path);
    return there;
}
