#include "gate/gate.h"

#include "base/file.h"
#include "base/mem.h"
#include "base/tree.h"
#include "gate/gate_layout.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { ASKED_AT_ONCE = 16 };

struct gate {
    uv_pipe_t asked;   // both ends of that FIFO: it never ends
    uv_check_t settle; // runs when all that is ready has been read
    int go_fd;         // both ends: its end is our death
    char *dir;
    gate_event *on_asked; // both NULL once they are told
    gate_event *on_opened;
    void *owner; // for both
    bool was_asked;
    bool was_opened;
    int open_handles;
    char bytes[ASKED_AT_ONCE];
};

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf);
static void on_read(uv_stream_t *stream, ssize_t count, const uv_buf_t *buf);
static void on_settled(uv_check_t *settle);
static void on_handle_closed(uv_handle_t *handle);

static bool make_link(const char *text, const char *path, struct failure *why)
{
    return symlink(text, path) == 0 || failure_errno(why, errno, "cannot make the link '%s'", path);
}

static bool make_links(const struct gate_spec *spec, struct failure *why)
{
    char *stand_in = gate_linker_path(spec->dir, spec->linker);
    char *linker = path_join(spec->dir, GATE_LINKER);
    char *bin = path_join(spec->dir, GATE_BIN);
    bool good = tree_make(bin, S_IRWXU, why) && make_link(spec->program, stand_in, why) &&
                make_link(spec->linker, linker, why);
    free(bin);
    free(linker);
    free(stand_in);
    return good;
}

// A new FIFO, with both ends open; -1 on failure.
static int make_fifo(const char *dir, const char *part, struct failure *why)
{
    char *path = path_join(dir, part);
    int fd = -1;
    if (mkfifo(path, S_IRUSR | S_IWUSR) == 0) {
        fd = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
    }
    if (fd < 0) {
        failure_errno(why, errno, "cannot make the FIFO '%s'", path);
    }
    free(path);
    return fd;
}

// The pipe is a handle of the loop already: after a failure it must be closed.
static bool listen_at(struct gate *gate, int take_fd, struct failure *why)
{
    int status = uv_pipe_open(&gate->asked, take_fd);
    if (status != 0) {
        close(take_fd);
    } else {
        status = uv_read_start((uv_stream_t *)&gate->asked, on_alloc, on_read);
    }
    return status == 0 ||
           failure_errno(why, -status,
                         "cannot read the FIFO that says when rustc calls its linker");
}

static struct gate *create(const struct gate_spec *spec, const int fds[2], struct failure *why)
{
    struct gate *gate = mem_zalloc(sizeof *gate);
    gate->go_fd = fds[1];
    gate->dir = mem_dup(spec->dir);
    gate->on_asked = spec->asked;
    gate->on_opened = spec->opened;
    gate->owner = spec->owner;
    uv_pipe_init(spec->loop, &gate->asked, 0);
    uv_check_init(spec->loop, &gate->settle);
    gate->asked.data = gate;
    gate->settle.data = gate;
    gate->open_handles = 2;
    if (!listen_at(gate, fds[0], why)) {
        gate_close(gate);
        return NULL;
    }
    return gate;
}

struct gate *gate_create(const struct gate_spec *spec, struct failure *why)
{
    if (!make_links(spec, why)) {
        return NULL;
    }
    int asked_fd = make_fifo(spec->dir, GATE_ASKED, why);
    int go_fd = asked_fd < 0 ? -1 : make_fifo(spec->dir, GATE_GO, why);
    if (go_fd >= 0) {
        return create(spec, (int[]){asked_fd, go_fd}, why);
    }
    if (asked_fd >= 0) {
        close(asked_fd);
    }
    return NULL;
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
    (void)suggested;
    struct gate *gate = handle->data;
    *buf = uv_buf_init(gate->bytes, sizeof gate->bytes);
}

// What rustc wrote to its stderr before is in a pipe that was ready earlier or is so now: whoever
// is told has heard it then.
static void on_read(uv_stream_t *stream, ssize_t count, const uv_buf_t *buf)
{
    struct gate *gate = stream->data;
    for (ssize_t i = 0; i < count; i++) {
        gate->was_asked = gate->was_asked || buf->base[i] == GATE_SAYS_ASKED;
        gate->was_opened = gate->was_opened || buf->base[i] == GATE_SAYS_OPENED;
    }
    uv_check_start(&gate->settle, on_settled);
}

static void tell_once(gate_event **event, bool happened, void *owner)
{
    gate_event *tell = happened ? *event : NULL;
    if (tell != NULL) {
        *event = NULL;
        tell(owner);
    }
}

static void on_settled(uv_check_t *settle)
{
    struct gate *gate = settle->data;
    uv_check_stop(settle);
    tell_once(&gate->on_asked, gate->was_asked, gate->owner);
    if (!uv_is_closing((uv_handle_t *)settle)) {
        tell_once(&gate->on_opened, gate->was_opened, gate->owner);
    }
}

void gate_close(struct gate *gate)
{
    if (gate == NULL || uv_is_closing((uv_handle_t *)&gate->asked)) {
        return;
    }
    close(gate->go_fd);
    uv_close((uv_handle_t *)&gate->asked, on_handle_closed);
    uv_close((uv_handle_t *)&gate->settle, on_handle_closed);
}

static void on_handle_closed(uv_handle_t *handle)
{
    struct gate *gate = handle->data;
    if (--gate->open_handles == 0) {
        free(gate->dir);
        free(gate);
    }
}

char *gate_linker_path(const char *dir, const char *linker)
{
    return mem_format("%s/%s/%s", dir, GATE_BIN, path_basename(linker));
}

static bool note(const char *dir, const char *part, struct failure *why)
{
    char *path = path_join(dir, part);
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, S_IRUSR | S_IWUSR);
    if (fd >= 0) {
        close(fd);
    } else {
        failure_errno(why, errno, "cannot let the linker run: cannot create '%s'", path);
    }
    free(path);
    return fd >= 0;
}

bool gate_open(const char *dir, struct failure *why)
{
    if (!note(dir, GATE_OPEN, why)) {
        return false;
    }
    char *path = path_join(dir, GATE_ASKED);
    int error = gate_layout_write(path, GATE_SAYS_OPENED);
    if (error == ENXIO || error == EPIPE) {
        failure_set(why,
                    "cannot let the linker run: the worker that started its rustc is gone ('%s')",
                    path);
    } else if (error != 0) {
        failure_errno(why, error, "cannot let the linker run: cannot write '%s'", path);
    }
    free(path);
    return error == 0;
}

bool gate_is_open(const char *dir)
{
    return gate_layout_has(dir, GATE_OPEN);
}

// The byte wakes one who waits, and that one hands it on. One for which there is no room would say
// nothing new.
bool gate_pass(const struct gate *gate, struct failure *why)
{
    static const char go = GATE_SAYS_GO;
    return note(gate->dir, GATE_PASSED, why) &&
           (write(gate->go_fd, &go, 1) == 1 || errno == EAGAIN ||
            failure_errno(why, errno, "cannot let the linker run: cannot write '%s/%s'", gate->dir,
                          GATE_GO));
}
