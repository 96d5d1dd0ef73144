#include "rustc/command.h"

#include "base/bytes.h"
#include "base/file.h"
#include "base/mem.h"
#include "rustc/substitution.h"

#include <stdlib.h>
#include <string.h>

void command_finish(struct command *command)
{
    free(command->tool);
    free(command->working_dir);
    strlist_finish(&command->words);
    strlist_finish(&command->env);
    strlist_finish(&command->lasting_env);
    crate_args_finish(&command->crate);
    dependencies_finish(&command->dependencies);
    *command = (struct command){0};
}

const struct strlist *command_lasting_env(const struct command *command)
{
    return command->lasting_env.count > 0 ? &command->lasting_env : &command->env;
}

void command_forget_words(struct command *command)
{
    strlist_finish(&command->words);
    strlist_finish(&command->env);
    strlist_finish(&command->lasting_env);
    strlist_finish(&command->crate.rest);
}

bool command_is_redirected(const struct command *command)
{
    return command->outputs == OUTPUTS_PRIVATE || command->outputs == OUTPUTS_LIBRARY;
}

bool command_has_folders(const struct command *command)
{
    return command->outputs == OUTPUTS_PRIVATE ||
           (command->outputs == OUTPUTS_LIBRARY && command->redirection.leaves_more);
}

// The file's own name; NULL: rustc is to choose it.
static char *file_name(const struct command *command, const struct emit *emit)
{
    if (command->outputs == OUTPUTS_PRIVATE) {
        return emit->path == NULL ? NULL : mem_dup(path_basename(emit->path));
    }
    if (emit->path == NULL && crate_args_is_of_units(emit->kind)) {
        return NULL;
    }
    char *name = crate_args_library_output(&command->crate, emit->kind);
    return name == NULL && emit->path != NULL ? mem_dup(emit->kind) : name;
}

// A kind that no rustc has stays as it stands: rustc will say so.
char *command_artifact_name(const struct command *command, const struct emit *emit)
{
    if (!command_is_redirected(command) || crate_args_to_stdout(emit) ||
        !crate_args_knows_kind(emit->kind)) {
        return NULL;
    }
    char *name = file_name(command, emit);
    if (name == NULL || !command_has_folders(command)) {
        return name;
    }
    char *path = mem_format("%s/%s", emit->kind, name);
    free(name);
    return path;
}

void command_folders(const struct command *command, struct strlist *folders)
{
    if (!command_has_folders(command)) {
        return;
    }
    strlist_push(folders, COMMAND_OUT_FOLDER);
    for (size_t i = 0; i < command->crate.emit_count; i++) {
        char *name = command_artifact_name(command, &command->crate.emits[i]);
        if (name != NULL) {
            strlist_push(folders, command->crate.emits[i].kind);
        }
        free(name);
    }
}

bool command_is_dep_info(const struct command *command, const char *folder, const char *file)
{
    return strcmp(folder, COMMAND_OUT_FOLDER) == 0
               ? crate_args_calls_dep_info(&command->crate, file)
               : strcmp(folder, "dep-info") == 0;
}

static char *place_of(const struct command *command, const char *private_dir, const char *folder)
{
    return command_has_folders(command) ? path_join(private_dir, folder) : mem_dup(private_dir);
}

char *command_out_dir(const struct command *command, const char *private_dir)
{
    return place_of(command, private_dir, COMMAND_OUT_FOLDER);
}

char *command_tmp_dir(const struct command *command, const char *private_dir)
{
    return place_of(command, private_dir, COMMAND_TMP_FOLDER);
}

static void push_emit(const struct command *command, const char *private_dir, struct strlist *argv)
{
    struct bytes value = {0};
    bytes_append_text(&value, "--emit=");
    for (size_t i = 0; i < command->crate.emit_count; i++) {
        const struct emit *emit = &command->crate.emits[i];
        char *name = command_artifact_name(command, emit);
        bytes_append_format(&value, "%s%s", i == 0 ? "" : ",", emit->kind);
        if (name != NULL) {
            bytes_append_format(&value, "=%s/%s", private_dir, name);
        } else if (emit->path != NULL) {
            bytes_append_format(&value, "=%s", emit->path);
        }
        free(name);
    }
    strlist_push_take(argv, bytes_detach(&value));
}

// With -o, rustc says that it takes no notice of an --out-dir.
static void push_out_dir(const struct crate_args *crate, const char *out_dir, struct strlist *argv)
{
    if (crate->output == NULL || crate->out_dir != NULL) {
        strlist_push_take(argv, mem_format("--out-dir=%s", out_dir));
    }
    if (crate->output != NULL) {
        bool to_stdout = strcmp(crate->output, "-") == 0;
        strlist_push(argv, "-o");
        strlist_push_take(argv, to_stdout
                                    ? mem_dup("-")
                                    : mem_format("%s/%s", out_dir, path_basename(crate->output)));
    }
}

void command_argv(const struct command *command, const char *private_dir,
                  const struct strlist *rest, struct strlist *argv)
{
    strlist_push(argv, command->tool);
    if (!command_is_redirected(command)) {
        strlist_push_all(argv, &command->words);
        return;
    }
    const struct crate_args *crate = &command->crate;
    strlist_push_all(argv, rest == NULL ? &crate->rest : rest);
    push_emit(command, private_dir, argv);
    char *out_dir = command_out_dir(command, private_dir);
    push_out_dir(crate, out_dir, argv);
    if (command->redirection.splits) {
        strlist_push_take(argv, redirection_remap(crate, out_dir));
    }
    free(out_dir);
}

static void replace_in(struct strlist *list, const struct substitutions *rules)
{
    for (size_t i = 0; i < list->count; i++) {
        strlist_replace_take(list, i, substitutions_apply(rules, list->items[i]));
    }
}

void command_move(struct command *command, const char *working_dir)
{
    struct substitutions rules = {0};
    substitutions_add(&rules, command->working_dir, working_dir);
    replace_in(&command->words, &rules);
    replace_in(&command->crate.rest, &rules);
    replace_in(&command->env, &rules);
    dependencies_replace(&command->dependencies, &rules);
    substitutions_finish(&rules);
    free(command->working_dir);
    command->working_dir = mem_dup(working_dir);
}

char *command_subject(const struct command *command)
{
    if (command->crate.crate_name != NULL) {
        return mem_format("crate %s", command->crate.crate_name);
    }
    return mem_dup(command->tool == NULL ? "no tool" : path_basename(command->tool));
}
