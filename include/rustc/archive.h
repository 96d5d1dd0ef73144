/**
 * Archives as rustc writes rlibs: System V layout, 60-byte headers, data padded to even sizes, long
 * names in a table of their own. Works on bytes in memory; whatever they are, nothing outside is
 * read.
 */
#ifndef RELAY_RUSTC_ARCHIVE_H
#define RELAY_RUSTC_ARCHIVE_H

#include "base/bytes.h"

#include <stdbool.h>
#include <stddef.h>

/** The member that holds a crate's metadata. */
#define ARCHIVE_METADATA "lib.rmeta"

/** A walk through an archive. */
struct archive {
    const char *data;  /**< the whole archive, borrowed */
    size_t len;        /**< its size */
    size_t offset;     /**< where the next header is */
    const char *names; /**< the table of long names; NULL until it was met */
    size_t names_len;  /**< its size */
};

/** Borrowed from the archive's bytes. */
struct archive_member {
    const char *name; /**< not closed by a NUL */
    size_t name_len;
    const char *data;
    size_t len;
};

/** Begins a walk; false: these bytes are no archive. */
bool archive_begin(struct archive *archive, const char *data, size_t len);

/**
 * The next member; tables of symbols and of names are none. False: there is no further one, or the
 * archive is broken there.
 */
bool archive_next(struct archive *archive, struct archive_member *ret_member);

/** Is that the member's name? */
bool archive_is_named(const struct archive_member *member, const char *name);

/**
 * Appends what stands before the data of an archive's only member: the magic bytes, and a header
 * without date and owner. False when the archive cannot hold so much. Odd data need one more byte
 * behind them.
 */
bool archive_append_head(struct bytes *out, const char *name, size_t len);

#endif
