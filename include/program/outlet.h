/**
 * Responses -> stdout, in the order they were sent, never two mixed.
 */
#ifndef RELAY_PROGRAM_OUTLET_H
#define RELAY_PROGRAM_OUTLET_H

#include "base/bytes.h"
#include "base/failure.h"

#include <uv.h>

/** The peer does not take responses any more. Once, from the loop, never from within outlet_send().
 */
typedef void outlet_failed(void *owner, const struct failure *why);

/** `owner` is borrowed until outlet_close(). */
struct outlet_spec {
    int fd;                   /**< where the frames go; the outlet's on success */
    outlet_failed *on_failed; /**< who is told */
    void *owner;              /**< for on_failed */
};

struct outlet {
    uv_pipe_t pipe;           /**< where bytes go */
    outlet_failed *on_failed; /**< who is told */
    void *owner;              /**< for on_failed */
    size_t pending;           /**< bytes taken and not yet written */
    bool opened;              /**< there is something to close */
    bool failed;              /**< on_failed was called, or may not be called any more */
};

/**
 * Gets ready to write. The fd becomes non-blocking. Fails, with the fd untouched, for anything but
 * a pipe or socket; after any other failure the fd is closed once the loop has run. SIGPIPE must be
 * ignored in this process. The struct must stay where it is until the loop has run the close
 * callback. See uv_pipe_open.
 */
bool outlet_open(struct outlet *outlet, uv_loop_t *loop, const struct outlet_spec *spec,
                 struct failure *why);

/**
 * Sends one frame; the outlet owns its bytes from now on, `take_frame` is empty afterwards. A frame
 * that fits into the pipe is one write(2) within this call. After a failure frames are dropped. See
 * uv_try_write, uv_write.
 */
void outlet_send(struct outlet *outlet, struct bytes *take_frame);

/** Bytes that were sent and that the peer has not made room for yet. */
size_t outlet_pending(const struct outlet *outlet);

/**
 * Drops what is pending and closes the fd. Any time, any number of times; the loop must run once
 * more.
 */
void outlet_close(struct outlet *outlet);

#endif
