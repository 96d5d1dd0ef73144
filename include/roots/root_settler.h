/**
 * Settles the private roots of compiles that ended well, when there is time: it looks at them, and
 * what a root's next compile would have to undo is undone before it is asked for. The root is free
 * meanwhile: who wants it first looks himself. So does the next one where a process that a compile
 * left behind may still write.
 */
#ifndef RELAY_ROOTS_ROOT_SETTLER_H
#define RELAY_ROOTS_ROOT_SETTLER_H

#include <uv.h>

struct private_root;
struct reaper;
struct root_settler;

/** The reaper is borrowed. */
struct root_settler *root_settler_create(uv_loop_t *loop, const struct reaper *reaper);

/** Takes a root in which nothing runs any more, and gives it back; it is looked at when the loop
 * has done what it is at. */
void root_settler_take(struct root_settler *settler, struct private_root *take_root);

/** Looks at no root any more. The loop must run once more. Accepts NULL. */
void root_settler_close(struct root_settler *settler);

#endif
