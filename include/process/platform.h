/**
 * What neither POSIX nor libuv has. One body per system, which RELAY_PLATFORM names to CMake:
 * src/process/platform_linux.c, and src/process/platform_posix.c for one that has nothing of it.
 */
#ifndef RELAY_PROCESS_PLATFORM_H
#define RELAY_PROCESS_PLATFORM_H

#include "base/failure.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/**
 * What a new process does: system calls only, and execve(2) at the end. Returns only if that
 * failed.
 */
typedef void platform_become(void *job);

/**
 * Runs `become(job)` in a new process, and returns its id when that is another program or has
 * ended; -1 and errno when there is none. What a `become` that has returned wrote into `job`, which
 * has `size` bytes, is in it afterwards. To be called with all signals blocked. See vfork(2).
 */
pid_t platform_start(platform_become *become, void *job, size_t size);

/**
 * For a new process: it is killed when the thread ends that started it, and its mark is `mark`
 * unless that is 0. What cannot be is left out. See PR_SET_PDEATHSIG in prctl(2), setrlimit(2).
 */
void platform_bind_child(uint64_t mark);

/**
 * The mark that a process was started with, or inherited; false when it has none, or is not to be
 * looked at: errno is then ESRCH if it is gone, and else another. See prlimit(2), RLIMIT_RTTIME.
 */
bool platform_mark_of(pid_t pid, uint64_t *ret_mark);

/** Can what we start be marked? Not when there is a hard limit of RLIMIT_RTTIME. */
bool platform_can_mark(struct failure *why);

/** One process. */
typedef void platform_visit(void *context, pid_t pid);

/**
 * Tells of every process of the machine, in the order of their ids; of who starts or ends
 * meanwhile, perhaps. False: nobody can tell. See proc(5).
 */
bool platform_each_process(platform_visit *visit, void *context);

/**
 * From now on orphans among our descendants become our children, so that we can reap and kill them.
 * Where that cannot be, who has left his group is out of reach once his parents are dead, unless
 * he has a mark. See PR_SET_CHILD_SUBREAPER in prctl(2); not inherited over fork.
 */
bool platform_become_subreaper(struct failure *why);

/**
 * Where our own program is; owned by the caller. NULL when nobody can tell, or it was removed.
 * See /proc/pid/exe in proc(5).
 */
char *platform_own_program(void);

/**
 * A path without blanks by which all that we start find what `fd` is open on, while it is; owned by
 * the caller. NULL: there is none. See /proc/pid/fd in proc(5).
 */
char *platform_fd_path(int fd);

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
