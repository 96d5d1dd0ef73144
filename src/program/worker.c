#include "program/worker.h"

#include "base/log.h"
#include "base/mem.h"
#include "process/platform.h"
#include "process/stdio.h"
#include "program/host.h"
#include "program/inlet.h"
#include "program/outlet.h"
#include "program/session.h"
#include "protocol/wire.h"
#include "protocol/work.h"
#include "roots/link_home.h"
#include "roots/root_settler.h"
#include "store/trace.h"
#include "turns/jobserver.h"

#include <stdlib.h>

struct worker {
    const struct options *options;
    struct host host;
    struct link_home links;
    struct root_settler *settler;
    struct jobserver jobserver;
    struct trace trace;
    struct inlet inlet;
    struct outlet outlet;
    struct session *session;
    bool stopping;
    int exit_code;
};

static void on_frame(void *owner, const char *frame, size_t len);
static void on_closed(void *owner, const struct failure *why);
static void on_outlet_failed(void *owner, const struct failure *why);
static void on_stop(void *owner);
static void send_response(void *owner, const struct work_response *response);

static const struct inlet_events inlet_events = {.on_frame = on_frame, .on_closed = on_closed};

static bool open_pipes(struct worker *worker, int in_fd, int out_fd, struct failure *why)
{
    struct outlet_spec outlet = {.fd = out_fd, .on_failed = on_outlet_failed, .owner = worker};
    struct inlet_spec inlet = {
        .fd = in_fd, .wire = worker->options->wire, .events = &inlet_events, .owner = worker};
    return outlet_open(&worker->outlet, &worker->host.loop, &outlet, why) &&
           inlet_open(&worker->inlet, &worker->host.loop, &inlet, why);
}

static void open_session(struct worker *worker, char *const *inherited_env)
{
    struct session_services services = {.options = worker->options,
                                        .inherited_env = inherited_env,
                                        .cwd = worker->host.cwd,
                                        .cwd_kind = sandbox_kind_of_cwd(worker->host.cwd),
                                        .loop = &worker->host.loop,
                                        .jobserver = &worker->jobserver,
                                        .reaper = &worker->host.reaper,
                                        .settler = worker->settler,
                                        .state = &worker->host.state,
                                        .links = &worker->links,
                                        .trace = &worker->trace,
                                        .send = send_response,
                                        .owner = worker};
    worker->session = session_create(&services);
}

// Who names a place has everything there.
static void open_links(struct worker *worker)
{
    const struct state_dir *state = &worker->host.state;
    struct failure why;
    if (!link_home_init(&worker->links, state->dir, state->in_output_base ? LINK_HOME_MEMORY : NULL,
                        &why)) {
        log_line("the links to sandboxed inputs are kept on the disk, which is slower: %s",
                 why.text);
    }
}

static void open_jobserver(struct worker *worker)
{
    char *dir = mem_format("%s/jobserver", worker->host.state.dir);
    struct failure why;
    if (!jobserver_open(&worker->jobserver, &worker->host.loop, dir, worker->options->jobs, &why)) {
        log_line("without a jobserver, each rustc starts as many threads as it likes: %s",
                 why.text);
    }
    free(dir);
}

// The pipes come last: from the first frame on everything must be there.
static bool worker_open(struct worker *worker, char *const *inherited_env, struct failure *why)
{
    const char *trace_file = flag_value(&worker->options->flags, FLAG_TRACE);
    const char *state_dir = flag_value(&worker->options->flags, FLAG_STATE_DIR);
    int in_fd = -1;
    int out_fd = -1;
    worker->host.on_stop = on_stop;
    worker->host.owner = worker;
    if (!stdio_take(&in_fd, &out_fd, why) || !host_open(&worker->host, state_dir, why) ||
        (trace_file != NULL && !trace_open(&worker->trace, trace_file, why))) {
        return false;
    }
    struct failure reason;
    if (!platform_can_mark(&reason)) {
        log_line("a process that leaves its session may outlive its compile: %s", reason.text);
    }
    open_links(worker);
    worker->settler = root_settler_create(&worker->host.loop, &worker->host.reaper);
    open_jobserver(worker);
    open_session(worker, inherited_env);
    return open_pipes(worker, in_fd, out_fd, why);
}

static void worker_close(struct worker *worker)
{
    host_kill_all(&worker->host);
    session_destroy(worker->session);
    root_settler_close(worker->settler);
    inlet_close(&worker->inlet);
    outlet_close(&worker->outlet);
    trace_close(&worker->trace);
    jobserver_close(&worker->jobserver);
    link_home_finish(&worker->links);
    host_close(&worker->host);
}

int worker_run(const struct options *options, char *const *inherited_env)
{
    struct worker *worker = mem_zalloc(sizeof *worker);
    worker->options = options;
    struct failure why;
    if (worker_open(worker, inherited_env, &why)) {
        host_run(&worker->host);
    } else {
        log_line("%s", why.text);
        worker->exit_code = 1;
    }
    worker_close(worker);
    int exit_code = worker->exit_code;
    free(worker);
    return exit_code;
}

// From here on nothing is answered.
static void stop(struct worker *worker, int exit_code)
{
    if (!worker->stopping) {
        worker->stopping = true;
        worker->exit_code = exit_code;
        inlet_close(&worker->inlet);
        host_stop(&worker->host);
    }
}

static void send_response(void *owner, const struct work_response *response)
{
    struct worker *worker = owner;
    struct bytes frame = {0};
    codec_for(inlet_wire(&worker->inlet))->encode(response, &frame);
    outlet_send(&worker->outlet, &frame);
}

static void on_frame(void *owner, const char *frame, size_t len)
{
    struct worker *worker = owner;
    struct work_request work = {0};
    struct failure why;
    switch (codec_for(inlet_wire(&worker->inlet))->decode(frame, len, &work, &why)) {
    case DECODE_OK:
        session_take(worker->session, &work);
        break;
    case DECODE_BAD_REQUEST:
        session_refuse(worker->session, work.request_id, &why);
        break;
    case DECODE_BROKEN:
        log_line("the stream of requests is broken: %s", why.text);
        stop(worker, 1);
        break;
    }
    work_request_finish(&work);
}

static void on_closed(void *owner, const struct failure *why)
{
    struct worker *worker = owner;
    if (why != NULL) {
        log_line("the stream of requests is broken: %s", why->text);
    }
    stop(worker, why == NULL ? 0 : 1);
}

static void on_outlet_failed(void *owner, const struct failure *why)
{
    log_line("responses cannot be written: %s", why->text);
    stop(owner, 1);
}

static void on_stop(void *owner)
{
    stop(owner, 0);
}
