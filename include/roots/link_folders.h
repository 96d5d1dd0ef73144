/**
 * Goes through the folders that the names of a tree lie in, each once: names ascend, so what is new
 * about a name are the folders that the name before does not lie in.
 */
#ifndef RELAY_ROOTS_LINK_FOLDERS_H
#define RELAY_ROOTS_LINK_FOLDERS_H

#include <limits.h>
#include <stddef.h>

/** A struct whose `len` and `next` are zero stands before the first name. */
struct link_folders {
    char text[PATH_MAX]; /**< the folder of the last name */
    size_t len;          /**< its length, the slash included */
    char *next;          /**< where the next new one is looked for; NULL: there is none */
    char *cut;           /**< a slash that is a NUL for the moment; or NULL */
};

/** The next name, shorter than PATH_MAX. One that ends in '/' is a folder itself. */
void link_folders_enter(struct link_folders *folders, const char *name);

/** The next folder that only this name lies in so far, the outer ones first, without its slash;
 * NULL: there are no more. Borrowed until the next call. */
const char *link_folders_next(struct link_folders *folders);

#endif
