#include "process/idle.h"

#include "base/mem.h"

#include <stdlib.h>

struct idle {
    uv_timer_t timer;
    uint64_t wait_ms;
    idle_over *over;
    void *owner;
};

struct idle *idle_create(uv_loop_t *loop, uint64_t wait_ms, idle_over *over, void *owner)
{
    struct idle *idle = mem_zalloc(sizeof *idle);
    idle->wait_ms = wait_ms;
    idle->over = over;
    idle->owner = owner;
    uv_timer_init(loop, &idle->timer);
    idle->timer.data = idle;
    return idle;
}

static void on_timer(uv_timer_t *timer)
{
    struct idle *idle = timer->data;
    idle->over(idle->owner);
}

void idle_set(struct idle *idle, bool is_idle)
{
    if (!is_idle) {
        uv_timer_stop(&idle->timer);
    } else if (!uv_is_active((uv_handle_t *)&idle->timer)) {
        uv_update_time(idle->timer.loop); // the loop's clock may stand where a long callback began
        uv_timer_start(&idle->timer, on_timer, idle->wait_ms, 0);
    }
}

static void on_closed(uv_handle_t *handle)
{
    free(handle->data);
}

void idle_close(struct idle *idle)
{
    if (idle != NULL) {
        uv_close((uv_handle_t *)&idle->timer, on_closed);
    }
}
