#include "program/private_dir.h"

#include "base/bytes.h"
#include "base/file.h"
#include "base/mem.h"
#include "io/state_dir.h"
#include "io/tree.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool make_folder(const char *dir, const char *name, struct failure *why)
{
    char *path = path_join(dir, name);
    bool good = tree_make(path, S_IRWXU, why);
    free(path);
    return good;
}

char *private_dir_make(struct state_dir *state, uint64_t serial, const struct command *command,
                       struct failure *why)
{
    char *dir = state_dir_compile_path(state, serial, why);
    if (dir == NULL) {
        return NULL;
    }
    struct strlist folders = {0};
    if (command_has_folders(command)) {
        strlist_push(&folders, COMMAND_TMP_FOLDER);
    }
    command_folders(command, &folders);
    bool good = true;
    for (size_t i = 0; good && i < folders.count; i++) {
        good = make_folder(dir, folders.items[i], why);
    }
    strlist_finish(&folders);
    if (!good) {
        struct failure ignored;
        state_dir_remove(dir, &ignored);
        free(dir);
        dir = NULL;
    }
    return dir;
}

static size_t total_bytes(const struct strlist *list)
{
    size_t total = 0;
    for (size_t i = 0; i < list->count; i++) {
        total += strlen(list->items[i]) + 1;
    }
    return total;
}

// rustc reads `@file` as one argument a line; an argument with a newline in it cannot go there.
bool private_dir_shorten(const char *dir, struct strlist *argv, struct failure *why)
{
    if (total_bytes(argv) <= PRIVATE_DIR_ARGV_MAX_BYTES) {
        return true;
    }
    struct bytes text = {0};
    struct strlist kept = {0};
    for (size_t i = 0; i < argv->count; i++) {
        if (i == 0 || strchr(argv->items[i], '\n') != NULL) {
            strlist_push(&kept, argv->items[i]);
        } else {
            bytes_append_format(&text, "%s\n", argv->items[i]);
        }
    }
    char *path = path_join(dir, "args");
    bool good = file_write(path, bytes_text(&text), text.len, why);
    strlist_push_take(&kept, mem_format("@%s", path));
    free(path);
    bytes_finish(&text);
    strlist_finish(argv);
    *argv = kept;
    return good;
}

// The size of the artefact, -1 when it is not there.
static int64_t artifact_bytes(const char *dir, const struct command *command,
                              const struct emit *emit)
{
    char *name = command_artifact_name(command, emit);
    if (name == NULL) {
        return -1;
    }
    char *path = path_join(dir, name);
    struct stat info;
    int64_t size = stat(path, &info) == 0 ? (int64_t)info.st_size : -1;
    free(path);
    free(name);
    return size;
}

uint64_t private_dir_bytes(const char *dir, const struct command *command)
{
    uint64_t total = 0;
    for (size_t i = 0; i < command->crate.emit_count; i++) {
        int64_t size = artifact_bytes(dir, command, &command->crate.emits[i]);
        total += size < 0 ? 0 : (uint64_t)size;
    }
    return total;
}

bool private_dir_holds(const char *dir, const struct command *command, const char *kind)
{
    const struct emit *emit = crate_args_emit(&command->crate, kind);
    return emit != NULL && artifact_bytes(dir, command, emit) >= 0;
}
