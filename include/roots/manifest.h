/**
 * What a directory of links holds: name -> digest, sorted by name, remembered in a file so that the
 * next worker need not look at the links. The digest says which content the link was made for. A
 * name that ends in '/' is a folder, which may be empty.
 */
#ifndef RELAY_ROOTS_MANIFEST_H
#define RELAY_ROOTS_MANIFEST_H

#include "base/bytes.h"
#include "base/failure.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

struct manifest_entry {
    const char *name; /**< NUL-terminated */
    const char *digest;
    size_t digest_len;
};

/** A zeroed struct is an empty manifest. */
struct manifest {
    struct manifest_entry *entries;
    size_t count;
    struct timespec sealed; /**< when the directory was known to hold this (link_seal.h) */
    struct bytes
        text; /**< the file, in which loaded entries lie; empty for entries that were added */
};

void manifest_finish(struct manifest *manifest);

/** Adds an entry; name and digest are borrowed and must outlive the manifest. Names must ascend. */
void manifest_add(struct manifest *manifest, struct manifest_entry entry);

/** The index of the first entry whose name is not before `name`; the count: there is none. */
size_t manifest_find(const struct manifest *manifest, const char *name);

/** Is there an entry in this folder, whose name ends in '/', or is it the folder itself? */
bool manifest_has_folder(const struct manifest *manifest, const char *folder);

/**
 * Reads the file. A missing, foreign or truncated one is an empty manifest and `false`: then nobody
 * knows what the directory holds.
 */
bool manifest_load(struct manifest *manifest, const char *path);

/** Writes the file under a temporary name and renames it. */
bool manifest_save(const struct manifest *manifest, const char *path, struct failure *why);

#endif
