/**
 * Hollow rlibs, made once per .rmeta and shared by hard links: hundreds of compiles use the same
 * few crates. Lives in the worker's directory and goes with it.
 */
#ifndef RELAY_GATE_HOLLOW_STORE_H
#define RELAY_GATE_HOLLOW_STORE_H

#include "base/failure.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** When the store has grown beyond this, what nobody links any more is removed. */
#define HOLLOW_STORE_MAX_BYTES (UINT64_C(1) << 30)

/** A zeroed struct is a closed store. */
struct hollow_store {
    char *dir;      /**< where they are; made when the first one is */
    uint64_t bytes; /**< how much is in it, as far as we know */
};

/** Borrowed for the call only. */
struct hollow_source {
    const char *rmeta;  /**< the .rmeta file */
    const char *digest; /**< Bazel's digest of it, raw bytes; equal ones are equal files */
    size_t digest_len;  /**< 0: it is unknown, and nothing is shared */
};

/** The store of the worker with this directory. Nothing is made yet. */
void hollow_store_open(struct hollow_store *store, const char *worker_dir);

/**
 * A hollow rlib for this source is at `path` afterwards; what was there is replaced, also a parent
 * directory is made. It may be one file with other compiles' hollow rlibs: replace it, never write
 * to it. A store that was deleted meanwhile is made anew.
 */
bool hollow_store_link(struct hollow_store *store, const struct hollow_source *source,
                       const char *path, struct failure *why);

/** Frees the memory; the files stay. Accepts a zeroed store. */
void hollow_store_finish(struct hollow_store *store);

#endif
