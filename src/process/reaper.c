#include "process/reaper.h"

#include "process/group.h"
#include "process/guardian.h"
#include "process/platform.h"

#include <errno.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>

enum { STRAYS_AT_ONCE = 1024, MS_NS = 1000 * 1000, SLICE_NS = REAPER_LOOK_MS * MS_NS };

static void on_child(uv_signal_t *handle, int number);
static void on_look(uv_timer_t *timer);
static void look_around(struct reaper *reaper);
static void reap_strangers(struct reaper *reaper);

// A parent may have started us with the signal blocked; then nothing would ever end.
static void unblock(int number)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, number);
    pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}

bool reaper_init(struct reaper *reaper, uv_loop_t *loop, struct guardian *guardian,
                 struct failure *why)
{
    *reaper = (struct reaper){.guardian = guardian};
    uv_timer_init(loop, &reaper->look);
    reaper->look.data = reaper;
    int status = uv_signal_init(loop, &reaper->on_child);
    if (status == 0) {
        reaper->on_child.data = reaper;
        status = uv_signal_start(&reaper->on_child, on_child, SIGCHLD);
    }
    if (status != 0) {
        reaper_close(reaper);
        return failure_errno(why, -status, "cannot watch for the end of children");
    }
    uv_unref((uv_handle_t *)&reaper->on_child);
    unblock(SIGCHLD);
    return true;
}

static void close_handle(uv_handle_t *handle)
{
    if (handle->data != NULL && !uv_is_closing(handle)) {
        uv_close(handle, NULL);
    }
}

void reaper_close(struct reaper *reaper)
{
    close_handle((uv_handle_t *)&reaper->on_child);
    close_handle((uv_handle_t *)&reaper->look);
}

// An id that was given out again proves that its old group is empty, whether or not we saw it.
static void retire_id(struct reaper *reaper, pid_t id)
{
    for (struct group *group = reaper->groups; group != NULL; group = group->next) {
        if (group->id == id && group->state == GROUP_DYING) {
            group->state = GROUP_GONE;
        }
    }
}

void reaper_add(struct reaper *reaper, struct group *group)
{
    retire_id(reaper, group->id);
    group->next = reaper->groups;
    reaper->groups = group;
    uv_ref((uv_handle_t *)&reaper->on_child);
}

void reaper_remove(struct reaper *reaper, struct group *group)
{
    struct group **link = &reaper->groups;
    while (*link != NULL) {
        if (*link == group) {
            *link = group->next;
        } else {
            link = &(*link)->next;
        }
    }
    if (reaper->groups == NULL) {
        uv_unref((uv_handle_t *)&reaper->on_child);
    }
}

static void on_child(uv_signal_t *handle, int number)
{
    (void)number;
    look_around(handle->data);
}

static void on_look(uv_timer_t *timer)
{
    look_around(timer->data);
}

static void tell_owners(struct reaper *reaper)
{
    for (struct group *group = reaper->groups; group != NULL; group = group->next) {
        while (group->told != group->state) {
            group->told = group->state;
            group->on_change(group->owner);
        }
    }
}

// A zombie whose parent is a stranger stays in the group as long as that one likes; it cannot
// write.
static void look_at_group(struct group *group)
{
    group_look(group);
    if (group->state == GROUP_DYING && uv_hrtime() >= group->gone_until_ns) {
        group->state = GROUP_GONE;
    }
}

static void look_at_groups(struct reaper *reaper)
{
    for (struct group *group = reaper->groups; group != NULL; group = group->next) {
        look_at_group(group);
    }
}

static bool is_any_dying(const struct reaper *reaper)
{
    bool dying = false;
    for (const struct group *group = reaper->groups; group != NULL; group = group->next) {
        dying = dying || group->state == GROUP_DYING;
    }
    return dying;
}

// From the kill on; it is not over while the leader can still be seen.
static bool is_hunted(const struct group *group)
{
    return group->hunted && group->state != GROUP_GONE;
}

static bool is_mark_hunted(void *context, uint64_t mark)
{
    struct reaper *reaper = context;
    for (struct group *group = reaper->groups; group != NULL; group = group->next) {
        if (group->mark == mark && is_hunted(group)) {
            group->hunt_over = false;
            return true;
        }
    }
    return false;
}

// One look at all processes serves all groups that are killed at a time. False: there are none.
static bool hunt(struct reaper *reaper)
{
    bool hunting = false;
    for (struct group *group = reaper->groups; group != NULL; group = group->next) {
        hunting = hunting || (is_hunted(group) && !group->hunt_over);
        group->hunt_over = is_hunted(group);
    }
    if (hunting && reaper->guardian != NULL) {
        marks_kill(&reaper->guardian->marks, is_mark_hunted, reaper);
    }
    return hunting;
}

static void look_around(struct reaper *reaper)
{
    look_at_groups(reaper);
    reap_strangers(reaper);
    tell_owners(reaper);
    if (hunt(reaper)) {
        look_at_groups(reaper);
        tell_owners(reaper);
    }
    if (!is_any_dying(reaper)) {
        uv_timer_stop(&reaper->look);
    }
}

static bool is_leader(const struct reaper *reaper, pid_t pid)
{
    for (const struct group *group = reaper->groups; group != NULL; group = group->next) {
        if (group->id == pid && (group->state == GROUP_RUNNING || group->state == GROUP_EXITED)) {
            return true;
        }
    }
    return false;
}

static bool is_guardian(const struct reaper *reaper, pid_t pid)
{
    return reaper->guardian != NULL && pid == reaper->guardian->pid;
}

// Stops at a leader that is kept: those behind it are reaped when it is released.
static void reap_strangers(struct reaper *reaper)
{
    for (;;) {
        siginfo_t info = {0};
        int found = waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT);
        if (found != 0 || info.si_pid == 0 || is_leader(reaper, info.si_pid)) {
            return;
        }
        waitpid(info.si_pid, NULL, 0);
        if (is_guardian(reaper, info.si_pid)) {
            guardian_was_reaped(reaper->guardian);
        }
    }
}

void reaper_release(struct reaper *reaper, struct group *group)
{
    group_release(group);
    reap_strangers(reaper);
    if (group->state == GROUP_DYING) {
        group->gone_until_ns = uv_hrtime() + (uint64_t)REAPER_GONE_MS * MS_NS;
        uv_timer_start(&reaper->look, on_look, 0, REAPER_LOOK_MS);
    }
}

// Whoever outlives his parents is our child then: a subreaper in between would be one himself.
bool reaper_is_alone(const struct reaper *reaper)
{
    pid_t pids[STRAYS_AT_ONCE];
    size_t count = platform_children(pids, STRAYS_AT_ONCE);
    bool alone = count < STRAYS_AT_ONCE && !is_any_dying(reaper);
    bool listed = false; // were we told our children at all?
    for (size_t i = 0; i < count; i++) {
        bool known = is_guardian(reaper, pids[i]);
        listed = listed || known;
        alone = alone && (known || is_leader(reaper, pids[i]));
    }
    return alone && listed;
}

static void kill_groups(struct reaper *reaper)
{
    for (struct group *group = reaper->groups; group != NULL; group = group->next) {
        group_kill(group);
        group_look(group);
        if (group->state == GROUP_EXITED) {
            group_release(group);
        }
    }
}

// Whoever left its group is our child once its parents are dead; round by round the tree comes to
// us. `ret_listed`: were we told our children at all? The guardian is one of them.
static bool kill_strays(struct reaper *reaper, bool *ret_listed)
{
    pid_t pids[STRAYS_AT_ONCE];
    size_t count = platform_children(pids, STRAYS_AT_ONCE);
    bool left = false;
    *ret_listed = false;
    for (size_t i = 0; i < count; i++) {
        if (is_guardian(reaper, pids[i])) {
            *ret_listed = true;
        } else {
            kill(pids[i], SIGKILL);
            left = true;
        }
    }
    return left;
}

static bool are_groups_left(const struct reaper *reaper)
{
    bool left = false;
    for (const struct group *group = reaper->groups; group != NULL; group = group->next) {
        left = left || group->state != GROUP_GONE;
    }
    return left;
}

// Those who are no children of ours yet need not be waited for.
static void kill_marked(struct reaper *reaper)
{
    size_t left = reaper->guardian == NULL ? 0 : marks_kill(&reaper->guardian->marks, NULL, NULL);
    for (struct group *group = reaper->groups; group != NULL; group = group->next) {
        group->hunt_over = left == 0;
        group_look(group);
    }
}

// False when nobody is left.
static bool kill_round(struct reaper *reaper, bool *ret_listed)
{
    kill_groups(reaper);
    reap_strangers(reaper);
    bool strays = kill_strays(reaper, ret_listed);
    if (strays || are_groups_left(reaper)) {
        kill_marked(reaper);
    }
    return strays || are_groups_left(reaper);
}

static bool wait_for_child(const sigset_t *child_signal, uint64_t until_ns)
{
    if (uv_hrtime() >= until_ns) {
        return false;
    }
    // In slices: a thread of libuv's pool may have taken the signal in our place.
    struct timespec slice = {.tv_nsec = SLICE_NS};
    sigtimedwait(child_signal, NULL, &slice);
    return true;
}

void reaper_kill_all(struct reaper *reaper)
{
    uint64_t until_ns = uv_hrtime() + (uint64_t)REAPER_KILL_ALL_MS * MS_NS;
    sigset_t child_signal;
    sigset_t before;
    sigemptyset(&child_signal);
    sigaddset(&child_signal, SIGCHLD);
    pthread_sigmask(SIG_BLOCK, &child_signal, &before);
    bool listed = false;
    bool left = kill_round(reaper, &listed);
    while (left && wait_for_child(&child_signal, until_ns)) {
        left = kill_round(reaper, &listed);
    }
    if (!left && listed) {
        guardian_all_gone(reaper->guardian);
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    // We have taken the signals that would have told the loop.
    raise(SIGCHLD);
}
