/**
 * The private root of a sandboxed crate: a directory of links to the request's inputs, at a path
 * that is the same in every build of that crate, where rustc runs. The sandbox itself is emptied as
 * soon as the request is answered; rustc may read its inputs for much longer.
 *
 *     <links>/roots/<name>/0/tree/     the root; 1, 2 … are spares, for a second compile
 *     <links>/roots/<name>/0/tree.*    what is known of it (link_tree.h)
 *     <links>/roots/<name>/0/lock      leased while a compile lives in the root, and briefly
 *                                      (base/lease.h) while somebody looks at it between two; says
 *                                      who had it (last_user.h)
 *     <links>/roots/<name>/0/forest    where the top folders of the inputs really were
 *
 * Where <links> is: roots/link_home.h. Roots stay when the worker ends: they belong to the output
 * base, like an incremental cache, and make the next build cheap. What compiles leave in them does
 * not stay: each one starts in a root that holds exactly the inputs, and folders for outputs. No
 * two roots have a folder in common.
 */
#ifndef RELAY_ROOTS_PRIVATE_ROOT_H
#define RELAY_ROOTS_PRIVATE_ROOT_H

#include "base/failure.h"
#include "roots/input_group.h"

#include <stdbool.h>
#include <stddef.h>

struct private_root;

/** The path of the root that a crate of this name gets when nobody else holds it; owned by the
 * caller. */
char *private_root_path(const char *links, const char *name);

/**
 * Leases a root: the one at private_root_path(), or a spare while another compile, also one of
 * another worker, holds that. `user` is borrowed until then and names this worker (last_user.h).
 * NULL on failure. Give it back with private_root_release().
 */
struct private_root *private_root_lease(const char *links, const char *name, const char *user,
                                        struct failure *why);

/** Where the leased root is. Borrowed. */
const char *private_root_dir(const struct private_root *root);

/**
 * Makes the root hold exactly these inputs and folders. An input below another one is found through
 * the link of that; one that is no path below the sandbox is refused. After a failure it holds
 * nothing.
 */
bool private_root_fill(struct private_root *root, const struct root_inputs *inputs,
                       struct failure *why);

/** Before each start of a compile: the root holds again what it was filled with. Costs next to
 * nothing the first time after a fill. */
bool private_root_restore(struct private_root *root, struct failure *why);

/** Moves the files that a compile left in folders for outputs to the same places below `dir`, which
 * is made if there are any. */
bool private_root_collect(const struct private_root *root, const char *dir, struct failure *why);

/** Gives the lease back, and keeps what private_root_settle() needs. */
void private_root_leave(struct private_root *root);

/**
 * When the lease was given back and whoever our compiles left behind is gone: the root holds again
 * what it was filled with, and the next fill, by whomever, does not look for changes. Nothing
 * happens when a compile lives there again, or when one of another worker did.
 */
void private_root_settle(struct private_root *root);

/** The next fill looks at every input again. */
void private_root_distrust(struct private_root *root);

/** Gives the lease back if it was not; the links stay. Accepts NULL. */
void private_root_release(struct private_root *root);

#endif
