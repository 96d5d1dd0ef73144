/**
 * stdin -> frames. One request per frame; what is in it is protocol/'s business.
 */
#ifndef RELAY_PROGRAM_INLET_H
#define RELAY_PROGRAM_INLET_H

#include "base/failure.h"
#include "protocol/frame.h"

#include <uv.h>

enum {
    INLET_CHUNK_BYTES = 64 * 1024, /**< how much is read at once */
    /** What a larger frame took goes back to the system, however long the worker lives. */
    INLET_LARGE_BYTES = 1024 * 1024
};

/** Called from the loop only. inlet_close() may be called from within. */
struct inlet_events {
    /** One whole frame, borrowed for the call only. */
    void (*on_frame)(void *owner, const char *frame, size_t len);
    /** No more frames. NULL: clean end at a frame boundary. Once, and not after inlet_close(). */
    void (*on_closed)(void *owner, const struct failure *why);
};

/** `events` (must stay valid, usually a static const) and `owner` are borrowed until inlet_close().
 */
struct inlet_spec {
    int fd;                            /**< where the frames come from; the inlet's on success */
    enum wire wire;                    /**< how they are cut; WIRE_AUTO finds out */
    const struct inlet_events *events; /**< who is told */
    void *owner;                       /**< for events */
};

struct inlet {
    uv_pipe_t pipe;                    /**< where bytes come from */
    struct frame_reader reader;        /**< bytes that are not a whole frame yet */
    const struct inlet_events *events; /**< who is told */
    void *owner;                       /**< for events */
    bool opened;                       /**< there is something to close */
    bool muted;                        /**< no event may come any more */
    char chunk[INLET_CHUNK_BYTES];     /**< where libuv puts what it read */
};

/**
 * Starts reading frames. The fd becomes non-blocking. Fails, with the fd untouched, for anything
 * but a pipe or socket: libuv would abort later on a file or on /dev/null (process/pipes.h). After
 * any other failure the fd is closed once the loop has run. The struct must stay where it is until
 * the loop has run the close callback. See uv_pipe_open.
 */
bool inlet_open(struct inlet *inlet, uv_loop_t *loop, const struct inlet_spec *spec,
                struct failure *why);

/** Which wire format the peer speaks; the undecided one until the first bytes came. */
enum wire inlet_wire(const struct inlet *inlet);

/** Stops reading and closes the fd. Any time, any number of times; the loop must run once more. */
void inlet_close(struct inlet *inlet);

#endif
