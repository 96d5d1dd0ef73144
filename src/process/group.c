#include "process/group.h"

#include "process/guardian.h"
#include "process/spawn.h"

#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <sys/wait.h>

bool group_start(struct group *group, const struct spawn_spec *spec, struct guardian *guardian,
                 struct failure *why)
{
    pid_t pid = spawn_program(spec, why);
    if (pid < 0) {
        return false;
    }
    group->id = pid;
    group->state = GROUP_RUNNING;
    group->told = GROUP_RUNNING;
    group->mark = spec->mark;
    group->guardian = guardian;
    return true;
}

// WNOWAIT: the leader stays a zombie and so keeps the id ours.
static void look_for_exit(struct group *group)
{
    siginfo_t info = {0};
    int looked = waitid(P_PID, (id_t)group->id, &info, WEXITED | WNOHANG | WNOWAIT);
    assert(looked == 0 && "somebody else reaps our children");
    if (looked != 0 || info.si_pid != group->id) {
        return;
    }
    group->exit_code = info.si_code == CLD_EXITED ? info.si_status : 0;
    group->signal = info.si_code == CLD_EXITED ? 0 : info.si_status;
    group->hunted = group->hunted || group->signal != 0;
    group->state = GROUP_EXITED;
}

static void look_for_members(struct group *group)
{
    while (waitpid(-group->id, NULL, WNOHANG) > 0) {
    }
    bool hunting = group->hunted && !group->hunt_over;
    if (!hunting && kill(-group->id, 0) != 0 && errno == ESRCH) {
        group->state = GROUP_GONE;
    }
}

void group_look(struct group *group)
{
    if (group->state == GROUP_RUNNING) {
        look_for_exit(group);
    } else if (group->state == GROUP_DYING) {
        look_for_members(group);
    }
}

void group_kill(struct group *group)
{
    group->hunted = true;
    if (group->state == GROUP_RUNNING || group->state == GROUP_EXITED) {
        kill(-group->id, SIGKILL);
    }
}

void group_release(struct group *group)
{
    assert(group->state == GROUP_EXITED);
    // One SIGKILL is enough: a fork that runs at the same time either happened before and the child
    // gets it too, or is cut off by it.
    kill(-group->id, SIGKILL);
    if (group->guardian != NULL) {
        guardian_forget(group->guardian, group->id);
    }
    while (waitpid(group->id, NULL, 0) < 0 && errno == EINTR) {
    }
    group->state = GROUP_DYING;
    group_look(group);
}
