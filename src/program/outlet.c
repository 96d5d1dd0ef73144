#include "program/outlet.h"

#include "base/mem.h"
#include "process/pipes.h"

#include <assert.h>
#include <stdlib.h>

// What did not fit into the pipe at once; owns its bytes until libuv is done with them.
struct rest {
    uv_write_t request;
    struct outlet *outlet;
    struct bytes frame;
    size_t len; // how much of the frame is still to be written
};

static void on_written(uv_write_t *request, int status);
static void on_pipe_closed(uv_handle_t *handle);

bool outlet_open(struct outlet *outlet, uv_loop_t *loop, const struct outlet_spec *spec,
                 struct failure *why)
{
    if (!pipes_check(spec->fd, "stdout", why)) {
        return false;
    }
    *outlet = (struct outlet){.on_failed = spec->on_failed, .owner = spec->owner, .opened = true};
    uv_pipe_init(loop, &outlet->pipe, 0);
    outlet->pipe.data = outlet;
    int status = uv_pipe_open(&outlet->pipe, spec->fd);
    if (status == 0 && !uv_is_writable((uv_stream_t *)&outlet->pipe)) {
        status = UV_EBADF;
    }
    if (status != 0) {
        outlet_close(outlet);
        return failure_errno(why, -status, "cannot write to stdout");
    }
    return true;
}

// How much the pipe took at once. An error comes back when the rest is queued, and is reported
// there.
static size_t write_now(struct outlet *outlet, const struct bytes *frame)
{
    if (outlet->pending > 0) {
        return 0;
    }
    uv_buf_t buf = uv_buf_init(frame->data, (unsigned)frame->len);
    int written = uv_try_write((uv_stream_t *)&outlet->pipe, &buf, 1);
    return written > 0 ? (size_t)written : 0;
}

static void write_later(struct outlet *outlet, struct bytes *take_frame, size_t done)
{
    struct rest *rest = mem_zalloc(sizeof *rest);
    rest->request.data = rest;
    rest->outlet = outlet;
    rest->frame = *take_frame;
    rest->len = take_frame->len - done;
    *take_frame = (struct bytes){0};
    outlet->pending += rest->len;
    uv_buf_t buf = uv_buf_init(rest->frame.data + done, (unsigned)rest->len);
    int status = uv_write(&rest->request, (uv_stream_t *)&outlet->pipe, &buf, 1, on_written);
    // Cannot fail for an open pipe: errors of write(2) come to on_written, from the loop.
    assert(status == 0);
    (void)status;
}

void outlet_send(struct outlet *outlet, struct bytes *take_frame)
{
    if (outlet->opened && !outlet->failed) {
        size_t done = write_now(outlet, take_frame);
        if (done < take_frame->len) {
            write_later(outlet, take_frame, done);
        }
    }
    bytes_finish(take_frame);
}

static void fail(struct outlet *outlet, int error)
{
    struct failure why;
    failure_errno(&why, error, "cannot write a response to stdout");
    outlet->failed = true;
    outlet->on_failed(outlet->owner, &why);
}

static void on_written(uv_write_t *request, int status)
{
    struct rest *rest = request->data;
    struct outlet *outlet = rest->outlet;
    outlet->pending -= rest->len;
    bytes_finish(&rest->frame);
    free(rest);
    if (status < 0 && !outlet->failed) {
        fail(outlet, -status);
    }
}

size_t outlet_pending(const struct outlet *outlet)
{
    return outlet->pending;
}

void outlet_close(struct outlet *outlet)
{
    outlet->failed = true;
    if (outlet->opened && !uv_is_closing((uv_handle_t *)&outlet->pipe)) {
        uv_close((uv_handle_t *)&outlet->pipe, on_pipe_closed);
    }
}

static void on_pipe_closed(uv_handle_t *handle)
{
    struct outlet *outlet = handle->data;
    outlet->opened = false;
}
