/**
 * The pipeline table on disk: compiles of one worker process that another one may take over. No
 * daemon, no socket: a FIFO says whether the owner lives, and a file what came out.
 *
 *     <state>/shared/<name>      a link to the compile's directory; the name is its identity
 *     <compile>/relay.alive      a FIFO that the owner shows (base/lease.h) while it compiles
 *     <compile>/relay.result     how rustc ended and what it said; written by rename before that
 *     <compile>/relay.told       what it wrote to stdout and an early request was told, if anything
 *
 * Whoever watches the FIFO sees that the compile has ended or its owner has died, however that
 * happened. With a result it claims the directory; without one it compiles.
 *
 * A directory with a result is its owner's no more than anybody else's: whoever wants to take from
 * it or to remove it renames it first, and only one can. A dead worker's are removed with its own
 * directory, which is renamed first, too (store/state_dir.h).
 */
#ifndef RELAY_STORE_OFFER_H
#define RELAY_STORE_OFFER_H

#include "base/bytes.h"
#include "base/failure.h"

#include <stdbool.h>
#include <uv.h>

/** How a compile ended, for a process that did not run it. */
struct offer_result {
    int exit_code;
    struct bytes said; /**< owned: what rustc said and nobody was told yet */
};

/** A compile that others may find. A zeroed struct is none. */
struct offer {
    char *link;   /**< its path in shared/; NULL: none */
    char *text;   /**< what the link says */
    char *dir;    /**< the compile's directory */
    int alive_fd; /**< open while it compiles; -1: it has ended */
};

/** Told once: the compile has ended or its owner died; the watch may be closed from within. */
typedef void offer_over(void *owner);

struct offer_watch {
    uv_pipe_t pipe;   /**< the reading end of `alive` */
    offer_over *over; /**< who is told; NULL when nobody any more */
    void *owner;
    bool opened; /**< the pipe is a handle of the loop: it must be closed */
};

/**
 * Lets others find the compile in `dir` under `name`. One that was found there before is replaced.
 * On failure nothing is offered: the compile is then this process's own affair.
 */
bool offer_publish(struct offer *offer, const char *state_dir, const char *name, const char *dir,
                   struct failure *why);

/** The compile has ended: writes the result, then tells those who wait. Nothing without an offer.
 */
void offer_tell(struct offer *offer, const struct offer_result *result);

/** Nobody may find it any more. Accepts a zeroed offer. */
void offer_withdraw(struct offer *offer);

/** The directory of a compile with this name that a worker offers, owned by the caller; or NULL. */
char *offer_find(const char *state_dir, const char *name);

/**
 * Waits for the end of the compile in `dir`. The struct must stay where it is until the close
 * callback of offer_watch_close() has run. False: there is nothing to wait for; close it if it is
 * `opened`.
 */
bool offer_watch_open(struct offer_watch *watch, uv_loop_t *loop, const char *dir);

/** Ends the wait; `closed` is called from the loop when the struct may be freed. */
void offer_watch_close(struct offer_watch *watch, uv_close_cb closed);

/** Reads the result of a compile that is over. False: there is none, or not a whole one. */
bool offer_read_result(const char *dir, struct offer_result *result);

/** Notes what of its standard output somebody was told: whoever has to compile again does not tell
 * that again. */
void offer_note_told(const char *dir, const struct bytes *told);

/** Appends what was noted. */
void offer_read_told(const char *dir, struct bytes *told);

/** May others claim the compile? Its result is there. */
bool offer_is_told(const struct offer *offer);

/**
 * Makes a compile that is over the caller's own: the directory becomes `to`, which may be an empty
 * one. False: it has no result, or somebody was faster (its owner, another worker, a sweep); errno
 * says why.
 */
bool offer_claim(const char *dir, const char *to);

/** Removes the link to what was in `dir` and has been claimed. */
void offer_unlink(const char *state_dir, const char *name, const char *dir);

/** Removes the links to compiles that are gone. */
void offer_sweep(const char *state_dir);

#endif
