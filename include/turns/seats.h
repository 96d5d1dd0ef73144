/**
 * How many compiles compute at once, over all worker processes of one state directory: each has a
 * seat, and there are so many. A seat is a lock on a byte of a file, so those of a worker that died
 * are free.
 */
#ifndef RELAY_TURNS_SEATS_H
#define RELAY_TURNS_SEATS_H

#include "base/failure.h"

#include <stdbool.h>
#include <stddef.h>
#include <uv.h>

struct seats;

enum { SEATS_NONE = -1 };

/** Called from the loop while we want a seat: another worker may have left one. */
typedef void seats_left(void *owner);

/** All of it is borrowed for the life of the seats but `path`. */
struct seats_spec {
    const char *path; /**< the file; made if it is not there */
    size_t count;
    uv_loop_t *loop;
    seats_left *on_left;
    void *owner;
};

/** NULL on failure. */
struct seats *seats_open(const struct seats_spec *spec, struct failure *why);

/** Our seats are free then. Accepts NULL. */
void seats_close(struct seats *seats);

/** Takes a seat and returns its number; SEATS_NONE: all are taken. */
int seats_take(struct seats *seats);

/** Leaves it, and tells a worker that wants one. */
void seats_leave(struct seats *seats, int number);

/**
 * Do we want a seat, so that the others have to tell us? Somebody may have left one just before:
 * take once more after this.
 */
void seats_want(struct seats *seats, bool wanted);

#endif
