/**
 * Output that somebody wants whole, however long it is: in memory while it is short, then in a
 * file. A zeroed struct is an empty one that stays in memory. Blocks for the file system.
 */
#ifndef RELAY_STORE_SPOOL_H
#define RELAY_STORE_SPOOL_H

#include "base/bytes.h"
#include "base/failure.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SPOOL_MEMORY_BYTES = 1024 * 1024 /**< longer ones go into a file */ };

/** An endless output must not fill the disk: what goes beyond is an error, not a cut. */
#define SPOOL_MAX_BYTES (UINT64_C(16) << 30)

struct spool {
    struct bytes text; /**< all of it, while it is short */
    char *path;        /**< the file, once it is long; NULL: there is no place for one */
    int fd;            /**< of that file, when `is_file` */
    bool is_file;
    uint64_t len;
    int error; /**< errno of what could not be kept; 0: all was */
};

/** Forgets what is in it. A long output will go to `take_path`, which nobody else may use. */
void spool_begin(struct spool *spool, char *take_path);

/** The directory of its file has another name now, so that the file is at `take_path`. */
void spool_move(struct spool *spool, char *take_path);

/** Frees the memory; the file stays for whoever removes its directory. */
void spool_finish(struct spool *spool);

/** Adds to it. What cannot be kept is told by spool_write(). */
void spool_append(struct spool *spool, const char *data, size_t len);

/**
 * Creates or replaces `to` with what is in the spool. `is_over`: nothing will be added any more, so
 * that a long one may be a second name of the same file.
 */
bool spool_write(const struct spool *spool, const char *to, bool is_over, struct failure *why);

#endif
