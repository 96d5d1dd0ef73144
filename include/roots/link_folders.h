/**
 * The folders that the names of a tree lie in. Names ascend: what is new about a name are the
 * folders that the name before does not lie in, and those that lie in one folder stand together.
 */
#ifndef RELAY_ROOTS_LINK_FOLDERS_H
#define RELAY_ROOTS_LINK_FOLDERS_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

/** Goes through the folders, each once. A struct whose `len` and `next` are zero stands before the
 * first name. */
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

/** Holds a folder open that many names lie in, and finds them from there: most of what a call of
 * the system costs is the way to its file. */
struct link_way {
    int top_fd;        /**< the tree. Borrowed */
    int fd;            /**< the open folder, or the tree */
    const char *below; /**< a name that lies in it. Borrowed */
    size_t len;        /**< the length of its path, the slash included; 0: the tree */
};

/** Opening a folder pays from so many further names in it. */
enum { LINK_WAY_AHEAD = 4 };

struct link_way link_way_from(int top_fd);

/** The path of `name` from `fd`, which may become another one. The name must outlive the way. */
const char *link_way_to(struct link_way *way, const char *name);

/** Opens the folder that both lie in; `later` is LINK_WAY_AHEAD names behind `name`, NULL: so many
 * do not come. */
void link_way_stay(struct link_way *way, const char *name, const char *later);

void link_way_end(struct link_way *way);

#endif
