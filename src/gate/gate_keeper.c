#include "gate/gate_keeper.h"

#include "base/file.h"
#include "base/mem.h"
#include "gate/gate_layout.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

// The text of a link, owned by the caller; NULL: there is none.
static char *read_linker(const char *dir)
{
    char text[PATH_MAX];
    char *path = path_join(dir, GATE_LINKER);
    ssize_t len = readlink(path, text, sizeof text);
    int error = errno;
    free(path);
    errno = error;
    return len < 0 ? NULL : mem_dup_len(text, (size_t)len);
}

static bool has_gate(const char *dir)
{
    char *linker = read_linker(dir);
    free(linker);
    return linker != NULL;
}

char *gate_keeper_dir(const char *argv0)
{
    static const char suffix[] = "/" GATE_BIN;
    if (argv0 == NULL || argv0[0] != '/') {
        return NULL;
    }
    char *dir = path_dirname(argv0);
    size_t len = strlen(dir);
    size_t suffix_len = sizeof suffix - 1;
    bool found = len > suffix_len && strcmp(dir + len - suffix_len, suffix) == 0;
    if (found) {
        dir[len - suffix_len] = '\0';
        found = has_gate(dir);
    }
    if (!found) {
        free(dir);
        return NULL;
    }
    return dir;
}

static bool report(int error, const char *path, struct failure *why)
{
    if (error == ENXIO || error == EPIPE) {
        return failure_set(why, "cannot link: the worker that started this rustc is gone");
    }
    return failure_errno(why, error, "cannot link: cannot use the FIFO '%s'", path);
}

static int open_go(const char *path)
{
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (fd >= 0 && fcntl(fd, F_SETFL, 0) != 0) {
        int error = errno;
        close(fd);
        errno = error;
        return -1;
    }
    return fd;
}

static bool tell(const char *dir, struct failure *why)
{
    char *path = path_join(dir, GATE_ASKED);
    int error = gate_layout_write(path, GATE_SAYS_ASKED);
    bool told = error == 0 || report(error, path, why);
    free(path);
    return told;
}

static bool wait_for_go(int fd, const char *path, struct failure *why)
{
    char byte;
    ssize_t got;
    do {
        got = read(fd, &byte, 1);
    } while (got < 0 && errno == EINTR);
    if (got <= 0) {
        return report(got == 0 ? EPIPE : errno, path, why);
    }
    // Whoever else waits here needs it as well.
    gate_layout_write(path, GATE_SAYS_GO);
    return true;
}

bool gate_keeper_wait(const char *dir, struct failure *why)
{
    char *path = path_join(dir, GATE_GO);
    // In this order: once told, the worker may let us through and die, and we see the byte.
    int fd = open_go(path);
    bool good = fd < 0 ? report(errno, path, why)
                       : tell(dir, why) &&
                             (gate_layout_has(dir, GATE_PASSED) || wait_for_go(fd, path, why));
    if (fd >= 0) {
        close(fd);
    }
    free(path);
    return good;
}

char *gate_keeper_linker(const char *dir, struct failure *why)
{
    char *linker = read_linker(dir);
    if (linker == NULL) {
        failure_errno(why, errno, "cannot link: cannot read which linker to start in '%s/%s'", dir,
                      GATE_LINKER);
    }
    return linker;
}
