// Our own spawn: libuv has no hook between fork and exec, and there the child must lead its own
// session and tell the guardian its group before it becomes another program.
#define _GNU_SOURCE
#include "process/platform.h"

#include "base/text.h"
#include "base/tree.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { FIRST_FREE_FD = STDERR_FILENO + 1, EXIT_NOT_STARTED = 127 };

enum spawn_step { STEP_FILES, STEP_DIRECTORY, STEP_EXEC };

// Lives on the parent's stack and is shared with the child until exec (vfork). What the child
// writes is volatile: for the compiler, the branch that writes it never returns.
struct spawn_job {
    const struct platform_spawn_spec *spec;
    pid_t parent;
    const char *search_path;       // where a program without a slash is looked for
    volatile enum spawn_step step; // where the child is
    volatile int error;            // errno of the step that failed; 0: the program runs
};

_Noreturn static void run_child(struct spawn_job *job);
static void explain(const struct spawn_job *job, struct failure *why);

static const char *find_search_path(char *const *envp)
{
    for (; *envp != NULL; envp++) {
        const char *path = text_after(*envp, "PATH=");
        if (path != NULL) {
            return path;
        }
    }
    return "/usr/bin:/bin";
}

static void tell_guardian(int fd, pid_t record)
{
    if (fd >= 0) {
        // Without a guardian PR_SET_PDEATHSIG is still there.
        ssize_t written = write(fd, &record, sizeof record);
        (void)written;
    }
}

// No signal of ours may be handled in the child, which runs in our memory until exec.
static pid_t fork_blocked(struct spawn_job *job)
{
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &before);
    // NOLINTNEXTLINE(clang-analyzer-security.insecureAPI.vfork): the child only makes system calls
    pid_t pid = vfork();
    if (pid == 0) {
        run_child(job); // NOLINT(clang-analyzer-unix.Vfork): as above
    }
    int error = errno;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    errno = error;
    return pid;
}

pid_t platform_spawn(const struct platform_spawn_spec *spec, struct failure *why)
{
    assert(spec->argv[0] != NULL);
    struct spawn_job job = {
        .spec = spec, .parent = getpid(), .search_path = find_search_path(spec->envp)};
    pid_t pid = fork_blocked(&job);
    if (pid < 0) {
        failure_errno(why, errno, "cannot start '%s'", spec->argv[0]);
        return -1;
    }
    if (job.error != 0) {
        tell_guardian(spec->guardian_fd, -pid);
        while (waitpid(pid, NULL, 0) < 0 && errno == EINTR) {
        }
        explain(&job, why);
        return -1;
    }
    return pid;
}

static void explain(const struct spawn_job *job, struct failure *why)
{
    const struct platform_spawn_spec *spec = job->spec;
    switch (job->step) {
    case STEP_FILES:
        failure_errno(why, job->error, "cannot start '%s': cannot connect its output",
                      spec->argv[0]);
        break;
    case STEP_DIRECTORY:
        failure_errno(why, job->error, "cannot start '%s' in '%s'", spec->argv[0], spec->cwd);
        break;
    case STEP_EXEC:
        failure_errno(why, job->error, "cannot start '%s'", spec->argv[0]);
        break;
    }
}

static bool put_fd(int fd, int target)
{
    return fd == target ? fcntl(fd, F_SETFD, 0) == 0 : dup2(fd, target) == target;
}

// A descriptor that one of the targets would overwrite moves out of the way first.
static int lift_fd(int fd)
{
    return fd >= FIRST_FREE_FD ? fd : fcntl(fd, F_DUPFD_CLOEXEC, FIRST_FREE_FD);
}

static bool connect_files(const struct platform_spawn_spec *spec)
{
    int out = lift_fd(spec->stdout_fd);
    int err = lift_fd(spec->stderr_fd);
    int in = open("/dev/null", O_RDONLY | O_CLOEXEC);
    return out >= 0 && err >= 0 && in >= 0 && put_fd(in, STDIN_FILENO) &&
           put_fd(out, STDOUT_FILENO) && put_fd(err, STDERR_FILENO);
}

// A guardian that is gone leaves us a SIGPIPE. It waits, blocked, and would end the program after
// exec.
static void drop_broken_pipe(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGPIPE);
    sigtimedwait(&set, NULL, &(struct timespec){0});
}

// Handlers go before the mask opens: in a child before exec, one would run in the parent's memory.
void platform_reset_signals(void)
{
    struct sigaction standard = {.sa_handler = SIG_DFL};
    for (int number = 1; number < NSIG; number++) {
        sigaction(number, &standard, NULL);
    }
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
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

static bool may_be_elsewhere(int error)
{
    return error == ENOENT || error == ENOTDIR || error == EACCES || error == ENAMETOOLONG;
}

// Runs `dir`/`name`; returns only if that failed, with errno.
static void exec_in(const char *dir, size_t dir_len, const struct platform_spawn_spec *spec)
{
    char path[PATH_MAX];
    const char *name = spec->argv[0];
    size_t name_len = strlen(name);
    size_t slash_len = dir_len > 0 ? 1 : 0;
    if (dir_len + slash_len + name_len >= sizeof path) {
        errno = ENAMETOOLONG;
        return;
    }
    memcpy(path, dir, dir_len);
    path[dir_len] = '/';
    memcpy(path + dir_len + slash_len, name, name_len + 1);
    execve(path, spec->argv, spec->envp);
}

// Returns the error that says most: one that is there but may not be run, before one that is not
// there.
static int exec_searched(const struct spawn_job *job)
{
    int error = ENOENT;
    for (const char *dir = job->search_path;; dir++) {
        size_t len = strcspn(dir, ":");
        exec_in(dir, len, job->spec);
        if (!may_be_elsewhere(errno)) {
            return errno;
        }
        error = errno == EACCES ? EACCES : error;
        dir += len;
        if (*dir == '\0') {
            return error;
        }
    }
}

static int exec_program(const struct spawn_job *job)
{
    const char *name = job->spec->argv[0];
    if (strchr(name, '/') == NULL && name[0] != '\0') {
        return exec_searched(job);
    }
    execve(name, job->spec->argv, job->spec->envp);
    return errno;
}

_Noreturn static void stop_child(struct spawn_job *job, int error)
{
    job->error = error;
    _exit(EXIT_NOT_STARTED);
}

static void run_child(struct spawn_job *job)
{
    const struct platform_spawn_spec *spec = job->spec;
    setsid();
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != job->parent) { // it died before we had said so
        stop_child(job, ESRCH);
    }
    tell_guardian(spec->guardian_fd, getpid());
    set_mark(spec->mark);
    drop_broken_pipe();
    job->step = STEP_FILES;
    if (!connect_files(spec)) {
        stop_child(job, errno);
    }
    job->step = STEP_DIRECTORY;
    if (spec->cwd != NULL && chdir(spec->cwd) != 0) {
        stop_child(job, errno);
    }
    job->step = STEP_EXEC;
    platform_reset_signals();
    stop_child(job, exec_program(job));
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

bool platform_can_mark(void)
{
    struct rlimit limit;
    return getrlimit(RLIMIT_RTTIME, &limit) == 0 && limit.rlim_max == RLIM_INFINITY;
}

bool platform_become_subreaper(struct failure *why)
{
    if (prctl(PR_SET_CHILD_SUBREAPER, 1) != 0) {
        return failure_errno(why, errno, "cannot adopt orphaned processes");
    }
    return true;
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
