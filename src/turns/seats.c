#include "turns/seats.h"

#include "base/byte_lock.h"
#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

// The bytes of the file, which has none, that are locked: seat i is byte SEAT + i.
enum { WANTED = 0, SEAT = 1 };

struct seats {
    int fd;
    char *path;
    size_t count;
    bool *taken; // by us: our own locks do not keep us out
    bool wanted;
    seats_left *on_left;
    void *owner;
    uv_fs_event_t watch;
};

struct seats *seats_open(const struct seats_spec *spec, struct failure *why)
{
    int fd = open(spec->path, O_RDWR | O_CREAT | O_CLOEXEC, S_IRUSR | S_IWUSR);
    if (fd < 0 || !byte_lock_share(fd, WANTED)) {
        failure_errno(why, errno, "cannot open and lock '%s'", spec->path);
        if (fd >= 0) {
            close(fd);
        }
        return NULL;
    }
    byte_lock_release(fd, WANTED);
    struct seats *seats = mem_zalloc(sizeof *seats);
    seats->fd = fd;
    seats->path = mem_dup(spec->path);
    seats->count = spec->count;
    seats->taken = mem_zalloc(spec->count * sizeof seats->taken[0]);
    seats->on_left = spec->on_left;
    seats->owner = spec->owner;
    uv_fs_event_init(spec->loop, &seats->watch);
    seats->watch.data = seats;
    uv_unref((uv_handle_t *)&seats->watch);
    return seats;
}

static void on_closed(uv_handle_t *handle)
{
    struct seats *seats = handle->data;
    free(seats->taken);
    free(seats->path);
    free(seats);
}

void seats_close(struct seats *seats)
{
    if (seats != NULL) {
        close(seats->fd);
        uv_close((uv_handle_t *)&seats->watch, on_closed);
    }
}

int seats_take(struct seats *seats)
{
    for (size_t i = 0; i < seats->count; i++) {
        if (!seats->taken[i] && byte_lock_try(seats->fd, SEAT + (off_t)i)) {
            seats->taken[i] = true;
            return (int)i;
        }
    }
    return SEATS_NONE;
}

void seats_leave(struct seats *seats, int number)
{
    seats->taken[number] = false;
    byte_lock_release(seats->fd, SEAT + number);
    if (byte_lock_is_used(seats->fd, WANTED, 1)) {
        futimens(seats->fd, NULL); // their watch sees it
    }
}

static void on_touched(uv_fs_event_t *watch, const char *name, int events, int status)
{
    (void)name;
    (void)events;
    (void)status;
    struct seats *seats = watch->data;
    if (seats->wanted) {
        seats->on_left(seats->owner);
    }
}

// Without a watch the next seat that we leave ourselves is the next that we get.
void seats_want(struct seats *seats, bool wanted)
{
    if (wanted == seats->wanted) {
        return;
    }
    seats->wanted = wanted;
    if (wanted) {
        uv_fs_event_start(&seats->watch, on_touched, seats->path, 0);
        byte_lock_share(seats->fd, WANTED);
    } else {
        uv_fs_event_stop(&seats->watch);
        byte_lock_release(seats->fd, WANTED);
    }
}
