/**
 * Starts a program. Ours, because libuv has no hook between fork and exec, and the child must tell
 * the guardian its group *before* it becomes another program (process/guardian.h says why).
 */
#ifndef RELAY_PROCESS_SPAWN_H
#define RELAY_PROCESS_SPAWN_H

#include "base/failure.h"

#include <stdint.h>
#include <sys/types.h>

struct spawn_spec {
    char *const *argv; /**< what to run; argv[0] with a slash is a path seen from `cwd`, without
                            one it is searched in the PATH of `envp`, else in /usr/bin:/bin */
    char *const *envp; /**< the whole environment; nothing of ours is added */
    const char *cwd;   /**< where it runs; NULL: where we are */
    int stdout_fd;     /**< becomes its fd 1 */
    int stderr_fd;     /**< becomes its fd 2 */
    int guardian_fd;   /**< where the child announces itself: its id, one pid_t; -1: nowhere */
    uint64_t mark;     /**< what its processes are told by (process/marks.h); 0: nothing */
};

/**
 * Starts a program as leader of a new session and process group, with /dev/null as stdin, default
 * signal handling and nothing blocked. Everything in `spec` is borrowed for the call only: when it
 * returns, the program runs. Inherits fds 0-2 and whatever is not close-on-exec. Call from the main
 * thread (platform_bind_child() says why).
 *
 * Returns its process id, which is also its group's id and which the caller must reap; -1 when
 * nothing runs: "cannot start 'rustc': no such file or directory". A child that failed before exec
 * is reaped here and taken back from the guardian (-id). See setsid(2), execve(2).
 */
pid_t spawn_program(const struct spawn_spec *spec, struct failure *why);

/**
 * No signal is blocked, ignored or handled any more, whatever our parent or we have set. See
 * sigaction(2), sigprocmask(2).
 */
void spawn_reset_signals(void);

#endif
