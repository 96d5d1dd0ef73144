#include "rustc/output_paths.h"

#include "base/mem.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static const char top[] = "bazel-out/";

// A path with such parts is spelled in a second way, or leads elsewhere.
static bool has_dots(const char *path)
{
    size_t len = strlen(path);
    return strstr(path, "/../") != NULL || strstr(path, "/./") != NULL ||
           strstr(path, "//") != NULL || (len > 3 && strcmp(path + len - 3, "/..") == 0) ||
           (len > 2 && strcmp(path + len - 2, "/.") == 0);
}

static void add(const char *start, size_t len, struct strlist *paths)
{
    while (len > 0 && start[len - 1] == '/') {
        len--;
    }
    char *path = mem_dup_len(start, len);
    if (len < sizeof top || has_dots(path)) {
        free(path);
    } else {
        strlist_push_take(paths, path);
    }
}

// Lists of paths, and options of options, have such bytes between them.
static void add_mentioned(const char *text, struct strlist *paths)
{
    for (const char *start = strstr(text, top); start != NULL; start = strstr(start, top)) {
        size_t len = strcspn(start, ",;: \t\n\"'");
        bool is_whole = start == text ||
                        (!isalnum((unsigned char)start[-1]) && strchr("-_.", start[-1]) == NULL);
        if (is_whole) {
            add(start, len, paths);
        }
        start += len;
    }
}

// The option with its value in one word, or alone before it.
static bool only_reads(const struct strlist *words, size_t index)
{
    static const char *const options[] = {"--extern", "-L"};
    bool reads = false;
    for (size_t i = 0; !reads && i < sizeof options / sizeof options[0]; i++) {
        reads = strncmp(words->items[index], options[i], strlen(options[i])) == 0 ||
                (index > 0 && strcmp(words->items[index - 1], options[i]) == 0);
    }
    return reads;
}

static void drop_doubles(struct strlist *paths)
{
    strlist_sort(paths);
    for (size_t i = paths->count; i > 1; i--) {
        if (strcmp(paths->items[i - 1], paths->items[i - 2]) == 0) {
            strlist_remove(paths, i - 1);
        }
    }
}

void output_paths_of(const struct command *command, struct strlist *paths)
{
    const struct crate_args *crate = &command->crate;
    for (size_t i = 0; i < crate->rest.count; i++) {
        if (!only_reads(&crate->rest, i)) {
            add_mentioned(crate->rest.items[i], paths);
        }
    }
    for (size_t i = 0; i < crate->emit_count; i++) {
        if (crate->emits[i].path != NULL) {
            add_mentioned(crate->emits[i].path, paths);
        }
    }
    if (crate->out_dir != NULL) {
        add_mentioned(crate->out_dir, paths);
    }
    if (crate->output != NULL) {
        add_mentioned(crate->output, paths);
    }
    for (size_t i = 0; i < command->env.count; i++) {
        add_mentioned(command->env.items[i], paths);
    }
    drop_doubles(paths);
}
