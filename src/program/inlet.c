#include "program/inlet.h"

#include "process/pipes.h"
#include "process/platform.h"

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf);
static void on_read(uv_stream_t *stream, ssize_t len, const uv_buf_t *buf);
static void on_pipe_closed(uv_handle_t *handle);

bool inlet_open(struct inlet *inlet, uv_loop_t *loop, const struct inlet_spec *spec,
                struct failure *why)
{
    if (!pipes_check(spec->fd, "stdin", why)) {
        return false;
    }
    inlet->events = spec->events;
    inlet->owner = spec->owner;
    inlet->opened = true;
    inlet->muted = false;
    frame_reader_init(&inlet->reader, spec->wire);
    uv_pipe_init(loop, &inlet->pipe, 0);
    inlet->pipe.data = inlet;
    int status = uv_pipe_open(&inlet->pipe, spec->fd);
    if (status == 0) {
        status = uv_read_start((uv_stream_t *)&inlet->pipe, on_alloc, on_read);
    }
    if (status != 0) {
        inlet_close(inlet);
        return failure_errno(why, -status, "cannot read stdin");
    }
    return true;
}

enum wire inlet_wire(const struct inlet *inlet)
{
    return frame_reader_wire(&inlet->reader);
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
    (void)suggested;
    struct inlet *inlet = handle->data;
    *buf = uv_buf_init(inlet->chunk, sizeof inlet->chunk);
}

static void finish(struct inlet *inlet, const struct failure *why)
{
    if (!inlet->muted) {
        inlet->muted = true;
        uv_read_stop((uv_stream_t *)&inlet->pipe);
        inlet->events->on_closed(inlet->owner, why);
    }
}

// The owner may close the inlet within on_frame: ask again before each frame.
static void hand_out_frames(struct inlet *inlet)
{
    enum frame_status status = FRAME_READY;
    size_t largest = 0;
    while (status == FRAME_READY && !inlet->muted) {
        const char *frame = NULL;
        size_t len = 0;
        struct failure why;
        status = frame_reader_next(&inlet->reader, &frame, &len, &why);
        if (status == FRAME_READY) {
            largest = len > largest ? len : largest;
            inlet->events->on_frame(inlet->owner, frame, len);
        } else if (status == FRAME_BROKEN) {
            finish(inlet, &why);
        }
    }
    if (largest > INLET_LARGE_BYTES) {
        platform_return_memory();
    }
}

static void end_of_input(struct inlet *inlet)
{
    if (frame_reader_at_boundary(&inlet->reader)) {
        finish(inlet, NULL);
        return;
    }
    struct failure why;
    failure_set(&why, "stdin ended in the middle of a request");
    finish(inlet, &why);
}

static void read_failed(struct inlet *inlet, int error)
{
    struct failure why;
    failure_errno(&why, error, "cannot read stdin");
    finish(inlet, &why);
}

static void on_read(uv_stream_t *stream, ssize_t len, const uv_buf_t *buf)
{
    struct inlet *inlet = stream->data;
    if (len > 0) {
        frame_reader_feed(&inlet->reader, buf->base, (size_t)len);
        hand_out_frames(inlet);
    } else if (len == UV_EOF) {
        end_of_input(inlet);
    } else if (len < 0) {
        read_failed(inlet, (int)-len);
    }
}

void inlet_close(struct inlet *inlet)
{
    inlet->muted = true;
    if (inlet->opened && !uv_is_closing((uv_handle_t *)&inlet->pipe)) {
        uv_close((uv_handle_t *)&inlet->pipe, on_pipe_closed);
    }
}

static void on_pipe_closed(uv_handle_t *handle)
{
    struct inlet *inlet = handle->data;
    inlet->opened = false;
    frame_reader_finish(&inlet->reader);
}
