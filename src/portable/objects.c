#include "portable/objects.h"

#include "base/file.h"
#include "base/mem.h"
#include "base/placing.h"
#include "base/tree.h"
#include "portable/recorder.h"
#include "rustc/linker_call.h"
#include "rustc/metadata.h"
#include "rustc/substitution.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool make_anew(const char *objects, struct failure *why)
{
    return tree_remove(objects, why) && tree_make(objects, S_IRWXU | S_IRWXG | S_IRWXO, why);
}

static bool write_record(const char *objects, const struct linker_call *record, struct failure *why)
{
    char *path = path_join(objects, OBJECTS_RECORD);
    bool good = linker_call_write(record, path, why);
    free(path);
    return good;
}

bool objects_write_obstacle(const char *objects, const char *reason, struct failure *why)
{
    struct linker_call record = {.obstacle = mem_dup(reason)};
    bool good = make_anew(objects, why) && write_record(objects, &record, why);
    linker_call_finish(&record);
    return good;
}

// How files move between a private directory and one of objects.
struct moving {
    const struct command *command;
    const char *from;
    const char *to;
    struct substitutions rules; // for the texts that name files
};

static bool move_text(const struct moving *moving, const char *from, const char *to,
                      struct failure *why)
{
    struct bytes text = {0};
    bool good = file_read(from, "dep-info file", &text, why) && tree_make_parent(to, why);
    if (good) {
        char *placed = substitutions_apply(&moving->rules, bytes_text(&text));
        good = file_write(to, placed, strlen(placed), why);
        free(placed);
    }
    bytes_finish(&text);
    return good;
}

// The linker's own output is not among what is left. With several kinds, -o may be the name of the
// dep-info, and the linker's output has another one.
static bool is_linked(const struct command *command, const char *folder, const char *name)
{
    const char *output = command->crate.output;
    return strcmp(folder, COMMAND_OUT_FOLDER) == 0 && output != NULL &&
           strcmp(path_basename(output), name) == 0 && !command_is_dep_info(command, folder, name);
}

static bool move_file(const struct moving *moving, const char *folder, const char *name,
                      struct failure *why)
{
    if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0 ||
        is_linked(moving->command, folder, name)) {
        return true;
    }
    char *from = mem_format("%s/%s/%s", moving->from, folder, name);
    char *to = mem_format("%s/%s/%s", moving->to, folder, name);
    bool good = command_is_dep_info(moving->command, folder, name)
                    ? move_text(moving, from, to, why)
                    : place_tree(from, to, why);
    free(to);
    free(from);
    return good;
}

static bool move_folder(const struct moving *moving, const char *folder, struct failure *why)
{
    char *path = path_join(moving->from, folder);
    DIR *dir = opendir(path);
    bool good = true;
    for (struct dirent *entry = NULL; good && dir != NULL && (entry = readdir(dir)) != NULL;) {
        good = move_file(moving, folder, entry->d_name, why);
    }
    if (dir != NULL) {
        closedir(dir);
    }
    free(path);
    return good;
}

static bool move_left(const struct moving *moving, struct failure *why)
{
    struct strlist folders = {0};
    command_folders(moving->command, &folders);
    bool good = true;
    for (size_t i = 0; good && i < folders.count; i++) {
        bool is_link = strcmp(folders.items[i], "link") == 0;
        good = is_link || move_folder(moving, folders.items[i], why);
    }
    strlist_finish(&folders);
    return good;
}

static bool pack_left(const char *objects, const struct objects_source *made, struct failure *why)
{
    char *left = path_join(objects, OBJECTS_LEFT);
    struct moving moving = {.command = made->command, .from = made->dir, .to = left};
    substitutions_add(&moving.rules, made->dir, PLACEHOLDER_PRIVATE);
    bool good = move_left(&moving, why);
    substitutions_finish(&moving.rules);
    free(left);
    return good;
}

bool objects_unpack_left(const char *objects, const struct command *command, const char *dir,
                         struct failure *why)
{
    char *left = path_join(objects, OBJECTS_LEFT);
    struct moving moving = {.command = command, .from = left, .to = dir};
    substitutions_add(&moving.rules, PLACEHOLDER_PRIVATE, dir);
    bool good = move_left(&moving, why);
    substitutions_finish(&moving.rules);
    free(left);
    return good;
}

static bool pack_files(const char *objects, const struct objects_source *made, struct failure *why)
{
    char *from = path_join(made->dir, RECORDER_OBJECTS);
    char *to = path_join(objects, OBJECTS_FILES);
    bool good = place_tree(from, to, why);
    free(to);
    free(from);
    return good;
}

static bool add_libraries(struct linker_call *record, const struct dependencies *list,
                          const char *request_dir, struct failure *why)
{
    bool good = true;
    for (size_t i = 0; good && i < list->count; i++) {
        char *path = path_join(request_dir, list->items[i].rmeta);
        char *sum = metadata_sum(path, why);
        good = sum != NULL;
        if (good) {
            strlist_push_take(&record->libraries, sum);
        }
        free(path);
    }
    return good;
}

static bool pack_record(const char *objects, const struct objects_source *made, struct failure *why)
{
    struct linker_call record = {0};
    char *path = path_join(made->dir, RECORDER_RECORD);
    bool good = linker_call_read(&record, path, why) &&
                add_libraries(&record, &made->command->dependencies, made->request_dir, why) &&
                write_record(objects, &record, why);
    free(path);
    linker_call_finish(&record);
    return good;
}

bool objects_pack(const char *objects, const struct objects_source *made, struct failure *why)
{
    return make_anew(objects, why) && pack_files(objects, made, why) &&
           pack_left(objects, made, why) && pack_record(objects, made, why);
}
