#include "rustc/identity.h"

#include "base/file.h"
#include "base/mem.h"

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

static void add_command(struct digest_builder *builder, const struct command *command)
{
    digest_add_text(builder, command->tool);
    digest_add_text(builder, command->working_dir);
    digest_add_count(builder, (size_t)command->outputs);
    digest_add_count(builder, (size_t)command->format);
    add_list(builder, &command->words);
    add_list(builder, &command->crate.rest);
    digest_add_count(builder, command->crate.emit_count);
    for (size_t i = 0; i < command->crate.emit_count; i++) {
        digest_add_text(builder, command->crate.emits[i].kind);
    }
    add_list(builder, &command->env);
}

static int compare_input(const void *left, const void *right)
{
    return strcmp(((const struct identity_input *)left)->path,
                  ((const struct identity_input *)right)->path);
}

// Bazel names an action's param file after its first output: <output>-<number>.params.
static bool is_param_file_of(const char *input, const char *output)
{
    size_t len = strlen(output);
    if (strncmp(input, output, len) != 0 || input[len] != '-') {
        return false;
    }
    const char *rest = input + len + 1;
    size_t digits = strspn(rest, "0123456789");
    return digits > 0 && strcmp(rest + digits, ".params") == 0;
}

// Inputs that only this one request of its crate has.
static bool is_own_input(const struct invocation *invocation, const char *absolute)
{
    const struct delivery *delivery = &invocation->delivery;
    if (delivery->expected_rmeta != NULL && strcmp(absolute, delivery->expected_rmeta) == 0) {
        return true;
    }
    for (size_t i = 0; i < delivery->artifact_count; i++) {
        const char *output = delivery->artifacts[i].to;
        if (output != NULL && is_param_file_of(absolute, output)) {
            return true;
        }
    }
    return false;
}

struct digest identity_of(const struct invocation *invocation, struct identity_input *inputs,
                          size_t count)
{
    struct digest_builder builder;
    digest_begin(&builder);
    add_command(&builder, &invocation->command);
    if (count > 1) {
        qsort(inputs, count, sizeof inputs[0], compare_input);
    }
    for (size_t i = 0; i < count; i++) {
        char *absolute = path_join(invocation->command.working_dir, inputs[i].path);
        if (!is_own_input(invocation, absolute)) {
            digest_add_text(&builder, inputs[i].path);
            digest_add(&builder, inputs[i].digest, inputs[i].digest_len);
        }
        free(absolute);
    }
    return digest_end(&builder);
}
