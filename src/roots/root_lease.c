// flock
#define _DEFAULT_SOURCE
#include "roots/root_lease.h"

#include "base/byte_lock.h"
#include "base/mem.h"
#include "base/tree.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/** The byte of whoever looks. */
enum { LOOK = 0 };

/** Who ran there last: so many bytes, the rest zeros. */
enum { USER_BYTES = 64 };

/** What no user is called. */
static const char settled[] = "settled";

static int open_lock(const char *place, struct failure *why)
{
    char *path = mem_format("%s/lock", place);
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, S_IRUSR | S_IWUSR);
    if (fd < 0) {
        failure_errno(why, errno, "cannot open the lock '%s'", path);
    }
    free(path);
    return fd;
}

static bool lock(int fd)
{
    return flock(fd, LOCK_EX | LOCK_NB) == 0;
}

// Who looks is soon done.
static bool lock_after_look(int fd)
{
    bool waited = byte_lock_wait(fd, LOOK);
    bool locked = waited && lock(fd);
    byte_lock_release(fd, LOOK);
    return locked;
}

int root_lease_take(const char *place, struct failure *why)
{
    int fd = tree_make(place, S_IRWXU, why) ? open_lock(place, why) : -1;
    if (fd >= 0 && !lock(fd) && !lock_after_look(fd)) {
        close(fd);
        errno = EWOULDBLOCK;
        return -1;
    }
    if (fd < 0) {
        errno = 0;
    }
    return fd;
}

int root_lease_take_for_look(const char *place)
{
    struct failure ignored; // then it is looked at when it is wanted
    int fd = open_lock(place, &ignored);
    if (fd >= 0 && !(byte_lock_try(fd, LOOK) && lock(fd))) {
        close(fd);
        fd = -1;
    }
    return fd;
}

// Who waits for the look must find the lease free.
void root_lease_release(int lease)
{
    flock(lease, LOCK_UN);
    close(lease);
}

static bool is_last(int lease, const char *user)
{
    char last[USER_BYTES] = "";
    return pread(lease, last, sizeof last, 0) > 0 && strncmp(last, user, sizeof last) == 0;
}

static bool write_last(int lease, const char *user)
{
    char last[USER_BYTES] = "";
    strncpy(last, user, sizeof last - 1);
    return pwrite(lease, last, sizeof last, 0) == sizeof last;
}

bool root_lease_use(int lease, const char *user, struct failure *why)
{
    struct stat info;
    bool is_new = fstat(lease, &info) == 0 && info.st_size == 0;
    // Whom another user left behind may be alive until that user looks.
    bool may_name = is_new || root_lease_is_settled(lease);
    return !may_name || write_last(lease, user) ||
           failure_errno(why, errno, "cannot write into the lock of a private root");
}

bool root_lease_is_used_by(int lease, const char *user)
{
    return is_last(lease, user);
}

void root_lease_settle(int lease)
{
    write_last(lease, settled);
}

bool root_lease_is_settled(int lease)
{
    return is_last(lease, settled);
}
