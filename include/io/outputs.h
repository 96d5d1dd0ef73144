/**
 * Places artefacts where a request wants them. Whatever was at the place before, also a read-only
 * file or a symbolic link, is replaced and never written through. Missing parent directories are
 * created. A failed placing leaves the old file and nothing half-written. Nothing else in the
 * directories is looked at. May be called from anywhere; blocks for the file system.
 */
#ifndef RELAY_IO_OUTPUTS_H
#define RELAY_IO_OUTPUTS_H

#include "base/failure.h"

/**
 * `from` is at `to` afterwards and no more at `from`: rename(2), or across filesystems a copy (with
 * its mode) under a temporary name, a rename, and the removal of `from`.
 */
bool outputs_move(const char *from, const char *to, struct failure *why);

/**
 * `to` is a second name of the file `from`: link(2). Where that cannot be (another filesystem, not
 * allowed, too many links) it is a copy with the same mode, sharing blocks if the filesystem can. A
 * symbolic link at `from` stands for the file it points to.
 */
bool outputs_link(const char *from, const char *to, struct failure *why);

/** The same for every file in the directory `from`, or for `from` itself if it is none. Empty
 * directories are left out. */
bool outputs_link_tree(const char *from, const char *to, struct failure *why);

/** `to` is a file of its own with the same bytes and mode, sharing blocks if the filesystem can. */
bool outputs_copy(const char *from, const char *to, struct failure *why);

/** `*ret_same`: both files hold the same bytes (or are one file). Fails if one cannot be read. */
bool outputs_same_content(const char *left, const char *right, bool *ret_same, struct failure *why);

#endif
