// F_OFD_SETLK: POSIX has it since 2024, older libraries as an extension
#define _GNU_SOURCE
#include "base/byte_lock.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

static bool control(int fd, int command, short kind, off_t byte)
{
    struct flock lock = {.l_type = kind, .l_whence = SEEK_SET, .l_start = byte, .l_len = 1};
    int done = 0;
    do {
        done = fcntl(fd, command, &lock);
    } while (done != 0 && errno == EINTR);
    return done == 0;
}

bool byte_lock_try(int fd, off_t byte)
{
    return control(fd, F_OFD_SETLK, F_WRLCK, byte);
}

bool byte_lock_wait(int fd, off_t byte)
{
    return control(fd, F_OFD_SETLKW, F_WRLCK, byte);
}

bool byte_lock_share(int fd, off_t byte)
{
    return control(fd, F_OFD_SETLK, F_RDLCK, byte);
}

void byte_lock_release(int fd, off_t byte)
{
    control(fd, F_OFD_SETLK, F_UNLCK, byte);
}

bool byte_lock_is_used(int fd, off_t first, off_t count)
{
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = first, .l_len = count};
    return fcntl(fd, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
}
