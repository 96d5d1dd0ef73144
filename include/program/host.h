/**
 * What every mode of the program runs compiles on: the loop, the reaper, the guardian, the state
 * directory, and the signals that end us.
 */
#ifndef RELAY_PROGRAM_HOST_H
#define RELAY_PROGRAM_HOST_H

#include "base/failure.h"
#include "process/guardian.h"
#include "process/reaper.h"
#include "store/state_dir.h"

#include <stdbool.h>
#include <uv.h>

struct host {
    uv_loop_t loop;
    struct reaper reaper;
    struct guardian guardian;
    struct state_dir state;
    uv_signal_t on_terminate;
    uv_signal_t on_interrupt;
    void (*on_stop)(void *owner); /**< SIGTERM or SIGINT came */
    void *owner;
    char *cwd;         /**< ours, absolute, without symbolic links */
    bool loop_is_open; /**< there are handles to close */
};

/**
 * Opens everything, with `on_stop` and `owner` set by the caller in a zeroed struct, which must
 * stay where it is. `state_dir` is --state-dir, or NULL. Forks the guardian: call it while no loop
 * exists. After a failure host_close() is still to be called.
 */
bool host_open(struct host *host, const char *state_dir, struct failure *why);

/** Runs the loop until host_stop(), or until nothing is left to wait for. */
void host_run(struct host *host);

/** Makes host_run() return; from the loop only. */
void host_stop(struct host *host);

/** Kills and reaps every process that was started; no event comes from within. */
void host_kill_all(struct host *host);

/**
 * Closes what is still open in the loop, removes the state directory and lets the guardian go. All
 * compiles must be destroyed before. Accepts a host that was opened in part.
 */
void host_close(struct host *host);

#endif
