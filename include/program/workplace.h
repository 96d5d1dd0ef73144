/**
 * Where a compile works: its private directory, or that of another worker whose process makes the
 * same (store/offer.h); and what other workers find of it.
 *
 *     <state>/<serial>/...         what rustc writes: command.h; also its TMPDIR, so that a killed
 *                                  rustc leaves nothing elsewhere
 *     <state>/<serial>/args.<n>    arguments that are too long for execve(2)
 */
#ifndef RELAY_PROGRAM_WORKPLACE_H
#define RELAY_PROGRAM_WORKPLACE_H

#include "base/failure.h"
#include "rustc/command.h"
#include "store/offer.h"

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

struct state_dir;

/** A zeroed one with a state directory and a serial has no directory and is shared with nobody. */
struct workplace {
    struct state_dir *state; /**< borrowed */
    uint64_t serial;         /**< the compile's */
    char *name;              /**< under which workers find it; NULL: they do not */
    bool may_attach;         /**< may it take over another worker's, which was not tried yet? */
    char *dir;               /**< the directory, now; NULL: there is none */
    char *made_in;           /**< where it was when rustc wrote there; NULL: there it is */
    bool is_remote;          /**< does, or did, another worker's process write there? */
    struct offer offer;
    struct offer_watch *watch; /**< of another worker's process; NULL: nobody waits for one */
};

/** Makes the directory for a start of the command. */
bool workplace_make(struct workplace *place, const struct command *command, struct failure *why);

/** Other workers find it now, if it has a name. */
void workplace_publish(struct workplace *place);

/**
 * Waits for another worker's process of that name instead; `over` is called once, from the loop,
 * with `owner`. False: there is none, or it may not.
 */
bool workplace_attach(struct workplace *place, uv_loop_t *loop, offer_over *over, void *owner);

/** Does not wait any more; no call comes. May be called from within `over`. */
void workplace_leave(struct workplace *place);

/** The same, and what the other worker makes is of no interest. */
void workplace_detach(struct workplace *place);

/** The other worker's process is over: makes what it made this worker's own. False: there is no
 * result, or it is not to be had. */
bool workplace_claim(struct workplace *place, struct offer_result *ret_result);

/** Other workers may claim what was made, with this result. Not for what was claimed here. */
void workplace_tell(struct workplace *place, const struct offer_result *result);

/** Nobody finds it any more; whoever waits for it compiles. */
void workplace_withdraw(struct workplace *place);

/**
 * Makes what others were told of this worker's alone, before something is taken from it or it is
 * removed. `*ret_moved`: the directory has another path now. False: somebody else has it.
 */
bool workplace_reclaim(struct workplace *place, bool *ret_moved);

/** Removes the directory, if it is ours. There is none then, as before workplace_make(). */
void workplace_clear(struct workplace *place);

/** workplace_clear(), and frees. */
void workplace_finish(struct workplace *place);

/** What a command is started with. All borrowed. */
struct workplace_words {
    const struct command *command;
    const char *dir;
    const char *linker;     /**< what rustc is told to call; NULL: what the command says */
    const char *make_flags; /**< of our jobserver; NULL: it has none */
};

/**
 * The words and the environment of the command. Words that are too long are moved into files, which
 * rustc reads. False: the system would not take what is left, or the tool reads no files.
 */
bool workplace_argv(const struct workplace_words *words, struct strlist *argv, struct strlist *env,
                    struct failure *why);

/** The environment alone. */
void workplace_env(const struct workplace_words *words, struct strlist *env);

/** How many bytes the command's artifacts have on disk. */
uint64_t workplace_bytes(const char *dir, const struct command *command);

/** Is the artifact of this kind there? False also for a kind that the command does not make. */
bool workplace_holds(const char *dir, const struct command *command, const char *kind);

#endif
