#include "portable/relink.h"

#include "base/file.h"
#include "base/mem.h"
#include "portable/objects.h"
#include "rustc/command_line.h"
#include "rustc/environment.h"
#include "rustc/gating.h"
#include "rustc/hollow.h"
#include "rustc/linker_call.h"
#include "rustc/metadata.h"
#include "rustc/response_file.h"
#include "rustc/substitution.h"
#include "rustc/sysroot.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct relink {
    struct linker_call record;
    char *objects;
    char *linker;
    char *dir;                         // the private directory, once it is prepared
    struct substitutions placeholders; // from then on
};

static bool has_library(const char *rlib, const char *sum, struct failure *why)
{
    bool good = true;
    if (hollow_is(rlib)) {
        good = failure_set(why, "'%s' has metadata and no code (a hollow rlib)", rlib);
    } else if (!metadata_has_sum(rlib, sum)) {
        good = failure_set(why, "'%s' has other metadata than the early action compiled against",
                           rlib);
    }
    return good;
}

static bool fits(const struct relink *relink, const char *request_dir,
                 const struct command *command, struct failure *why)
{
    const struct linker_call *record = &relink->record;
    if (record->obstacle != NULL) {
        return failure_set(why, "%s", record->obstacle);
    }
    char *sum = linker_call_command_sum(command);
    bool good = (record->command_sum != NULL && strcmp(record->command_sum, sum) == 0 &&
                 record->libraries.count == command->dependencies.count) ||
                failure_set(why, "'%s' was made with other arguments, environment or another tool",
                            relink->objects);
    free(sum);
    for (size_t i = 0; good && i < record->libraries.count; i++) {
        char *rlib = path_join(request_dir, command->dependencies.items[i].rlib);
        good = has_library(rlib, record->libraries.items[i], why);
        free(rlib);
    }
    return good;
}

static bool read_record(struct relink *relink, struct failure *why)
{
    char *path = path_join(relink->objects, OBJECTS_RECORD);
    bool good = linker_call_read(&relink->record, path, why);
    free(path);
    return good;
}

struct relink *relink_create(const char *objects, const char *request_dir,
                             const struct command *command, struct failure *why)
{
    struct relink *relink = mem_zalloc(sizeof *relink);
    relink->objects = mem_dup(objects);
    relink->linker = mem_dup(gating_linker(command));
    if (!read_record(relink, why) || !fits(relink, request_dir, command, why)) {
        relink_destroy(relink);
        return NULL;
    }
    return relink;
}

void relink_destroy(struct relink *relink)
{
    if (relink == NULL) {
        return;
    }
    linker_call_finish(&relink->record);
    substitutions_finish(&relink->placeholders);
    free(relink->objects);
    free(relink->linker);
    free(relink->dir);
    free(relink);
}

static void set_placeholders(struct relink *relink, const struct command *command)
{
    char *files = path_join(relink->objects, OBJECTS_FILES);
    char *sysroot = sysroot_of(command);
    substitutions_finish(&relink->placeholders);
    substitutions_add(&relink->placeholders, PLACEHOLDER_PRIVATE, relink->dir);
    substitutions_add(&relink->placeholders, PLACEHOLDER_OBJECTS, files);
    substitutions_add(&relink->placeholders, PLACEHOLDER_SYSROOT, sysroot);
    substitutions_add(&relink->placeholders, PLACEHOLDER_DIRECTORY, command->working_dir);
    free(sysroot);
    free(files);
}

static bool prepare(struct relink *relink, const struct command *command, const char *dir,
                    struct failure *why)
{
    free(relink->dir);
    relink->dir = mem_dup(dir);
    set_placeholders(relink, command);
    return objects_unpack_left(relink->objects, command, dir, why);
}

bool relink_argv(struct relink *relink, const struct command *command, const char *dir,
                 struct strlist *argv, struct failure *why)
{
    if (!prepare(relink, command, dir, why)) {
        return false;
    }
    strlist_push(argv, relink->linker);
    for (size_t i = 0; i < relink->record.argv.count; i++) {
        strlist_push_take(argv,
                          substitutions_apply(&relink->placeholders, relink->record.argv.items[i]));
    }
    return true;
}

bool relink_shorten(const struct relink *relink, struct strlist *argv, const struct strlist *env,
                    struct failure *why)
{
    struct command_line line = {
        .argv = argv, .env = env, .max_bytes = (size_t)sysconf(_SC_ARG_MAX)};
    if (command_line_is_short(&line)) {
        return true;
    }
    char *path = path_join(relink->dir, "linker-arguments");
    bool good = response_file_write(path, argv, 1, why);
    strlist_finish(argv);
    strlist_push(argv, relink->linker);
    strlist_push_take(argv, mem_format("@%s", path));
    free(path);
    return good && command_line_check(&line, why);
}

bool relink_is_done(const struct relink *relink)
{
    const struct strlist *words = &relink->record.argv;
    bool done = false;
    for (size_t i = 0; i + 1 < words->count; i++) {
        if (strcmp(words->items[i], "-o") == 0) {
            char *path = substitutions_apply(&relink->placeholders, words->items[i + 1]);
            done = access(path, F_OK) == 0;
            free(path);
        }
    }
    return done;
}

static void set_variable(const struct relink *relink, const char *item, struct strlist *env)
{
    size_t name_len = strcspn(item, "=");
    char *name = mem_dup_len(item, name_len);
    char *replaced = substitutions_apply(&relink->placeholders, item + name_len + 1);
    const char *before = environment_value(env, name);
    struct substitutions own = {0};
    substitutions_add(&own, PLACEHOLDER_VALUE, before == NULL ? "" : before);
    char *value = substitutions_apply(&own, replaced);
    environment_set(env, name, value);
    substitutions_finish(&own);
    free(value);
    free(replaced);
    free(name);
}

void relink_env(const struct relink *relink, struct strlist *env)
{
    for (size_t i = 0; i < relink->record.env.count; i++) {
        const char *item = relink->record.env.items[i];
        if (strchr(item, '=') != NULL) {
            set_variable(relink, item, env);
        }
    }
}
