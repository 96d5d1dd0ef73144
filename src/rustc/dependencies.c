#include "rustc/dependencies.h"

#include "base/file.h"
#include "base/mem.h"
#include "rustc/flags.h"

#include <stdlib.h>
#include <string.h>

void dependencies_finish(struct dependencies *list)
{
    for (size_t i = 0; i < list->count; i++) {
        free(list->items[i].rmeta);
        free(list->items[i].rlib);
        free(list->items[i].listed_rmeta);
        free(list->items[i].listed_rlib);
    }
    free(list->items);
    strlist_finish(&list->folders);
    strlist_finish(&list->listed_folders);
    strlist_finish(&list->names);
    *list = (struct dependencies){0};
}

static size_t folder_of(struct dependencies *list, const struct dependency *item)
{
    char *folder = path_dirname(item->listed_rlib);
    size_t index = strlist_find(&list->listed_folders, folder);
    if (index == list->folders.count) {
        strlist_push_take(&list->listed_folders, folder);
        strlist_push_take(&list->folders, path_dirname(item->rlib));
    } else {
        free(folder);
    }
    return index;
}

static bool add(struct dependencies *list, const char *working_dir, const char *pair,
                struct failure *why)
{
    const char *equals = strchr(pair, '=');
    if (equals == NULL || equals == pair || equals[1] == '\0') {
        return failure_set(why, "%s needs RMETA=RLIB, not '%s'",
                           flag_name(FLAG_PIPELINING_DEPENDENCY), pair);
    }
    struct dependency *item = &list->items[list->count++];
    item->rmeta = mem_dup_len(pair, (size_t)(equals - pair));
    item->rlib = mem_dup(equals + 1);
    item->listed_rmeta = path_listed(working_dir, item->rmeta);
    item->listed_rlib = path_listed(working_dir, item->rlib);
    item->folder = folder_of(list, item);
    strlist_push(&list->names, item->listed_rmeta);
    strlist_push(&list->names, item->listed_rlib);
    return true;
}

bool dependencies_read(struct dependencies *list, const char *working_dir,
                       const struct strlist *pairs, struct failure *why)
{
    list->items = mem_zalloc_array(pairs->count, sizeof list->items[0]);
    for (size_t i = 0; i < pairs->count; i++) {
        if (!add(list, working_dir, pairs->items[i], why)) {
            return false;
        }
    }
    strlist_sort(&list->names);
    return true;
}

static void replace(char **text, const struct substitutions *rules)
{
    char *old = *text;
    *text = substitutions_apply(rules, old);
    free(old);
}

// What is listed is relative, or has nothing to do with the working directory.
void dependencies_replace(struct dependencies *list, const struct substitutions *rules)
{
    for (size_t i = 0; i < list->count; i++) {
        replace(&list->items[i].rmeta, rules);
        replace(&list->items[i].rlib, rules);
    }
    for (size_t i = 0; i < list->folders.count; i++) {
        replace(&list->folders.items[i], rules);
    }
}

size_t dependencies_find(const struct dependencies *list, const char *working_dir, const char *path)
{
    char *listed = path_listed(working_dir, path);
    size_t index = 0;
    while (index < list->count && strcmp(list->items[index].listed_rlib, listed) != 0) {
        index++;
    }
    free(listed);
    return index;
}

size_t dependencies_find_folder(const struct dependencies *list, const char *working_dir,
                                const char *path)
{
    char *listed = path_listed(working_dir, path);
    size_t index = strlist_find(&list->listed_folders, listed);
    free(listed);
    return index;
}

char *dependencies_folder_place(size_t folder)
{
    return mem_format("deps/%zu", folder);
}

char *dependencies_place(const struct dependencies *list, size_t index)
{
    const struct dependency *item = &list->items[index];
    return mem_format("deps/%zu/%s", item->folder, path_basename(item->rlib));
}

static int compare_name(const void *text, const void *item)
{
    return strcmp(text, *(char *const *)item);
}

bool dependencies_name(const struct dependencies *list, const char *path)
{
    return list->names.count > 0 && bsearch(path, list->names.items, list->names.count,
                                            sizeof list->names.items[0], compare_name) != NULL;
}
