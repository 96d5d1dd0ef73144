/**
 * What libuv lacks on this system. One body per platform: src/process/platform_linux.c.
 *
 * Starting a process is ours because libuv has no hook between fork and exec, and the child must
 * tell the guardian its group *before* it becomes another program (process/guardian.h says why).
 */
#ifndef RELAY_PROCESS_PLATFORM_H
#define RELAY_PROCESS_PLATFORM_H

#include "base/failure.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct platform_spawn_spec {
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
 * No signal is blocked, ignored or handled any more, whatever our parent or we have set. See
 * sigaction(2), sigprocmask(2).
 */
void platform_reset_signals(void);

/**
 * Starts a program as leader of a new session and process group, with /dev/null as stdin, default
 * signal handling and nothing blocked. Everything in `spec` is borrowed for the call only: when it
 * returns, the program runs. Inherits fds 0-2 and whatever is not close-on-exec.
 * The child is also killed when the calling thread ends (PR_SET_PDEATHSIG): call from the main
 * thread.
 *
 * Returns its process id, which is also its group's id and which the caller must reap; -1 when
 * nothing runs: "cannot start 'rustc': no such file or directory". A child that failed before exec
 * is reaped here and taken back from the guardian (-id).
 * See vfork(2), setsid(2), execve(2), prctl(2).
 */
pid_t platform_spawn(const struct platform_spawn_spec *spec, struct failure *why);

/**
 * The mark that a process was started with, or inherited; false when it has none, or is not to be
 * looked at: errno is then ESRCH if it is gone, and else another. See prlimit(2), RLIMIT_RTTIME.
 */
bool platform_mark_of(pid_t pid, uint64_t *ret_mark);

/** Can what we start be marked? Not when there is a hard limit of RLIMIT_RTTIME. */
bool platform_can_mark(void);

/**
 * From now on orphans among our descendants become our children, so that we can reap and kill them.
 * See PR_SET_CHILD_SUBREAPER in prctl(2); not inherited over fork.
 */
bool platform_become_subreaper(struct failure *why);

/** The name shown by ps and top; cut at 15 bytes. See PR_SET_NAME in prctl(2). */
void platform_set_name(const char *name);

/** Gives memory that was freed back to the system. Costs some milliseconds. See malloc_trim(3). */
void platform_return_memory(void);

/** Closes every descriptor from `first` on. See close_range(2). */
void platform_close_from(int first);

/**
 * The ids of our children that are not yet reaped, zombies included: at most `max` into `ret_pids`.
 * Returns how many; 0 also when the kernel was built without that list.
 * See /proc/pid/task/tid/children in proc(5): exact only while we are the only one to reap them.
 */
size_t platform_children(pid_t *ret_pids, size_t max);

/** What a file system holds in all, and what of it is free for us. */
struct platform_room {
    uint64_t bytes;
    uint64_t free_bytes;
    uint64_t files; /**< inodes; 0: without a limit */
    uint64_t free_files;
};

/**
 * The room of the file system that `path` is on; false when it does not lie in memory, has no limit
 * of bytes, or is mounted so that symbolic links on it are not followed. See tmpfs(5), statfs(2).
 */
bool platform_memory_room(const char *path, struct platform_room *ret_room);

#endif
