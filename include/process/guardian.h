/**
 * The process that outlives us by an instant: when the worker is gone, however it ended, the
 * guardian kills every process group the worker had started, and whoever left one
 * (process/marks.h).
 *
 * It reads ids from a pipe whose write end only the worker holds. Each child writes its own id
 * before exec while it still holds a copy of that end (close-on-exec). So end of file means: the
 * worker is dead, and each child it ever forked has either announced itself or died. There is no
 * window.
 *
 *     +id   this group exists (written by the child itself, spawn_program)
 *     -id   forget it: its members are dead or have SIGKILL pending, the number may be given out
 *           again
 *     0     nobody of us is left at all: then it need not look for those who left their groups
 */
#ifndef RELAY_PROCESS_GUARDIAN_H
#define RELAY_PROCESS_GUARDIAN_H

#include "base/failure.h"
#include "process/marks.h"

#include <sys/types.h>

struct guardian {
    bool started;       /**< there is something to finish */
    pid_t pid;          /**< who to wait for; 0: nobody, it is gone */
    int write_fd;       /**< where groups are announced (close-on-exec); valid while `started` */
    struct marks marks; /**< of all that is started from now on */
};

/**
 * Forks the guardian. Call early, from a process with one thread, before a loop exists (the
 * guardian keeps nothing of us: own session, all signals ignored, no descriptor but the pipe, cwd
 * /). On success finish it with guardian_finish(). See fork(2), setsid(2).
 */
bool guardian_start(struct guardian *guardian, struct failure *why);

/**
 * Takes a group back. Call while the group's id cannot have been given out again: after SIGKILL
 * went to all of it, before its leader is reaped. A guardian that is gone is no failure.
 */
void guardian_forget(struct guardian *guardian, pid_t group);

/** All that was started is dead and reaped: the guardian has nobody to look for. */
void guardian_all_gone(struct guardian *guardian);

/** Somebody else reaped the guardian: guardian_finish() must not wait for it. */
void guardian_was_reaped(struct guardian *guardian);

/** Lets it go and waits for its exit; who is left is killed. Accepts a zeroed struct. */
void guardian_finish(struct guardian *guardian);

#endif
