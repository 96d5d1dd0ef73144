/**
 * Places files where a request wants them. Whatever was at the place before, also a read-only
 * file or a symbolic link, is replaced and never written through. Missing parent directories are
 * created. A failed placing leaves the old file and nothing half-written. Nothing else in the
 * directories is looked at. May be called from anywhere; blocks for the file system.
 */
#ifndef RELAY_BASE_PLACING_H
#define RELAY_BASE_PLACING_H

#include "base/failure.h"

/**
 * `from` is at `to` afterwards and no more at `from`: rename(2), or across filesystems a copy (with
 * its mode) under a temporary name, a rename, and the removal of `from`.
 */
bool place_move(const char *from, const char *to, struct failure *why);

/**
 * `to` is a second name of the file `from`: link(2). Where that cannot be (another filesystem, not
 * allowed, too many links) it is a copy with the same mode. A symbolic link at `from` stands for
 * the file it points to.
 */
bool place_link(const char *from, const char *to, struct failure *why);

/** The same for every file in the directory `from`, or for `from` itself if it is none. Empty
 * directories are left out. */
bool place_tree(const char *from, const char *to, struct failure *why);

/** `to` is a file of its own with the same bytes and mode. */
bool place_copy(const char *from, const char *to, struct failure *why);

#endif
