/**
 * An owned list of strings, closed by a NULL, as execve() wants argv and envp.
 * A zeroed struct is an empty list.
 */
#ifndef RELAY_BASE_STRLIST_H
#define RELAY_BASE_STRLIST_H

#include <stdbool.h>
#include <stddef.h>

struct strlist {
    char **items; /**< `count` strings and a NULL; NULL while nothing was ever pushed */
    size_t count; /**< how many strings */
};

/** Frees the strings and leaves an empty list. */
void strlist_finish(struct strlist *list);

/** Appends a copy of `text`. */
void strlist_push(struct strlist *list, const char *text);

/** Appends `take_text`, which the list owns from now on. */
void strlist_push_take(struct strlist *list, char *take_text);

/** Appends copies of all strings of `other`. */
void strlist_push_all(struct strlist *list, const struct strlist *other);

/** Replaces item `index` by `take_text`, which the list owns from now on. */
void strlist_replace_take(struct strlist *list, size_t index, char *take_text);

/** Removes the item at `index`; the later ones move up. */
void strlist_remove(struct strlist *list, size_t index);

/** The index of the first that equals `text`; the count when none does. */
size_t strlist_find(const struct strlist *list, const char *text);

bool strlist_holds(const struct strlist *list, const char *text);

/** The strings for execve(): NULL-terminated also when empty. Borrowed until the next change. */
char **strlist_argv(struct strlist *list);

/** Sorts bytewise; equal strings keep no particular order. */
void strlist_sort(struct strlist *list);

#endif
