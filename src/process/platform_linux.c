#define _GNU_SOURCE
#include "process/platform.h"

#include "base/mem.h"
#include "base/tree.h"

#include <errno.h>
#include <linux/magic.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/vfs.h>
#include <unistd.h>

enum { EXIT_NOT_STARTED = 127 };

// The child runs in our memory until exec, and writes into `job` itself.
pid_t platform_start(platform_become *become, void *job, size_t size)
{
    (void)size;
    // NOLINTNEXTLINE(clang-analyzer-security.insecureAPI.vfork): the child only makes system calls
    pid_t pid = vfork();
    if (pid == 0) {
        become(job); // NOLINT(clang-analyzer-unix.Vfork): as above
        _exit(EXIT_NOT_STARTED);
    }
    return pid;
}

// One that cannot be marked is found by its group only.
static void set_mark(uint64_t mark)
{
    struct rlimit limit;
    if (mark != 0 && getrlimit(RLIMIT_RTTIME, &limit) == 0) {
        limit.rlim_cur = (rlim_t)mark;
        setrlimit(RLIMIT_RTTIME, &limit);
    }
}

void platform_bind_child(uint64_t mark)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    set_mark(mark);
}

bool platform_mark_of(pid_t pid, uint64_t *ret_mark)
{
    struct rlimit limit;
    errno = 0;
    if (prlimit(pid, RLIMIT_RTTIME, NULL, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) {
        return false;
    }
    *ret_mark = (uint64_t)limit.rlim_cur;
    return true;
}

bool platform_can_mark(struct failure *why)
{
    struct rlimit limit;
    return (getrlimit(RLIMIT_RTTIME, &limit) == 0 && limit.rlim_max == RLIM_INFINITY) ||
           failure_set(why, "there is a hard limit of real-time computing (ulimit -HR)");
}

bool platform_each_process(platform_visit *visit, void *context)
{
    DIR *processes = opendir("/proc");
    for (const char *name = NULL; (name = tree_next(processes)) != NULL;) {
        long pid = strtol(name, NULL, 10);
        if (pid > 0) {
            visit(context, (pid_t)pid);
        }
    }
    bool is_known = processes != NULL;
    tree_close(processes);
    return is_known;
}

bool platform_become_subreaper(struct failure *why)
{
    if (prctl(PR_SET_CHILD_SUBREAPER, 1) != 0) {
        return failure_errno(why, errno, "cannot adopt orphaned processes");
    }
    return true;
}

char *platform_own_program(void)
{
    return realpath("/proc/self/exe", NULL);
}

char *platform_fd_path(int fd)
{
    return mem_format("/proc/%ld/fd/%d", (long)getpid(), fd);
}

void platform_set_name(const char *name)
{
    prctl(PR_SET_NAME, name);
}

void platform_return_memory(void)
{
    malloc_trim(0);
}

void platform_close_from(int first)
{
    closefrom(first);
}

static size_t children_of_thread(const char *thread, pid_t *ret_pids, size_t max)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/self/task/%.20s/children", thread);
    FILE *list = fopen(path, "re");
    if (list == NULL) {
        return 0;
    }
    size_t count = 0;
    while (count < max && fscanf(list, "%d", &ret_pids[count]) == 1) {
        count++;
    }
    fclose(list);
    return count;
}

size_t platform_children(pid_t *ret_pids, size_t max)
{
    DIR *threads = opendir("/proc/self/task");
    size_t count = 0;
    for (const char *name = NULL; (name = tree_next(threads)) != NULL;) {
        count += children_of_thread(name, ret_pids + count, max - count);
    }
    tree_close(threads);
    return count;
}

bool platform_memory_room(const char *path, struct platform_room *ret_room)
{
    const long links_are_not_followed = 0x2000; // ST_NOSYMFOLLOW, which older headers lack
    struct statfs info;
    if (statfs(path, &info) != 0 || info.f_type != TMPFS_MAGIC || info.f_blocks == 0 ||
        (info.f_flags & links_are_not_followed) != 0) {
        return false;
    }
    uint64_t block_bytes = (uint64_t)info.f_bsize;
    *ret_room = (struct platform_room){.bytes = info.f_blocks * block_bytes,
                                       .free_bytes = info.f_bavail * block_bytes,
                                       .files = info.f_files,
                                       .free_files = info.f_ffree};
    return true;
}
