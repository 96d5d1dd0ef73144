/**
 * A compile that another worker process runs: waiting for its end.
 */
#ifndef RELAY_PROGRAM_ATTACHMENT_H
#define RELAY_PROGRAM_ATTACHMENT_H

#include "store/shared.h"

#include <uv.h>

struct attachment;

/**
 * Waits for the end of the compile in `dir`; `over` is called once, from the loop, with `owner`.
 * NULL: there is nothing to wait for. Give it back with attachment_close().
 */
struct attachment *attachment_open(uv_loop_t *loop, const char *dir, shared_over *over,
                                   void *owner);

/** Ends the wait; may be called from within `over`. Accepts NULL. */
void attachment_close(struct attachment *attachment);

#endif
