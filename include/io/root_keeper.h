/**
 * Keeps the private roots of compiles that ended well until there is time to look at them: what a
 * root's next compile would have to undo is undone before it is asked for. Roots are leased until
 * then. Where a process that a compile left behind may still write, the next compile looks instead.
 */
#ifndef RELAY_IO_ROOT_KEEPER_H
#define RELAY_IO_ROOT_KEEPER_H

#include <uv.h>

struct private_root;
struct reaper;
struct root_keeper;

/** The reaper is borrowed. */
struct root_keeper *root_keeper_create(uv_loop_t *loop, const struct reaper *reaper);

/** Takes a root in which nothing runs any more; it is looked at and given back when the loop has
 * done what it is at. */
void root_keeper_take(struct root_keeper *keeper, struct private_root *take_root);

/** Looks at all roots now: somebody may want one of them. */
void root_keeper_settle(struct root_keeper *keeper);

/** Gives all roots back as they are. The loop must run once more. Accepts NULL. */
void root_keeper_close(struct root_keeper *keeper);

#endif
