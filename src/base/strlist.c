#include "base/strlist.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

enum { FIRST_CAPACITY = 16 };

static void make_room(struct strlist *list)
{
    if (list->count + 2 > list->capacity) {
        list->capacity = list->capacity == 0 ? FIRST_CAPACITY : list->capacity * 2;
        list->items = mem_grow_array(list->items, list->capacity, sizeof list->items[0]);
    }
    list->items[list->count] = NULL;
}

void strlist_finish(struct strlist *list)
{
    for (size_t i = 0; i < list->count; i++) {
        free(list->items[i]);
    }
    free(list->items);
    *list = (struct strlist){0};
}

void strlist_push(struct strlist *list, const char *text)
{
    strlist_push_take(list, mem_dup(text));
}

void strlist_push_take(struct strlist *list, char *take_text)
{
    make_room(list);
    list->items[list->count++] = take_text;
    list->items[list->count] = NULL;
}

void strlist_push_all(struct strlist *list, const struct strlist *other)
{
    for (size_t i = 0; i < other->count; i++) {
        strlist_push(list, other->items[i]);
    }
}

void strlist_replace_take(struct strlist *list, size_t index, char *take_text)
{
    free(list->items[index]);
    list->items[index] = take_text;
}

void strlist_remove(struct strlist *list, size_t index)
{
    free(list->items[index]);
    memmove(&list->items[index], &list->items[index + 1],
            (list->count - index) * sizeof list->items[0]);
    list->count--;
}

char **strlist_argv(struct strlist *list)
{
    make_room(list);
    return list->items;
}

static int compare_text(const void *left, const void *right)
{
    return strcmp(*(char *const *)left, *(char *const *)right);
}

void strlist_sort(struct strlist *list)
{
    if (list->count > 1) {
        qsort(list->items, list->count, sizeof list->items[0], compare_text);
    }
}
