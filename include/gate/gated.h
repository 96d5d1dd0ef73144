/**
 * What a linked crate's compile needs to start before its dependencies' code exists: hollow rlibs
 * in its private directory, a gate in the place of its linker, and later the full rlibs.
 */
#ifndef RELAY_GATE_GATED_H
#define RELAY_GATE_GATED_H

#include "base/failure.h"
#include "base/input.h"
#include "gate/gate.h"
#include "rustc/command.h"

#include <stdbool.h>
#include <stddef.h>
#include <uv.h>

struct gated;
struct hollow_store;

/** The early request of a linked crate. All borrowed. */
struct gated_request {
    const char *request_dir;    /**< where its files are now */
    const struct input *inputs; /**< sorted by path */
    size_t input_count;
    const struct command *command;
};

/** Where a gated compile is prepared. All borrowed. */
struct gated_place {
    uv_loop_t *loop;
    const char *program;        /**< our own executable, which plays the linker */
    const char *dir;            /**< the compile's private directory */
    struct hollow_store *store; /**< where hollow rlibs are shared */
    gate_event *asked;          /**< told when the linker is asked for, with `owner` */
    gate_event *opened;         /**< told when the gate was opened */
    void *owner;
};

/** Notes what the request brings; nothing is read or made yet. */
struct gated *gated_create(const struct gated_request *request);

/** A stand-in for the linker that is no gate. */
struct gated_stand_in {
    /** Makes its files in the private directory `dir`; `program` is our own executable. */
    bool (*make)(const char *dir, const char *program, const struct command *command,
                 struct failure *why);
    /** What `-Clinker=` must say. Owned by the caller. */
    char *(*path)(const char *dir, const char *linker);
    /** Was the linker asked for? */
    bool (*was_asked)(const char *dir);
};

/**
 * The same for a compile whose linker is called by another process: its stand-in, which is
 * borrowed, does not wait. Without inputs, since nobody named them: what rustc may look for in the
 * folders of libraries is looked for there now.
 */
struct gated *gated_create_elsewhere(const struct gated_request *request,
                                     const struct gated_stand_in *stand_in);

/** Closes the gate: whoever waits there ends with an error. Accepts NULL. */
void gated_destroy(struct gated *gated);

/** Puts the hollow rlibs and the gate into the private directory. */
bool gated_prepare(struct gated *gated, const struct command *command,
                   const struct gated_place *place, struct failure *why);

/** Lets the linker run, now or when it is asked for. Not after gated_end(). */
bool gated_pass(const struct gated *gated, struct failure *why);

/** Its process has ended: nobody will ask any more. */
void gated_end(struct gated *gated);

/** The linker's name for rustc. Owned by the caller. */
char *gated_linker(const struct gated *gated, const struct command *command, const char *dir);

/** Was a stand-in that is no gate asked for the linker? */
bool gated_was_asked_elsewhere(const struct gated *gated, const char *dir);

/** Puts links to the full rlibs into `dir`, where a call that another process asked for has its
 * libraries. */
bool gated_place_full(const struct gated *gated, const struct gated_request *late, const char *dir,
                      struct failure *why);

/** Does the request bring the very same metadata? False when in doubt. */
bool gated_has_metadata_of(const struct gated *gated, const struct gated_request *request);

/**
 * Are the full rlibs that a late request brings those of the metadata that the compile in `dir`
 * used, and, once its gate is open, the very ones that it links? False when in doubt.
 */
bool gated_fits(const char *dir, const struct gated_request *late);

/** Puts the full rlibs that a late request brings into the place of the hollow ones, and opens the
 * gate of the compile in `dir`, also of another worker's. */
bool gated_open(const char *dir, const struct gated_request *late, struct failure *why);

#endif
