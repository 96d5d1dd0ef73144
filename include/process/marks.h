/**
 * Tells the processes of a worker's compiles from all others, whatever they make of themselves.
 *
 * A process can leave its group, its session and its parents, and drop its environment and its
 * open files. What it keeps, and hands to whatever it starts, are its resource limits. So each
 * program is started with a limit of its own that has no other effect: how many microseconds a
 * *real-time* process may compute without a rest (RLIMIT_RTTIME). No compiler is one, there usually
 * is no such limit, and ours are some hundred thousand years. Only the soft limit is set, so that
 * a process may still take another one: that, or a hard limit that was there before, is how to get
 * away.
 */
#ifndef RELAY_PROCESS_MARKS_H
#define RELAY_PROCESS_MARKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** The marks of one worker; zeroed: there are none. */
struct marks {
    uint64_t first; /**< the smallest of them */
    uint64_t given; /**< how many were given away; after MARKS_COUNT they begin again */
};

enum { MARKS_COUNT = 1 << 24 };

/** Marks that no other worker has. */
void marks_init(struct marks *marks);

/** A mark for one program and all that comes of it; 0, which is none, of zeroed marks. */
uint64_t marks_next(struct marks *marks);

/** May be asked which of the marks are meant. NULL: all of them. */
typedef bool marks_chosen(void *context, uint64_t mark);

/**
 * SIGKILL to every process with one of these marks that is chosen, until no such process is left
 * that could start another one. Returns how many are still to be seen, dying and dead ones that
 * nobody has reaped included. Looks at all processes of the machine, some 3 µs each.
 */
size_t marks_kill(const struct marks *marks, marks_chosen *chosen, void *context);

#endif
