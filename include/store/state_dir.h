/**
 * Where the worker keeps what no request may see yet. Outside the execroot, which Bazel cleans at
 * each build, and if possible on its filesystem, so that outputs are placed by rename or link.
 *
 *     <home>/1/worker-<pid>-<random>.lock        its lease (base/lease.h), as long as it lives
 *     <home>/1/worker-<pid>-<random>/            made after its lock, removed before it
 *     <home>/1/worker-<pid>-<random>/<serial>/   one compile
 *     <home>/1/worker-<pid>-<random>/ahead/      made ahead for the next one
 *     <home>/1/worker-<pid>-<random>.gone/       one that is being removed
 *
 * Beside them are the private roots, unless they are in memory (roots/link_home.h).
 *
 * A directory whose lock is free or missing belongs to a dead worker and is removed at the next
 * start. Names are never used twice. All directories: mode 0700. Blocks for the file system.
 */
#ifndef RELAY_STORE_STATE_DIR_H
#define RELAY_STORE_STATE_DIR_H

#include "base/failure.h"
#include "base/strlist.h"

#include <stdbool.h>
#include <stdint.h>

/** The layout below the home; another layout gets another name and leaves this one alone. */
#define STATE_DIR_FORMAT "1"

struct state_dir {
    char *dir;            /**< `<home>/<STATE_DIR_FORMAT>` */
    char *worker;         /**< our directory; an absolute path */
    char *lock;           /**< path of our lock */
    int lease;            /**< of that; valid while `lock` is set */
    bool in_output_base;  /**< nobody named another place, and Bazel's could be used */
    bool is_ahead;        /**< a directory was made ahead */
    struct strlist ahead; /**< its folders */
    struct strlist last;  /**< the folders that were wanted last */
};

/**
 * Finds the home, makes our directory in it and sweeps dead ones. The home is `explicit_dir`; else
 * `<output base>/rustc-relay`, the output base being the nearest directory at or above `cwd` that
 * has both `execroot` and `server` in it, as Bazel's have, and where not everybody can make names;
 * else, also when that one cannot be written (linux-sandbox), `rustc-relay-<uid>` in $TMPDIR or
 * /tmp, which must be a directory of ours that nobody else can enter. So must be `<home>/1`,
 * wherever that is. On success give it back with state_dir_close().
 */
bool state_dir_open(struct state_dir *state, const char *explicit_dir, const char *cwd,
                    struct failure *why);

/**
 * Makes the directory of compile `serial` with these folders in it, and returns its path, owned by
 * the caller (free()); NULL on failure, also when it is there already. If somebody removed our
 * directory under us, a new one is made.
 */
char *state_dir_make(struct state_dir *state, uint64_t serial, const struct strlist *folders,
                     struct failure *why);

/**
 * While there is time: makes a directory that the next compile need only give its name, with the
 * folders that the last one wanted. (A folder costs some 0.15 ms on a disk, a name 0.01.)
 */
void state_dir_make_ahead(struct state_dir *state);

/** Removes a compile's directory with all in it: tree_remove(). */
bool state_dir_remove(const char *dir, struct failure *why);

/**
 * Removes our directory, then our lock. Accepts a zeroed struct. What cannot be removed is swept
 * at the next start.
 */
void state_dir_close(struct state_dir *state);

#endif
