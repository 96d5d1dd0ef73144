/**
 * Directories and what is in them: made with their parents, removed with their contents.
 * Blocks for the file system.
 */
#ifndef RELAY_BASE_TREE_H
#define RELAY_BASE_TREE_H

#include "base/failure.h"

#include <dirent.h>
#include <sys/types.h>

/**
 * Makes the directory and its missing parents with `mode`; one that is there is left as it is. See
 * mkdir(2).
 */
bool tree_make(const char *dir, mode_t mode, struct failure *why);

/** The same for the directory that `path` lies in, with mode 0777 less the umask. */
bool tree_make_parent(const char *path, struct failure *why);

/**
 * Removes the directory with everything in it; a missing one is success, also when somebody else
 * removes it at the same time. Symbolic links are removed, never followed (also not `dir` itself).
 * Directories without write permission are made writable first. Goes on after a failure; `why` is
 * the first one. See openat(2), unlinkat(2).
 */
bool tree_remove(const char *dir, struct failure *why);

/** The same for what is called `name` in an open directory, be it a file, a link or a directory. */
bool tree_remove_at(int parent_fd, const char *name, struct failure *why);

/**
 * Opens the directory called `name` in an open one, and never what a link leads to; it can be read
 * and written by us afterwards. -1 and errno on failure.
 */
int tree_open(int parent_fd, const char *name);

/** Is there a directory, or a link to one, called `name` in `dir`? */
bool tree_has_dir(const char *dir, const char *name);

/** Makes the directory, with missing parents, for us alone. One that is there must be a directory
 * of ours (no link to one) that nobody else can enter: perhaps everybody can make names there. */
bool tree_make_private(const char *dir, struct failure *why);

/**
 * The next name in an open directory but "." and "..", borrowed until the next call; NULL when
 * there is none. A `dir` that is NULL, which opendir(3) returns, is empty.
 */
const char *tree_next(DIR *dir);

/** Closes what opendir(3) returned, also NULL. */
void tree_close(DIR *dir);

/** `prefix` and 16 random hexadecimal digits: a name nobody else uses; owned by the caller. */
char *tree_fresh_name(const char *prefix);

#endif
