#include "protocol/request_builder.h"

#include "base/mem.h"

#include <stdlib.h>

struct request_builder *request_builder_create(const char *frame, size_t len)
{
    struct request_builder *builder = mem_zalloc(sizeof *builder);
    builder->text = mem_dup_len(frame, len);
    return builder;
}

void request_builder_destroy(struct request_builder *builder)
{
    if (builder != NULL) {
        free(builder->arguments);
        free(builder->inputs);
        free(builder->text);
        free(builder);
    }
}

void request_builder_add_argument(struct request_builder *builder, const char *argument)
{
    if (builder->argument_count < ARGUMENTS_MAX) {
        builder->arguments = mem_reserve_one(builder->arguments, builder->argument_count,
                                             sizeof builder->arguments[0]);
        builder->arguments[builder->argument_count] = argument;
    }
    builder->argument_count++;
}

static struct input *next_input(struct request_builder *builder)
{
    if (builder->input_count >= INPUTS_MAX) {
        return &builder->surplus;
    }
    builder->inputs =
        mem_reserve_one(builder->inputs, builder->input_count, sizeof builder->inputs[0]);
    return &builder->inputs[builder->input_count];
}

struct input *request_builder_add_input(struct request_builder *builder)
{
    struct input *input = next_input(builder);
    builder->input_count++;
    *input = (struct input){.path = "", .digest = ""};
    return input;
}

struct failure *request_builder_blame(struct request_builder *builder)
{
    struct failure *why = builder->is_bad ? &builder->ignored : &builder->why;
    builder->is_bad = true;
    return why;
}

static void free_builder(void *builder)
{
    request_builder_destroy(builder);
}

bool request_builder_give(struct request_builder *builder, struct work_request *request,
                          struct failure *why)
{
    if (!work_check_counts(builder->argument_count, builder->input_count, why)) {
        return false;
    }
    if (builder->is_bad) {
        *why = builder->why;
        return false;
    }
    request->arguments = builder->arguments;
    request->argument_count = builder->argument_count;
    request->inputs = builder->inputs;
    request->input_count = builder->input_count;
    request->backing = builder;
    request->free_backing = free_builder;
    return true;
}
