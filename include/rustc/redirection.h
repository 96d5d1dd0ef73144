/**
 * How far rustc may be redirected: made to write elsewhere than its arguments say.
 *
 * No path of an output is hashed, so mostly the bytes are those of a plain run wherever it writes,
 * and all that it writes is named by --emit. This is the place for the options that change that.
 */
#ifndef RELAY_RUSTC_REDIRECTION_H
#define RELAY_RUSTC_REDIRECTION_H

#include "rustc/crate_args.h"

#include <stdbool.h>

struct redirection {
    bool in_place;    /**< only where a plain run writes: an output or what is printed names it */
    bool leaves_more; /**< there are files beside those of --emit */
    bool splits;      /**< debug information names the folder of split files; redirection_remap() */
    bool hides;       /**< may it be remapped there? */
};

/** What the arguments say of it. */
struct redirection redirection_of(const struct crate_args *crate);

/**
 * The argument that makes split debug information name the folder that a plain run's would, when it
 * is written to `folder`. It must be the last of its kind. Owned by the caller.
 */
char *redirection_remap(const struct crate_args *crate, const char *folder);

#endif
