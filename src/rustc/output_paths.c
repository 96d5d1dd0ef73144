#include "rustc/output_paths.h"

#include "base/file.h"
#include "base/mem.h"
#include "base/text.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static const char outputs[] = "bazel-out/";

static void add(const struct command *command, const char *path, const char *below,
                struct strlist *paths)
{
    char *listed = path_listed(command->working_dir, path);
    bool is_below = listed[0] != '/' && strcmp(listed, ".") != 0 && text_starts_with(listed, below);
    if (is_below && !text_ends_with(listed, ".rs")) {
        strlist_push_take(paths, listed);
    } else {
        free(listed);
    }
}

// Lists of paths, and options of options, have such bytes between them.
static void add_mentioned(const struct command *command, const char *text, const char *below,
                          struct strlist *paths)
{
    static const char separators[] = "=,;: \t\n\"'";
    for (const char *start = text + strspn(text, separators); *start != '\0';) {
        size_t len = strcspn(start, separators);
        bool may_be_below = start[0] != '/' || text_starts_with(start, command->working_dir);
        if (may_be_below && memchr(start, '/', len) != NULL) {
            char *path = mem_dup_len(start, len);
            add(command, path, below, paths);
            free(path);
        }
        start += len;
        start += strspn(start, separators);
    }
}

// The option with its value in one word, or alone before it.
static bool only_reads(const struct strlist *words, size_t index)
{
    static const char *const options[] = {"--extern", "-L"};
    bool reads = false;
    for (size_t i = 0; !reads && i < sizeof options / sizeof options[0]; i++) {
        reads = text_starts_with(words->items[index], options[i]) ||
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
            add_mentioned(command, crate->rest.items[i], "", paths);
        }
    }
    for (size_t i = 0; i < crate->emit_count; i++) {
        if (crate->emits[i].path != NULL) {
            add(command, crate->emits[i].path, "", paths);
        }
    }
    if (crate->out_dir != NULL) {
        add(command, crate->out_dir, "", paths);
    }
    if (crate->output != NULL) {
        add(command, crate->output, "", paths);
    }
    for (size_t i = 0; i < command->env.count; i++) {
        add_mentioned(command, command->env.items[i], outputs, paths);
    }
    drop_doubles(paths);
}
