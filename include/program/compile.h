/**
 * One compile: its private directory, its rustc, what rustc said, and the milestones it reached.
 */
#ifndef RELAY_PROGRAM_COMPILE_H
#define RELAY_PROGRAM_COMPILE_H

#include "base/failure.h"
#include "process/child.h"
#include "program/said.h"
#include "rustc/command.h"
#include "store/shared.h"

#include <stdbool.h>
#include <stdint.h>

/** Below the private directory: files that a compile left in its private root, where its command
 * named a folder, by their paths there. */
#define COMPILE_LEFT_FOLDER "relay.left"

struct attachment;
struct compile;
struct gated;
struct hollow_store;
struct input_stamps;
struct job;
struct jobserver;
struct private_root;
struct reaper;
struct relink;
struct root_keeper;
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
    /** The process is dead and reaped; `compile->end` says how. Once for each start. */
    void (*on_ended)(void *owner, struct compile *compile);
    /** Something was added to `said`. May be NULL. */
    void (*on_output)(void *owner, struct compile *compile);
};

/** What becomes of a library's metadata when it is complete. */
enum compile_milestones {
    MILESTONES_TOLD,  /**< on_metadata, and rustc goes on */
    MILESTONES_QUIET, /**< nobody hears of it before on_ended */
    MILESTONES_END    /**< nobody wants the rest: rustc is killed, which counts as a good end */
};

struct compile {
    uint64_t serial;               /**< which one it is */
    struct command command;        /**< what it runs */
    struct private_root *root;     /**< where it runs if its request is sandboxed; owned; or NULL */
    struct gated *gated;           /**< what it needs to stop at a gate; owned; NULL: it does not */
    struct relink *relink;         /**< the linker's call that is made instead; owned; or NULL */
    char *dir;                     /**< its private directory; NULL before the start */
    bool in_spare;                 /**< is it in another root than its crate's usual one? */
    char *made_in;                 /**< where that was when rustc wrote there; NULL: there it is */
    struct child *child;           /**< its process; NULL when there is none */
    struct attachment *attachment; /**< another worker's process, which it waits for; or NULL */
    struct input_stamps *inputs;   /**< tells whether what it reads has changed; owned; NULL: nobody
                                        will join it, or it ended well */
    char *shared_name;             /**< under which other workers find it; NULL: they do not */
    struct shared_offer offer;     /**< what they find */
    bool is_remote;                /**< does, or did, another worker's process make it? */
    bool is_lost;                  /**< is there no result of the other worker that can be used? */
    bool ended;                    /**< is `end` valid? */
    struct child_end end;          /**< how the process ended */
    struct said said;              /**< what it said */
    enum compile_milestones milestones;
    bool has_metadata;    /**< is the .rmeta complete? */
    bool asked;           /**< was its linker asked for? */
    bool blames_source;   /**< did rustc find errors in the crate's own text? */
    bool may_attach;      /**< may it take over another worker's compile? */
    bool refused;         /**< it cannot be started; `said` has the reason */
    struct job *job;      /**< its share of the machine's cores, from its start on */
    uv_loop_t *loop;      /**< where it runs, this and the next ones; borrowed */
    bool is_dying;        /**< was its process killed, and is it not known to be dead? */
    bool waits_for_place; /**< is it not started while an older one may still write there? */
    struct jobserver *jobserver;
    const char *program;
    struct hollow_store *hollow;
    struct reaper *reaper;
    struct root_keeper *keeper;
    struct state_dir *state;
    const struct compile_events *events;
    void *owner; /**< who gets the events */
};

/** Where a compile runs and who hears of it. All borrowed for the compile's life. */
struct compile_place {
    uv_loop_t *loop;
    struct jobserver *jobserver; /**< NULL: rustc makes its own */
    const char *program; /**< our own executable, and where gated compiles find hollow rlibs; */
    struct hollow_store *hollow; /**< NULL for both: there are no gated compiles */
    struct reaper *reaper;
    struct root_keeper
        *keeper;             /**< who gets the root of one that ended well; NULL: there is none */
    struct state_dir *state; /**< NULL for a direct command with short arguments */
    const struct compile_events *events;
    void *owner;
};

/** A compile that was not started yet. `take_command` is empty afterwards. */
struct compile *compile_create(uint64_t serial, struct command *take_command,
                               const struct compile_place *place);

/** Makes the compile run in a private root, which it owns until it ended well or is destroyed. */
void compile_take_root(struct compile *compile, struct private_root *take_root);

/** Makes the compile stop at a gate when its linker is asked for. Before its start. */
void compile_take_gated(struct compile *compile, struct gated *take_gated);

/**
 * What came of the compile at a gate does not count: it will run this command without one. Its
 * private root is given back.
 */
void compile_make_ordinary(struct compile *compile, struct command *take_command);

/** Makes the compile notice changes of these inputs, which another request may not be given. Before
 * its start. */
void compile_take_inputs(struct compile *compile, struct input_stamps *take_inputs);

/** Lets other workers find the compile under this name once it is started. */
void compile_share(struct compile *compile, const char *name);

/**
 * Waits for another worker's compile of the same name instead of starting a process; on_ended
 * follows. False: nobody offers one, or this one has been tried already.
 */
bool compile_attach(struct compile *compile);

/** Leaves the other worker's compile alone; it can be started. No event comes. */
void compile_detach(struct compile *compile);

/**
 * Makes the private directory and starts the process when its turn has come (turns/jobserver.h),
 * which is mostly now: compile_waits_for_turn(). Also once more after its end, in a fresh
 * directory. On failure nothing runs and no event comes.
 */
bool compile_start(struct compile *compile, struct failure *why);

/** Is it not yet its turn, to start or to go on? */
bool compile_waits_for_turn(const struct compile *compile);

/**
 * The compile has ended and is kept: other workers may have it now, with what rustc said and nobody
 * was told. Not for one that was taken here: it costs a file.
 */
void compile_tell_others(struct compile *compile);

/**
 * Makes a compile that others were told of this worker's alone, before something is taken from it
 * or it is removed. False: somebody else has it now. True for one that nobody was told of.
 */
bool compile_reclaim(struct compile *compile);

/** Does it have a gate, where it waits or will wait? */
bool compile_holds_gate(const struct compile *compile);

/** Kills the process group; on_ended follows. True: there is none (any more), no event follows. */
bool compile_kill(struct compile *compile);

/** Kills what runs, removes the private directory, frees. Accepts NULL. No event comes any more. */
void compile_destroy(struct compile *compile);

/** The private directory as rustc knew it, which its outputs may name. Borrowed. */
const char *compile_made_in(const struct compile *compile);

/** The path of a file in the private directory, owned by the caller. */
char *compile_path(const struct compile *compile, const char *name);

#endif
