/**
 * Tells when nothing has happened for some time.
 */
#ifndef RELAY_PROCESS_IDLE_H
#define RELAY_PROCESS_IDLE_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

struct idle;

typedef void idle_over(void *owner);

/** `over` is called from the loop, `wait_ms` after idle_set(true). */
struct idle *idle_create(uv_loop_t *loop, uint64_t wait_ms, idle_over *over, void *owner);

/** The time begins (it goes on if it has begun), or nothing is told. */
void idle_set(struct idle *idle, bool is_idle);

/** No call comes any more. Accepts NULL. */
void idle_close(struct idle *idle);

#endif
