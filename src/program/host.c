#include "program/host.h"

#include "process/platform.h"
#include "store/offer.h"

#include <signal.h>
#include <stdlib.h>

static void on_stop_signal(uv_signal_t *handle, int number);

static bool listen_for(struct host *host, uv_signal_t *handle, int number, struct failure *why)
{
    uv_signal_init(&host->loop, handle);
    handle->data = host;
    int error = uv_signal_start(handle, on_stop_signal, number);
    uv_unref((uv_handle_t *)handle);
    return error == 0 ||
           failure_set(why, "cannot listen for signal %d: %s", number, uv_strerror(error));
}

static bool open_loop(struct host *host, struct failure *why)
{
    int error = uv_loop_init(&host->loop);
    if (error != 0) {
        return failure_set(why, "cannot open an event loop: %s", uv_strerror(error));
    }
    host->loop_is_open = true;
    return reaper_init(&host->reaper, &host->loop, &host->guardian, why) &&
           listen_for(host, &host->on_terminate, SIGTERM, why) &&
           listen_for(host, &host->on_interrupt, SIGINT, why);
}

bool host_open(struct host *host, const char *state_dir, struct failure *why)
{
    host->cwd = realpath(".", NULL);
    if (host->cwd == NULL) {
        return failure_set(why, "the working directory is gone");
    }
    struct failure ignored; // the guardian knows every group
    platform_become_subreaper(&ignored);
    if (!guardian_start(&host->guardian, why) ||
        !state_dir_open(&host->state, state_dir, host->cwd, why)) {
        return false;
    }
    offer_sweep(host->state.dir);
    return open_loop(host, why);
}

void host_run(struct host *host)
{
    uv_run(&host->loop, UV_RUN_DEFAULT);
}

void host_stop(struct host *host)
{
    uv_stop(&host->loop);
}

void host_kill_all(struct host *host)
{
    if (host->loop_is_open) {
        reaper_kill_all(&host->reaper);
    }
}

static void close_handle(uv_handle_t *handle, void *context)
{
    (void)context;
    if (!uv_is_closing(handle)) {
        uv_close(handle, NULL);
    }
}

static void close_loop(struct host *host)
{
    // Children that were given back leave the reaper in their close callbacks.
    uv_run(&host->loop, UV_RUN_NOWAIT);
    reaper_close(&host->reaper);
    uv_walk(&host->loop, close_handle, NULL);
    uv_run(&host->loop, UV_RUN_DEFAULT);
    uv_loop_close(&host->loop);
}

// A signal that comes while we end must not end us once nobody listens to it: the exit code is that
// of an orderly end, and the state directory is not left behind.
static void hold_signals(void)
{
    sigset_t ours;
    sigemptyset(&ours);
    sigaddset(&ours, SIGTERM);
    sigaddset(&ours, SIGINT);
    pthread_sigmask(SIG_BLOCK, &ours, NULL);
}

void host_close(struct host *host)
{
    hold_signals();
    if (host->loop_is_open) {
        close_loop(host);
    }
    state_dir_close(&host->state);
    guardian_finish(&host->guardian);
    free(host->cwd);
}

static void on_stop_signal(uv_signal_t *handle, int number)
{
    (void)number;
    struct host *host = handle->data;
    host->on_stop(host->owner);
}
