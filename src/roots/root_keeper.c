#include "roots/root_keeper.h"

#include "base/mem.h"
#include "process/idle.h"
#include "process/reaper.h"
#include "roots/private_root.h"

#include <stdlib.h>

struct root_keeper {
    const struct reaper *reaper;
    struct idle *idle;
    struct private_root **roots;
    size_t count;
};

static void on_idle(void *owner);

struct root_keeper *root_keeper_create(uv_loop_t *loop, const struct reaper *reaper)
{
    struct root_keeper *keeper = mem_zalloc(sizeof *keeper);
    keeper->reaper = reaper;
    keeper->idle = idle_create(loop, 0, on_idle, keeper);
    return keeper;
}

void root_keeper_take(struct root_keeper *keeper, struct private_root *take_root)
{
    private_root_leave(take_root);
    keeper->roots = mem_reserve_one(keeper->roots, keeper->count, sizeof keeper->roots[0]);
    keeper->roots[keeper->count++] = take_root;
    idle_set(keeper->idle, true);
}

// First it is asked who lives: what somebody wrote who was dead by then is seen.
static void on_idle(void *owner)
{
    struct root_keeper *keeper = owner;
    bool alone = reaper_is_alone(keeper->reaper);
    for (size_t i = 0; i < keeper->count; i++) {
        if (alone) {
            private_root_settle(keeper->roots[i]);
        }
        private_root_release(keeper->roots[i]);
    }
    keeper->count = 0;
    idle_set(keeper->idle, false);
}

void root_keeper_close(struct root_keeper *keeper)
{
    if (keeper == NULL) {
        return;
    }
    for (size_t i = 0; i < keeper->count; i++) {
        private_root_release(keeper->roots[i]);
    }
    idle_close(keeper->idle);
    free(keeper->roots);
    free(keeper);
}
