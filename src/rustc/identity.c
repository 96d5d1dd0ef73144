#include "rustc/identity.h"

#include "base/file.h"
#include "base/text.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static void add_list(struct digest_builder *builder, const struct strlist *list)
{
    digest_add_count(builder, list->count);
    for (size_t i = 0; i < list->count; i++) {
        digest_add_text(builder, list->items[i]);
    }
}

// A library's files are called after the crate, all others as the arguments say.
static void add_outputs(struct digest_builder *builder, const struct command *command)
{
    digest_add_count(builder, command->crate.emit_count);
    for (size_t i = 0; i < command->crate.emit_count; i++) {
        const struct emit *emit = &command->crate.emits[i];
        bool named = command->outputs == OUTPUTS_PRIVATE && emit->path != NULL;
        digest_add_text(builder, emit->kind);
        digest_add_text(builder, named ? path_basename(emit->path) : "");
    }
    if (command->redirection.splits) { // debug information names the folder
        char *folder = redirection_remap(&command->crate, "");
        digest_add_text(builder, folder);
        free(folder);
    }
    const char *output = command->crate.output;
    digest_add_text(builder, output == NULL ? "" : path_basename(output));
}

static void add_command(struct digest_builder *builder, const struct command *command)
{
    digest_add_text(builder, command->tool);
    digest_add_text(builder, command->working_dir);
    digest_add_count(builder, (size_t)command->outputs);
    digest_add_count(builder, (size_t)command->format);
    add_list(builder, &command->words);
    add_list(builder, &command->crate.rest);
    add_outputs(builder, command);
    add_list(builder, &command->dependencies.names);
    add_list(builder, command_lasting_env(command));
}

// Bazel names an action's param file after its first output: <output>-<number>.params.
static bool is_param_file_of(const char *input, const char *output)
{
    const char *rest = text_after(input, output);
    size_t digits = rest == NULL || rest[0] != '-' ? 0 : strspn(rest + 1, "0123456789");
    return digits > 0 && strcmp(rest + 1 + digits, ".params") == 0;
}

// The directory, what is in it, and the param file that is named after it.
static bool is_objects(const char *path, const char *objects)
{
    const char *rest = text_after(path, objects);
    bool is_below = rest != NULL && (rest[0] == '\0' || rest[0] == '/');
    return is_below || is_param_file_of(path, objects);
}

bool identity_leaves_out(const struct delivery *delivery, const struct dependencies *dependencies,
                         const char *path)
{
    const char *stamp = delivery->listed_stamp;
    const char *changing = delivery->listed_volatile;
    if ((changing != NULL && strcmp(path, changing) == 0) ||
        (delivery->listed_rmeta != NULL && strcmp(path, delivery->listed_rmeta) == 0) ||
        (stamp != NULL && (strcmp(path, stamp) == 0 || is_param_file_of(path, stamp))) ||
        (delivery->listed_objects != NULL && is_objects(path, delivery->listed_objects)) ||
        dependencies_name(dependencies, path)) {
        return true;
    }
    for (size_t i = 0; i < delivery->artifact_count; i++) {
        const struct artifact *artifact = &delivery->artifacts[i];
        if (artifact->to != NULL && is_param_file_of(path, artifact->listed)) {
            return true;
        }
    }
    return false;
}

bool identity_of(const struct invocation *invocation, const struct input *inputs, size_t count,
                 struct digest *ret_identity)
{
    struct digest_builder builder;
    bool is_known = invocation->key != NULL;
    bool has_inputs = false;
    digest_begin(&builder);
    digest_add_text(&builder, is_known ? invocation->key : "");
    add_command(&builder, &invocation->command);
    for (size_t i = 0; i < count && is_known; i++) {
        if (!identity_leaves_out(&invocation->delivery, &invocation->command.dependencies,
                                 inputs[i].path)) {
            digest_add_text(&builder, inputs[i].path);
            digest_add(&builder, inputs[i].digest, inputs[i].digest_len);
            is_known = inputs[i].digest_len > 0;
            has_inputs = true;
        }
    }
    struct digest identity = digest_end(&builder);
    if (!is_known || !has_inputs) {
        return false;
    }
    *ret_identity = identity;
    return true;
}
