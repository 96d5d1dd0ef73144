/**
 * Learns of the end of every child: one per loop, and the only one in this process that waits for
 * children (uv_spawn must not be used beside it). Groups of children are reported to their owners;
 * orphans that came to us as subreaper, and the guardian, are just reaped.
 */
#ifndef RELAY_PROCESS_REAPER_H
#define RELAY_PROCESS_REAPER_H

#include "base/failure.h"

#include <uv.h>

struct group;
struct guardian;

/** How long a killed group may keep zombies that only a stranger can reap before it counts as gone.
 */
enum { REAPER_GONE_MS = 2000 };
/**
 * How often a dying group is looked at besides SIGCHLD: a stranger's child ends without telling
 * us.
 */
enum { REAPER_LOOK_MS = 5 };
/** Longest stay in reaper_kill_all(). */
enum { REAPER_KILL_ALL_MS = 100 };

struct reaper {
    uv_signal_t on_child;      /**< SIGCHLD; keeps the loop alive only while there are groups */
    uv_timer_t look;           /**< runs while a group is dying */
    struct group *groups;      /**< all that were added and not removed */
    struct guardian *guardian; /**< who is no stray and must not be killed; may be NULL */
};

/**
 * Starts to listen for SIGCHLD, which is unblocked in this thread. `guardian` (may be NULL) is
 * borrowed until reaper_close(). The struct must stay where it is until the loop has run the close
 * callbacks. See uv_signal_start.
 */
bool reaper_init(struct reaper *reaper, uv_loop_t *loop, struct guardian *guardian,
                 struct failure *why);

/** Stops listening. Asynchronous: the loop must run once more. Close the children first. */
void reaper_close(struct reaper *reaper);

/**
 * For the exit of the worker: SIGKILL to every group and to every other descendant (the guardian
 * excepted), and reaps them until none is left; then the guardian is told so. Blocks, but never
 * longer than REAPER_KILL_ALL_MS. To be called before guardian_finish(), which then does the rest.
 * No event comes from within; each owner's on_change comes when the loop runs again, unless it was
 * removed.
 */
void reaper_kill_all(struct reaper *reaper);

/**
 * Watches a RUNNING group; it is borrowed until reaper_remove(). on_change comes from the loop
 * only.
 */
void reaper_add(struct reaper *reaper, struct group *group);

/** Forgets a group. Never from within on_change (the list is being walked): from a close callback.
 */
void reaper_remove(struct reaper *reaper, struct group *group);

/**
 * Is nobody alive whom a program of ours left behind when it ended? Who descends from a leader that
 * runs does not count. False also when nobody can tell.
 */
bool reaper_is_alone(const struct reaper *reaper);

/** group_release() for a watched group, which is then looked at until it is gone. */
void reaper_release(struct reaper *reaper, struct group *group);

#endif
