#include "base/mapping.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

// 0, or errno.
static int map(struct mapping *mapping, int fd)
{
    struct stat info;
    if (fstat(fd, &info) != 0) {
        return errno;
    }
    size_t len = (size_t)info.st_size;
    // mmap(2) refuses to map nothing, but not for what is no file at all.
    void *place = mmap(NULL, len == 0 ? 1 : len, PROT_READ, MAP_PRIVATE, fd, 0);
    if (place == MAP_FAILED) {
        return errno;
    }
    if (len == 0) {
        munmap(place, 1);
        place = NULL;
    }
    *mapping = (struct mapping){.data = place, .len = len};
    return 0;
}

bool mapping_open(struct mapping *mapping, const char *path, const char *what, struct failure *why)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    int error = fd < 0 ? errno : map(mapping, fd);
    if (fd >= 0) {
        close(fd);
    }
    return error == 0 || failure_errno(why, error, "cannot read the %s '%s'", what, path);
}

void mapping_close(struct mapping *mapping)
{
    if (mapping->data != NULL) {
        // Only the call wants to change the pages.
        munmap((void *)mapping->data, mapping->len);
    }
    *mapping = (struct mapping){0};
}
