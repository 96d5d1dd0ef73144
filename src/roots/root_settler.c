#include "roots/root_settler.h"

#include "base/mem.h"
#include "process/idle.h"
#include "process/reaper.h"
#include "roots/private_root.h"

#include <stdlib.h>

struct root_settler {
    const struct reaper *reaper;
    struct idle *idle;
    struct private_root **roots;
    size_t count;
};

static void on_idle(void *owner);

struct root_settler *root_settler_create(uv_loop_t *loop, const struct reaper *reaper)
{
    struct root_settler *settler = mem_zalloc(sizeof *settler);
    settler->reaper = reaper;
    settler->idle = idle_create(loop, 0, on_idle, settler);
    return settler;
}

void root_settler_take(struct root_settler *settler, struct private_root *take_root)
{
    private_root_leave(take_root);
    settler->roots = mem_reserve_one(settler->roots, settler->count, sizeof settler->roots[0]);
    settler->roots[settler->count++] = take_root;
    idle_set(settler->idle, true);
}

// First it is asked who lives: what somebody wrote who was dead by then is seen.
static void on_idle(void *owner)
{
    struct root_settler *settler = owner;
    bool alone = reaper_is_alone(settler->reaper);
    for (size_t i = 0; i < settler->count; i++) {
        if (alone) {
            private_root_settle(settler->roots[i]);
        }
        private_root_release(settler->roots[i]);
    }
    settler->count = 0;
    idle_set(settler->idle, false);
}

void root_settler_close(struct root_settler *settler)
{
    if (settler == NULL) {
        return;
    }
    for (size_t i = 0; i < settler->count; i++) {
        private_root_release(settler->roots[i]);
    }
    idle_close(settler->idle);
    free(settler->roots);
    free(settler);
}
