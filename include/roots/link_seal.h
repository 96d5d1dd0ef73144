/**
 * Tells whether anybody has put, removed or replaced something in a tree of links, by one look at
 * each folder and none at a link. While the tree is what it must be, its folders are sealed: each
 * gets a time of change that nobody else gives it. So a change is seen however soon it comes, and
 * one whose doer sets the time back is seen by the time of that.
 */
#ifndef RELAY_ROOTS_LINK_SEAL_H
#define RELAY_ROOTS_LINK_SEAL_H

#include "roots/manifest.h"

#include <stdbool.h>
#include <sys/stat.h>
#include <time.h>

/** Is it a folder with the time of change that sealing gives? */
bool link_seal_is_there(const struct stat *folder);

/** Is it a folder that nobody has changed since it was sealed? */
bool link_seal_holds(const struct stat *folder, const struct timespec *sealed);

/** The same of all folders of the tree that the manifest describes, and of the tree itself. */
bool link_seal_holds_all(int tree_fd, const struct manifest *manifest);

/** Seals an open folder; `sealed` becomes the time of that if it is later. */
void link_seal_folder(int fd, struct timespec *sealed);

/** Seals a folder by its path from another one, before the tree itself is sealed. */
void link_seal_path(int from_fd, const char *folder);

#endif
