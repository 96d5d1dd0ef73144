/**
 * Where the links of private roots live. A link costs an inode: some 60 µs on a disk, 4 µs in
 * memory. So they are kept on a tmpfs where that is possible, and else in the state directory:
 *
 *     <memory>/rustc-relay-<uid>/                  mode 0700
 *     <memory>/rustc-relay-<uid>/<digest>/         the links of one state directory; leased
 *                                                  (base/lease.h) by all workers that use it, as
 *                                                  long as they live
 *     <memory>/rustc-relay-<uid>/<digest>/base     leads to that state directory
 *
 * The digest is that of the state directory's path, so the place is the same in every build: rustc
 * sees it. A directory that nobody has leased and whose state directory is gone (`bazel clean
 * --expunge`) is removed when the next worker starts. Blocks for the file system.
 */
#ifndef RELAY_ROOTS_LINK_HOME_H
#define RELAY_ROOTS_LINK_HOME_H

#include "base/failure.h"

#include <stdbool.h>

/** Where a tmpfs is expected on this system. */
#define LINK_HOME_MEMORY "/dev/shm"

/** A smaller tmpfs is left to others: containers have 64 MiB, which a few large crates fill. */
enum { LINK_HOME_MIN_MIB = 256 };

/** When less than one part in so many of the tmpfs is free, of its bytes or of its files, new links
 * go to the disk. Memory is everybody's: a link takes about 1 KiB of it, with a long target 5. */
enum { LINK_HOME_FREE_PART = 2 };

struct link_home {
    char *state_dir;
    char *top;  /**< our directory on the tmpfs; NULL: all links are in the state directory */
    char *dir;  /**< in it, that of our state directory */
    int lease;  /**< of `dir`; LEASE_NONE while it is not there; valid while `dir` is set */
    char *user; /**< what this worker is called as a user of private roots (last_user.h) */
};

/**
 * Chooses, for the worker's life: `memory` (NULL: not wanted) if it is a tmpfs of some size where
 * nobody else can enter our directory. False, with the reason, when it was wanted and cannot be: it
 * is usable all the same, and links are in `state_dir`. Sweeps. Both paths are absolute; give it
 * back with link_home_finish().
 */
bool link_home_init(struct link_home *home, const char *state_dir, const char *memory,
                    struct failure *why);

/** Where links usually are; this never changes. Borrowed. */
const char *link_home_usual(const struct link_home *home);

/**
 * Where new links go now: the usual place, but the state directory while memory is short. Makes the
 * usual place again when somebody removed it (systemd does when the user logs out). Borrowed.
 */
const char *link_home_now(struct link_home *home);

/** Gives the lease back; the links stay. */
void link_home_finish(struct link_home *home);

#endif
