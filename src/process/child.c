// A program that we run: joins its exit with the ends of its two outputs.
#include "process/child.h"

#include "base/mem.h"
#include "process/group.h"
#include "process/guardian.h"
#include "process/lines.h"
#include "process/reaper.h"
#include "process/spawn.h"

#include <assert.h>
#include <stdlib.h>
#include <unistd.h>

enum { WAITS_FOR_EXIT = 1, WAITS_FOR_OUT = 2, WAITS_FOR_ERR = 4 };
// libuv reads up to 32 of them in one turn of the loop: who writes without end must leave time for
// others.
enum { CHUNK_BYTES = 4 * 1024 };
// After the deadline: long enough that the loop has looked at the pipes once more.
enum { LAST_LOOK_MS = 1 };

struct child {
    struct group group;    // the process and its descendants
    struct reaper *reaper; // who watches it
    const struct child_events *events;
    void *owner;
    uv_pipe_t out;
    uv_pipe_t err;
    uv_timer_t drain;        // runs from the exit on while output may still come
    struct lines lines;      // of stderr
    unsigned pending;        // what it takes until the output is complete
    unsigned open_handles;   // what it takes until the memory may go
    bool killed;             // by child_kill: output does not matter any more
    bool drain_over;         // the deadline passed: nobody waits for the pipes any more
    bool last_look;          // the deadline passed, what is in the pipes is being read
    bool ended;              // on_ended was called, or would have been
    bool closed;             // the owner has given it back: no event
    char chunk[CHUNK_BYTES]; // where libuv puts what it read
};

static void on_group_change(void *owner);
static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf);
static void on_out(uv_stream_t *stream, ssize_t len, const uv_buf_t *buf);
static void on_err(uv_stream_t *stream, ssize_t len, const uv_buf_t *buf);
static void on_line(void *owner, const char *line, size_t len, bool ends);
static void on_drain(uv_timer_t *timer);
static void on_handle_closed(uv_handle_t *handle);
static void settle(struct child *child);

struct pipe_pair {
    uv_file out[2];
    uv_file err[2];
};

static void close_both(const uv_file fds[2])
{
    close(fds[0]);
    close(fds[1]);
}

// Only our ends are non-blocking: programs do not expect that of their stderr.
static bool make_pipes(struct pipe_pair *pipes, struct failure *why)
{
    int status = uv_pipe(pipes->out, UV_NONBLOCK_PIPE, 0);
    if (status != 0) {
        return failure_errno(why, -status, "cannot make a pipe");
    }
    status = uv_pipe(pipes->err, UV_NONBLOCK_PIPE, 0);
    if (status != 0) {
        close_both(pipes->out);
        return failure_errno(why, -status, "cannot make a pipe");
    }
    return true;
}

static void open_pipe(struct child *child, uv_pipe_t *pipe, uv_file fd, uv_read_cb on_read)
{
    uv_pipe_init(child->reaper->look.loop, pipe, 0);
    pipe->data = child;
    child->open_handles++;
    // Cannot fail for a fresh pipe: both only look at the descriptor's flags.
    int status = uv_pipe_open(pipe, fd);
    assert(status == 0);
    status = uv_read_start((uv_stream_t *)pipe, on_alloc, on_read);
    assert(status == 0);
    (void)status;
}

static void open_handles(struct child *child, const struct pipe_pair *pipes)
{
    open_pipe(child, &child->out, pipes->out[0], on_out);
    open_pipe(child, &child->err, pipes->err[0], on_err);
    uv_timer_init(child->reaper->look.loop, &child->drain);
    child->drain.data = child;
    child->open_handles++;
    child->pending = WAITS_FOR_EXIT | WAITS_FOR_OUT | WAITS_FOR_ERR;
    reaper_add(child->reaper, &child->group);
}

static bool start_program(struct child *child, const struct child_spec *spec,
                          const struct pipe_pair *pipes, struct failure *why)
{
    struct guardian *guardian = child->reaper->guardian;
    struct spawn_spec spawn = {
        .argv = spec->argv,
        .envp = spec->envp,
        .cwd = spec->cwd,
        .stdout_fd = pipes->out[1],
        .stderr_fd = pipes->err[1],
        .guardian_fd = guardian == NULL ? -1 : guardian->write_fd,
        .mark = guardian == NULL ? 0 : marks_next(&guardian->marks),
    };
    return group_start(&child->group, &spawn, guardian, why);
}

struct child *child_create(struct reaper *reaper, const struct child_spec *spec,
                           const struct child_events *events, void *owner, struct failure *why)
{
    struct pipe_pair pipes;
    if (!make_pipes(&pipes, why)) {
        return NULL;
    }
    struct child *child = mem_zalloc(sizeof *child);
    child->reaper = reaper;
    child->events = events;
    child->owner = owner;
    child->group.on_change = on_group_change;
    child->group.owner = child;
    bool started = start_program(child, spec, &pipes, why);
    close(pipes.out[1]);
    close(pipes.err[1]);
    if (!started) {
        close(pipes.out[0]);
        close(pipes.err[0]);
        free(child);
        return NULL;
    }
    open_handles(child, &pipes);
    return child;
}

pid_t child_pid(const struct child *child)
{
    return child->group.id;
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
    (void)suggested;
    struct child *child = handle->data;
    *buf = uv_buf_init(child->chunk, sizeof child->chunk);
}

// A read error is an end like any other: nothing more can come.
static void end_stream(struct child *child, uv_stream_t *stream, unsigned what)
{
    uv_read_stop(stream);
    child->pending &= ~what;
    settle(child);
}

static void on_out(uv_stream_t *stream, ssize_t len, const uv_buf_t *buf)
{
    struct child *child = stream->data;
    if (len < 0) {
        end_stream(child, stream, WAITS_FOR_OUT);
    } else if (len > 0 && !child->closed && child->events->on_stdout != NULL) {
        child->events->on_stdout(child->owner, buf->base, (size_t)len);
    }
}

static void on_err(uv_stream_t *stream, ssize_t len, const uv_buf_t *buf)
{
    struct child *child = stream->data;
    if (len < 0) {
        end_stream(child, stream, WAITS_FOR_ERR);
    } else {
        lines_feed(&child->lines, buf->base, (size_t)len, on_line, child);
    }
}

static void on_line(void *owner, const char *line, size_t len, bool ends)
{
    struct child *child = owner;
    if (!child->closed && child->events->on_stderr_line != NULL) {
        child->events->on_stderr_line(child->owner, line, len, ends);
    }
}

static void on_group_change(void *owner)
{
    settle(owner);
}

static void start_drain(struct child *child, uint64_t wait_ms)
{
    // The loop's clock may stand where a long callback began.
    uv_update_time(child->drain.loop);
    uv_timer_start(&child->drain, on_drain, wait_ms, 0);
}

// A loop that was busy finds the deadline over before it looks at the pipes: it looks once more.
static void on_drain(uv_timer_t *timer)
{
    struct child *child = timer->data;
    if (child->killed || child->last_look) {
        child->drain_over = true;
        settle(child);
    } else {
        child->last_look = true;
        start_drain(child, LAST_LOOK_MS);
    }
}

static void close_handle(uv_handle_t *handle)
{
    if (!uv_is_closing(handle)) {
        uv_close(handle, on_handle_closed);
    }
}

static void end(struct child *child)
{
    child->ended = true;
    uv_timer_stop(&child->drain);
    close_handle((uv_handle_t *)&child->out);
    close_handle((uv_handle_t *)&child->err);
    lines_flush(&child->lines, on_line, child);
    if (!child->closed) {
        struct child_end result = {
            .exit_code = child->group.exit_code,
            .signal = child->group.signal,
            .killed = child->killed,
        };
        child->events->on_ended(child->owner, &result);
    }
    if (child->closed) {
        close_handle((uv_handle_t *)&child->drain);
    }
}

// Asks after each event: is it over, and is it gone?
static void settle(struct child *child)
{
    if (child->group.state == GROUP_EXITED) {
        if (child->pending & WAITS_FOR_EXIT) {
            child->pending &= ~(unsigned)WAITS_FOR_EXIT;
            start_drain(child, child->killed ? 0 : CHILD_DRAIN_MS);
        }
        if (child->pending == 0 || child->drain_over) {
            reaper_release(child->reaper, &child->group);
        }
    }
    if (child->group.state == GROUP_GONE && !child->ended) {
        end(child);
    }
}

void child_kill(struct child *child)
{
    if (child->ended || child->killed) {
        return;
    }
    child->killed = true;
    group_kill(&child->group);
    if (child->group.state == GROUP_EXITED || child->group.state == GROUP_GONE) {
        // The exit was seen already: nobody else calls settle() soon, and no event may come from
        // here.
        start_drain(child, 0);
    }
}

void child_close(struct child *child)
{
    if (child == NULL || child->closed) {
        return;
    }
    child->closed = true;
    if (child->ended) {
        close_handle((uv_handle_t *)&child->drain);
    } else {
        child_kill(child);
    }
}

static void on_handle_closed(uv_handle_t *handle)
{
    struct child *child = handle->data;
    if (--child->open_handles == 0) {
        reaper_remove(child->reaper, &child->group);
        lines_finish(&child->lines);
        free(child);
    }
}
