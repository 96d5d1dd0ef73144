/**
 * Looks at the private roots of compiles that ended well, when there is time: what a root's next
 * compile would have to undo is undone before it is asked for. The root is free meanwhile: who
 * wants it first looks himself. So does the next one where a process that a compile left behind may
 * still write.
 */
#ifndef RELAY_ROOTS_ROOT_KEEPER_H
#define RELAY_ROOTS_ROOT_KEEPER_H

#include <uv.h>

struct private_root;
struct reaper;
struct root_keeper;

/** The reaper is borrowed. */
struct root_keeper *root_keeper_create(uv_loop_t *loop, const struct reaper *reaper);

/** Takes a root in which nothing runs any more, and gives it back; it is looked at when the loop
 * has done what it is at. */
void root_keeper_take(struct root_keeper *keeper, struct private_root *take_root);

/** Looks at no root any more. The loop must run once more. Accepts NULL. */
void root_keeper_close(struct root_keeper *keeper);

#endif
