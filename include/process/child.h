/**
 * One program that we run: its output as it comes, its end exactly once.
 *
 * It is over when three things came, in any order: its exit, the end of stdout, the end of stderr.
 * From its exit on it has CHILD_DRAIN_MS for the other two, because a process it left behind may
 * hold the pipes for ever. Then what is left of its process group is killed, and when nobody of the
 * group lives, on_ended is called: nothing the program started in its group can write after that.
 * Nor can, when it was killed, anything that it started and that left its group.
 */
#ifndef RELAY_PROCESS_CHILD_H
#define RELAY_PROCESS_CHILD_H

#include "base/failure.h"

#include <stddef.h>
#include <sys/types.h>

struct child;
struct reaper;

/** How long output is awaited after the exit. */
enum { CHILD_DRAIN_MS = 500 };

/** Borrowed for the call of child_create() only. */
struct child_spec {
    char *const *argv; /**< what to run; how argv[0] is found: process/platform.h */
    char *const *envp; /**< its whole environment */
    const char *cwd;   /**< where it runs; NULL: where we are */
};

struct child_end {
    int exit_code; /**< what it exited with; 0 when a signal ended it */
    int signal;    /**< what ended it; 0: it exited */
    bool killed;   /**< child_kill() was called before it was over */
};

/**
 * Called from the loop only, never from within a call to child_*. Data are borrowed for the call
 * only. Every child_* function may be called from within. NULL: that output is read and dropped.
 */
struct child_events {
    void (*on_stdout)(void *owner, const char *data, size_t len);
    /** Bytes without the newline; an unterminated last line too; pieces if it is too long. `ends`:
     * was there a newline? See process/lines.h. */
    void (*on_stderr_line)(void *owner, const char *line, size_t len, bool ends);
    /** Exactly once; no event comes after it. Most owners call child_close() here. Not NULL. */
    void (*on_ended)(void *owner, const struct child_end *end);
};

/**
 * Starts the program in a process group of its own, stdin /dev/null, stdout and stderr real pipes.
 * `events` (must stay valid, usually a static const) and `owner` are borrowed until child_close().
 * NULL: nothing was started and no event comes; `why` names the program and the reason.
 * The child is owned by the caller until child_close().
 */
struct child *child_create(struct reaper *reaper, const struct child_spec *spec,
                           const struct child_events *events, void *owner, struct failure *why);

/** Its process id, for messages and traces; never to send signals to. */
pid_t child_pid(const struct child *child);

/**
 * SIGKILL to the whole group and to all who left it. on_ended follows when they are dead and
 * reaped, without waiting for pipes that strangers hold. Nothing happens after on_ended.
 */
void child_kill(struct child *child);

/**
 * Gives the child back; no event comes any more. One that is not over is killed. Memory goes when
 * the loop has run, so a second call before that is harmless. NULL is accepted.
 */
void child_close(struct child *child);

#endif
