#include "base/strlist.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

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
    char **items = strlist_argv(list);
    list->items = mem_reserve_one(items, list->count + 1, sizeof items[0]);
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

size_t strlist_find(const struct strlist *list, const char *text)
{
    size_t index = 0;
    while (index < list->count && strcmp(list->items[index], text) != 0) {
        index++;
    }
    return index;
}

bool strlist_holds(const struct strlist *list, const char *text)
{
    return strlist_find(list, text) < list->count;
}

char **strlist_argv(struct strlist *list)
{
    if (list->items == NULL) {
        list->items = mem_reserve_one(NULL, 0, sizeof list->items[0]);
        list->items[0] = NULL;
    }
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
