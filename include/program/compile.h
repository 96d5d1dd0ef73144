/**
 * One compile: its private directory, its process here or in another worker, what rustc said, and
 * the milestones it reached. Its life is in program/compile_state.h.
 */
#ifndef RELAY_PROGRAM_COMPILE_H
#define RELAY_PROGRAM_COMPILE_H

#include "base/failure.h"
#include "program/compile_state.h"
#include "program/said.h"

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

/** Below the private directory: files that a compile left in its private root, where its command
 * named a folder, by their paths there. */
#define COMPILE_LEFT_FOLDER "relay.left"

struct compile;
struct gated;
struct hollow_store;
struct input_stamps;
struct jobserver;
struct private_root;
struct workplace_words;
struct reaper;
struct root_settler;
struct state_dir;

/** Called from the loop only. The compile may be destroyed from within on_ended. */
struct compile_events {
    /** Its turn has come, and its process runs. Only of one that had to wait for its turn. */
    void (*on_started)(void *owner, struct compile *compile);
    /** Its turn has come, and nothing runs. Only of one that had to wait for its turn. */
    void (*on_not_started)(void *owner, struct compile *compile, const struct failure *why);
    /** The .rmeta is complete on disk. At most once for each start, and only if it is told. */
    void (*on_metadata)(void *owner, struct compile *compile);
    /** A gated compile's linker was asked for and waits. At most once for each start. May be NULL
     * without gates. */
    void (*on_asked)(void *owner, struct compile *compile);
    /** Its gate was opened, by whomever, and its turn has come: its linker may run. At most once
     * for each start. May be NULL without gates. */
    void (*on_opened)(void *owner, struct compile *compile);
    /** The process is dead and reaped; `end` says how. Once for each start. */
    void (*on_ended)(void *owner, struct compile *compile);
    /** Something was added to what it said. May be NULL. */
    void (*on_output)(void *owner, struct compile *compile);
};

/** What becomes of a library's metadata when it is complete. */
enum compile_milestones {
    MILESTONES_TOLD,  /**< on_metadata, and rustc goes on */
    MILESTONES_QUIET, /**< nobody hears of it before on_ended */
    MILESTONES_END    /**< nobody wants the rest: rustc is killed, which counts as a good end */
};

/** Where a compile runs and who hears of it. All borrowed for the compile's life. */
struct compile_place {
    uv_loop_t *loop;
    struct jobserver *jobserver; /**< NULL: rustc makes its own */
    const char *program;         /**< our own executable, and where gated compiles find hollow
                                      rlibs; NULL for both: there are no gated compiles */
    struct hollow_store *hollow;
    struct reaper *reaper;
    struct root_settler
        *settler; /**< who gets the root of one that ended well; NULL without roots */
    struct state_dir *state;
    const struct compile_events *events;
    void *owner; /**< who gets the events */
};

/** A compile that was not started yet. `take_command` is empty afterwards. */
struct compile *compile_create(uint64_t serial, struct command *take_command,
                               const struct compile_place *place);

/** Kills what runs, removes the private directory, frees. Accepts NULL. No event comes any more. */
void compile_destroy(struct compile *compile);

/** Before its first start: what becomes of its metadata; MILESTONES_TOLD if nobody says. */
void compile_set_milestones(struct compile *compile, enum compile_milestones milestones);

/** Makes the compile run in a private root, which it owns until it ended well or is destroyed. */
void compile_take_root(struct compile *compile, struct private_root *take_root);

/** It cannot be started, for this reason, which it says. */
void compile_refuse(struct compile *compile, const struct failure *why);

/** Makes the compile stop at a gate when its linker is asked for. Before its start. */
void compile_take_gated(struct compile *compile, struct gated *take_gated);

/** What a compile runs instead of its command. */
struct compile_call {
    bool (*words)(void *owner, const struct workplace_words *words, struct strlist *argv,
                  struct strlist *env, struct failure *why);
    void *owner;
};

/** Makes another call, which is borrowed, in rustc's place; it may turn out to be good for nothing.
 * Before its start; NULL: rustc again. */
void compile_set_call(struct compile *compile, const struct compile_call *call);

/** The files that others read when they compile the same. Behind compile_take_root(). */
void compile_take_inputs(struct compile *compile, struct input_stamps *take_inputs);

/** Offers the compile to other workers under this name once it is started. `may_attach`: it may
 * take over another worker's. */
void compile_offer(struct compile *compile, const char *name, bool may_attach);

/**
 * What came of the compile at a gate does not count: it will run this command without one. Its
 * private root is given back, and it is refused no more.
 */
void compile_make_ordinary(struct compile *compile, struct command *take_command);

/** It is not started before the place where it writes is free. */
void compile_wait_for_place(struct compile *compile);

/**
 * Waits for another worker's compile of the same name instead of starting a process; on_ended
 * follows. False: nobody offers one, or this one has been tried already.
 */
bool compile_attach(struct compile *compile);

/** Leaves the other worker's compile alone; it can be started. No event comes. */
void compile_detach(struct compile *compile);

/**
 * Makes the private directory and starts the process when its turn has come (turns/jobserver.h),
 * which is mostly now: else it WAITS_TURN. Also once more after its end, in a fresh directory. On
 * failure nothing runs, it has ENDED with exit code 1, and no event comes.
 */
bool compile_start(struct compile *compile, struct failure *why);

/** What another worker made of it cannot be used. */
void compile_lose(struct compile *compile);

/**
 * The compile has ended and is kept: other workers may have it now, with what rustc said and nobody
 * was told. Its inputs are looked at no more. Not for one that was taken here: it costs a file.
 */
void compile_keep(struct compile *compile);

/**
 * Makes a compile that others were told of this worker's alone, before something is taken from it
 * or it is removed. False: somebody else has it now. True for one that nobody was told of.
 */
bool compile_reclaim(struct compile *compile);

/** Kills the process group; on_ended follows. True: there is none (any more), no event follows. */
bool compile_kill(struct compile *compile);

/** Borrowed; it changes as the compile does. */
const struct compile_facts *compile_facts(const struct compile *compile);

/** What it said. Borrowed. */
struct said *compile_said(struct compile *compile);

/** Adds a sentence of ours to that. */
void compile_say(struct compile *compile, const char *sentence);

/** The path of a file in the private directory, owned by the caller. */
char *compile_path(const struct compile *compile, const char *name);

/** What it stops at a gate with; or NULL. Borrowed. */
const struct gated *compile_gated(const struct compile *compile);

/** said_take_out(), and other workers know that it was told. */
void compile_take_out(struct compile *compile, struct bytes *out);

/** compile_take_inputs(); or NULL. Borrowed. */
struct input_stamps *compile_inputs(const struct compile *compile);

/** Does it have a gate, where it waits or will wait? */
bool compile_holds_gate(const struct compile *compile);

#endif
