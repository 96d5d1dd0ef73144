// flock(), which is of BSD
#define _DEFAULT_SOURCE
#include "base/lease.h"

#include "base/byte_lock.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/** The byte of whoever has a lock file briefly (base/byte_lock.h). */
enum { BRIEF = 0 };

/** How often what was opened may be removed before it is locked. */
enum { TRIES = 16 };

enum {
    AS_FILE = O_RDWR | O_NOFOLLOW | O_CLOEXEC,
    AS_DIRECTORY = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC
};

// One way of locking an open file; on failure errno is set.
typedef bool locking(int fd);

static bool lock_alone(int fd)
{
    return flock(fd, LOCK_EX | LOCK_NB) == 0;
}

// Nobody else can have it briefly while we have that byte. Where bytes cannot be locked, nobody
// has.
static bool lock_after_brief(int fd)
{
    bool locked = lock_alone(fd);
    if (!locked && errno == EWOULDBLOCK) {
        locked = byte_lock_wait(fd, BRIEF) && lock_alone(fd);
        byte_lock_release(fd, BRIEF);
        errno = EWOULDBLOCK;
    }
    return locked;
}

static bool lock_briefly(int fd)
{
    return byte_lock_try(fd, BRIEF) && lock_alone(fd);
}

static bool lock_together(int fd)
{
    int done = 0;
    do {
        done = flock(fd, LOCK_SH);
    } while (done != 0 && errno == EINTR);
    return done == 0;
}

bool lease_is_valid(int lease, const char *lock)
{
    struct stat held;
    struct stat named;
    return fstat(lease, &held) == 0 && lstat(lock, &named) == 0 && held.st_dev == named.st_dev &&
           held.st_ino == named.st_ino;
}

static int acquire(const char *lock, int flags, locking *how)
{
    for (int i = 0; i < TRIES; i++) {
        int fd = open(lock, flags, S_IRUSR | S_IWUSR);
        if (fd < 0) {
            return LEASE_NONE;
        }
        if (!how(fd)) {
            int error = errno;
            close(fd);
            errno = error;
            return LEASE_NONE;
        }
        if (lease_is_valid(fd, lock)) {
            return fd;
        }
        lease_release(fd);
    }
    errno = EWOULDBLOCK;
    return LEASE_NONE;
}

int lease_take(const char *file)
{
    return acquire(file, AS_FILE | O_CREAT, lock_after_brief);
}

int lease_take_briefly(const char *file)
{
    return acquire(file, AS_FILE | O_CREAT, lock_briefly);
}

int lease_share(const char *dir)
{
    int lease = LEASE_NONE;
    errno = ENOENT;
    for (int i = 0; i < TRIES && lease == LEASE_NONE && errno == ENOENT; i++) {
        if (mkdir(dir, S_IRWXU) != 0 && errno != EEXIST) {
            return LEASE_NONE;
        }
        lease = acquire(dir, AS_DIRECTORY, lock_together);
    }
    return lease;
}

int lease_inherit(const char *file)
{
    return acquire(file, AS_FILE, lock_alone);
}

int lease_inherit_dir(const char *dir)
{
    return acquire(dir, AS_DIRECTORY, lock_alone);
}

// Not by closing alone: a child that has not exec'ed yet has the same locks. Who waits for the byte
// of somebody brief must find the lock free: it goes first.
void lease_release(int lease)
{
    if (lease != LEASE_NONE) {
        flock(lease, LOCK_UN);
        byte_lock_release(lease, BRIEF);
        close(lease);
    }
}

// With both ends, so that it need not wait for a reader; only its death closes the writing one.
int lease_show(const char *fifo)
{
    return mkfifo(fifo, S_IRUSR | S_IWUSR) == 0 ? open(fifo, O_RDWR | O_CLOEXEC) : LEASE_NONE;
}

// The kernel reports the end of a FIFO only to a reader that has seen a writer. The one who showed
// it may be gone already, so one comes and goes. (On a file that cannot be polled, libuv aborts.)
int lease_watch(const char *fifo)
{
    struct stat info;
    int fd = open(fifo, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (fd >= 0 && !(fstat(fd, &info) == 0 && S_ISFIFO(info.st_mode))) {
        close(fd);
        return LEASE_NONE;
    }
    int writer = fd < 0 ? -1 : open(fifo, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
    if (writer >= 0) {
        close(writer);
    }
    return fd;
}
