/**
 * One process group of ours, from spawn until nobody is left of it. No loop, no memory of its own.
 *
 * The rule behind the states: **the leader is reaped last of all we do to the group.** A leader
 * that has exited but is not yet reaped keeps the group's id from being given out again, so a
 * signal can only ever reach our own processes.
 *
 *     RUNNING --leader dies--> EXITED --group_release: kill, forget, reap--> DYING --empty--> GONE
 *
 * Who left the group (setsid) lives on when the leader has exited by itself: a server in the
 * background is for others too. When the program was killed, by us or by anybody, they are *hunted*
 * (process/marks.h), and the group is not gone before they are.
 */
#ifndef RELAY_PROCESS_GROUP_H
#define RELAY_PROCESS_GROUP_H

#include "base/failure.h"

#include <stdint.h>
#include <sys/types.h>

struct guardian;
struct spawn_spec;

enum group_state {
    GROUP_NONE,    /**< zeroed: never started */
    GROUP_RUNNING, /**< the leader lives */
    GROUP_EXITED,  /**< the leader is a zombie that we keep; others may live and write */
    GROUP_DYING,   /**< all were sent SIGKILL, the leader is reaped, some are still there */
    GROUP_GONE     /**< nobody is left of whom has to die; the id is not ours any more */
};

struct group {
    pid_t id;                  /**< the leader's process id and the group's id */
    enum group_state state;    /**< how far it got; moves to the right only */
    enum group_state told;     /**< the last state on_change was called for (reaper) */
    int exit_code;             /**< of the leader, from EXITED on; 0 when a signal ended it */
    int signal;                /**< what ended the leader; 0: it exited */
    uint64_t mark;             /**< of all that came of the leader; 0: none */
    bool hunted;               /**< do those have to die who left the group? */
    bool hunt_over;            /**< are they all dead and reaped? (reaper) */
    uint64_t gone_until_ns;    /**< DYING: when we stop waiting for zombies of strangers (reaper) */
    struct guardian *guardian; /**< who else knows of it; may be NULL */
    void (*on_change)(void *owner); /**< told by the reaper, from the loop only */
    void *owner;                    /**< for on_change */
    struct group *next;             /**< the reaper's list */
};

/** Starts the program (see spawn_program); RUNNING on success, nothing exists on failure. */
bool group_start(struct group *group, const struct spawn_spec *spec, struct guardian *guardian,
                 struct failure *why);

/**
 * Asks the kernel what became of it and moves the state: RUNNING to EXITED, DYING to GONE unless a
 * hunt is not over. See waitid(2).
 */
void group_look(struct group *group);

/**
 * SIGKILL to all members, unless the id may not be ours any more (DYING, GONE), and the hunt is on
 * for others. See kill(2).
 */
void group_kill(struct group *group);

/**
 * EXITED only: kills what is left, takes the id back from the guardian, reaps the leader; then
 * DYING, or GONE at once when the leader was alone. exit_code and signal stay.
 */
void group_release(struct group *group);

#endif
