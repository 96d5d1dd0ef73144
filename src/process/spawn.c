// Our own spawn: libuv has no hook between fork and exec, and there the child must lead its own
// session and tell the guardian its group before it becomes another program.
#include "process/spawn.h"

#include "base/text.h"
#include "process/platform.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

// No system has more signals; one that it lacks is refused without harm.
enum { FIRST_FREE_FD = STDERR_FILENO + 1, SIGNAL_MAX = 128 };

enum spawn_step { STEP_FILES, STEP_DIRECTORY, STEP_EXEC };

// What the child writes into it is seen by the parent (platform_start).
struct spawn_job {
    const struct spawn_spec *spec;
    pid_t parent;
    const char *search_path; // where a program without a slash is looked for
    enum spawn_step step;    // where the child is
    int error;               // errno of the step that failed; 0: the program runs
};

static void run_child(void *context);
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
        // Without a guardian there may still be platform_bind_child().
        ssize_t written = write(fd, &record, sizeof record);
        (void)written;
    }
}

// No signal of ours may be handled in the child, which may run in our memory until exec.
static pid_t start_blocked(struct spawn_job *job)
{
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &before);
    pid_t pid = platform_start(run_child, job, sizeof *job);
    int error = errno;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    errno = error;
    return pid;
}

pid_t spawn_program(const struct spawn_spec *spec, struct failure *why)
{
    assert(spec->argv[0] != NULL);
    struct spawn_job job = {
        .spec = spec, .parent = getpid(), .search_path = find_search_path(spec->envp)};
    pid_t pid = start_blocked(&job);
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
    const struct spawn_spec *spec = job->spec;
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

static bool connect_files(const struct spawn_spec *spec)
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
void spawn_reset_signals(void)
{
    struct sigaction standard = {.sa_handler = SIG_DFL};
    for (int number = 1; number <= SIGNAL_MAX; number++) {
        sigaction(number, &standard, NULL);
    }
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

static bool may_be_elsewhere(int error)
{
    return error == ENOENT || error == ENOTDIR || error == EACCES || error == ENAMETOOLONG;
}

// Runs `dir`/`name`; returns only if that failed, with errno.
static void exec_in(const char *dir, size_t dir_len, const struct spawn_spec *spec)
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

// Returns the error of the step that it came to.
static int become_program(struct spawn_job *job)
{
    const struct spawn_spec *spec = job->spec;
    setsid();
    platform_bind_child(spec->mark);
    if (getppid() != job->parent) { // it died before we were bound to it
        return ESRCH;
    }
    tell_guardian(spec->guardian_fd, getpid());
    drop_broken_pipe();
    job->step = STEP_FILES;
    if (!connect_files(spec)) {
        return errno;
    }
    job->step = STEP_DIRECTORY;
    if (spec->cwd != NULL && chdir(spec->cwd) != 0) {
        return errno;
    }
    job->step = STEP_EXEC;
    spawn_reset_signals();
    return exec_program(job);
}

static void run_child(void *context)
{
    struct spawn_job *job = context;
    job->error = become_program(job);
}
