/**
 * Where state directories may lie. Which one is taken: store/state_dir.h.
 */
#ifndef RELAY_STORE_STATE_BASE_H
#define RELAY_STORE_STATE_BASE_H

#include "base/failure.h"

#include <stdbool.h>

/**
 * `<output base>/rustc-relay` for a worker that runs at `cwd`: the output base is the nearest
 * directory at or above it that has both `execroot` and `server` in it, as Bazel's have, and where
 * not everybody can make names. Owned by the caller; NULL: `cwd` is not below an output base.
 */
char *state_base_of_bazel(const char *cwd);

/**
 * `rustc-relay-<uid>` in $TMPDIR or /tmp, made if it is missing. Owned by the caller; NULL when it
 * is not a directory of ours that nobody else can enter: anybody can make names in /tmp.
 */
char *state_base_temporary(struct failure *why);

#endif
