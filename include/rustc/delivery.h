/**
 * What a request takes from a compile, and where it goes: only what the request declared (A5).
 *
 * | stage    | takes                                                                          |
 * |----------|--------------------------------------------------------------------------------|
 * | metadata | the .rmeta                                                                     |
 * | full     | the rlib, and every other kind that its --emit gives a path, but the .rmeta;   |
 * |          | where there are more files than --emit names, those too                        |
 * | codegen  | nothing; the stamp is made, or the directory of objects                        |
 * | link     | every kind with a path there, what lies beside one, and all other files into   |
 * |          | the output directory                                                           |
 * | all      | the same                                                                       |
 */
#ifndef RELAY_RUSTC_DELIVERY_H
#define RELAY_RUSTC_DELIVERY_H

#include "base/failure.h"
#include "rustc/command.h"
#include "rustc/flags.h"
#include "rustc/stage.h"

#include <stdbool.h>
#include <stddef.h>

/** One file to place. */
struct artifact {
    char *kind;    /**< its --emit kind */
    char *from;    /**< its name below the compile's private directory */
    char *to;      /**< where it goes, absolute; NULL: it is not delivered */
    char *written; /**< how a plain run would spell its path (dep-info files name it) */
    char *listed;  /**< the same as Bazel lists it */
};

struct delivery {
    struct artifact *artifacts; /**< every kind with a file name of its own */
    size_t artifact_count;
    char *out_dir;         /**< if it takes the other files: where they go, absolute; else NULL */
    char *written_out_dir; /**< how a plain run would spell `out/`: "dir/", or "" */
    char *plain_dir;       /**< where a plain run would be (dep-info files may name it), absolute */
    char *expected_rmeta;  /**< --pipelining-rmeta-path, absolute; or NULL */
    char *usual_dir;    /**< where the command runs, as far as the request knows: another worker may
                           have run it there, and this one in a spare directory */
    char *listed_rmeta; /**< the same as Bazel lists it */
    char *stamp;        /**< --pipelining-stamp, absolute; or NULL */
    char *listed_stamp; /**< the same as Bazel lists it */
    char *objects;      /**< --pipelining-objects, absolute; or NULL */
    char *listed_objects;  /**< the same as Bazel lists it */
    char *listed_volatile; /**< --volatile-status-file as Bazel lists it; or NULL */
    char *output_file;     /**< this and the next five: after the run, absolute, or NULL */
    char *stdout_file;
    char *stderr_file;
    char *touch_file;
    char *copy_from;
    char *copy_to;
};

/** Accepts a zeroed or half-built one. */
void delivery_finish(struct delivery *delivery);

/** What the flags of request and start-up say of it; a request's flag wins. */
struct delivery_source {
    enum stage stage;
    const struct command *command;
    const struct flag_values *startup;
    const struct flag_values *request;
    const char *request_dir;
    const char *plain_dir;
};

/** Fills `delivery` from the command's outputs and the flags. */
bool delivery_build(struct delivery *delivery, const struct delivery_source *source,
                    struct failure *why);

/** The artifact of this kind, or NULL. Borrowed. */
const struct artifact *delivery_artifact(const struct delivery *delivery, const char *kind);

#endif
