#include "rustc/delivery.h"

#include "base/file.h"
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

static void artifact_finish(struct artifact *artifact)
{
    free(artifact->kind);
    free(artifact->from);
    free(artifact->to);
    free(artifact->written);
    free(artifact->listed);
}

void delivery_finish(struct delivery *delivery)
{
    for (size_t i = 0; i < delivery->artifact_count; i++) {
        artifact_finish(&delivery->artifacts[i]);
    }
    free(delivery->artifacts);
    free(delivery->out_dir);
    free(delivery->written_out_dir);
    free(delivery->plain_dir);
    free(delivery->usual_dir);
    free(delivery->expected_rmeta);
    free(delivery->listed_rmeta);
    free(delivery->stamp);
    free(delivery->listed_stamp);
    free(delivery->objects);
    free(delivery->listed_objects);
    free(delivery->listed_volatile);
    free(delivery->output_file);
    free(delivery->stdout_file);
    free(delivery->stderr_file);
    free(delivery->touch_file);
    free(delivery->copy_from);
    free(delivery->copy_to);
    *delivery = (struct delivery){0};
}

const struct artifact *delivery_artifact(const struct delivery *delivery, const char *kind)
{
    for (size_t i = 0; i < delivery->artifact_count; i++) {
        if (strcmp(delivery->artifacts[i].kind, kind) == 0) {
            return &delivery->artifacts[i];
        }
    }
    return NULL;
}

// Is this kind declared by a request of this stage? (the table in the header)
static bool is_declared(enum stage stage, const struct emit *emit)
{
    bool is_metadata = strcmp(emit->kind, "metadata") == 0;
    switch (stage) {
    case STAGE_METADATA:
        return is_metadata;
    case STAGE_FULL:
        return strcmp(emit->kind, "link") == 0 || (emit->path != NULL && !is_metadata);
    case STAGE_CODEGEN:
        return false;
    case STAGE_LINK:
    case STAGE_ALL:
        return emit->path != NULL;
    }
    return false;
}

// As rustc joins them: what ends with a slash gets no second one.
static char *joined(const char *dir, const char *name)
{
    size_t len = strlen(dir);
    return mem_format("%s%s%s", dir, len > 0 && dir[len - 1] == '/' ? "" : "/", name);
}

// How a plain run would spell the path of an artifact.
static char *plain_path(const struct delivery_source *source, const struct emit *emit,
                        const char *from)
{
    if (emit->path != NULL) {
        return mem_dup(emit->path);
    }
    const char *rlib = flag_value(source->request, FLAG_PIPELINING_RLIB_PATH);
    if (rlib != NULL && strcmp(emit->kind, "link") == 0) {
        return mem_dup(rlib);
    }
    const char *rmeta = flag_value(source->request, FLAG_PIPELINING_RMETA_PATH);
    if (rmeta != NULL && source->stage == STAGE_FULL && strcmp(emit->kind, "metadata") == 0) {
        return mem_dup(rmeta);
    }
    const char *out_dir = source->command->crate.out_dir;
    return out_dir == NULL ? mem_dup(path_basename(from)) : joined(out_dir, path_basename(from));
}

// What follows the directory in an absolute path of something in it, else NULL.
static const char *path_below(const char *dir, const char *path)
{
    size_t len = strlen(dir);
    bool is_below = strncmp(path, dir, len) == 0 && path[len] == '/';
    return is_below ? path + len + strspn(path + len, "/") : NULL;
}

// Where a file of this name is found and placed. The working directory may be another one than the
// request directory, which it stands for.
static char *place_of(const struct delivery_source *source, const char *path)
{
    const char *below = path_below(source->command->working_dir, path);
    return path_join(source->request_dir, below == NULL ? path : below);
}

// The same in the directory of a plain run.
static char *plain_place_of(const struct delivery_source *source, const char *path)
{
    const char *below = path_below(source->command->working_dir, path);
    return below == NULL ? mem_dup(path) : path_join(source->plain_dir, below);
}

static void add_artifact(struct delivery *delivery, const struct delivery_source *source,
                         const struct emit *emit)
{
    char *from = command_artifact_name(source->command, emit);
    if (from == NULL) {
        return;
    }
    struct artifact artifact = {.kind = mem_dup(emit->kind), .from = from};
    char *path = plain_path(source, emit, from);
    artifact.written = plain_place_of(source, path);
    artifact.listed = path_listed(source->command->working_dir, path);
    if (is_declared(source->stage, emit)) {
        artifact.to = place_of(source, path);
    }
    free(path);
    delivery->artifacts = mem_reserve_one(delivery->artifacts, delivery->artifact_count,
                                          sizeof delivery->artifacts[0]);
    delivery->artifacts[delivery->artifact_count++] = artifact;
}

static void set_out_dir(struct delivery *delivery, const struct delivery_source *source)
{
    const struct crate_args *crate = &source->command->crate;
    char *from_output = crate->output == NULL ? NULL : path_dirname(crate->output);
    for (size_t len = from_output == NULL ? 0 : strlen(from_output);
         len > 1 && from_output[len - 1] == '/'; len--) {
        from_output[len - 1] = '\0'; // as the parent of a path for rustc
    }
    const char *out_dir = from_output != NULL ? from_output : crate->out_dir;
    bool bare = out_dir == NULL || (from_output != NULL && strchr(crate->output, '/') == NULL);
    char *written = bare ? NULL : plain_place_of(source, out_dir);
    delivery->written_out_dir = bare ? mem_dup("") : joined(written, "");
    free(written);
    if (stage_takes_all(source->stage) ||
        (source->stage == STAGE_FULL && source->command->redirection.leaves_more)) {
        delivery->out_dir = place_of(source, out_dir == NULL ? "." : out_dir);
    }
    free(from_output);
}

// A request's own flag, else the one given at start-up.
static const char *either_value(const struct delivery_source *source, enum flag_id id)
{
    const char *value = flag_value(source->request, id);
    return value != NULL ? value : flag_value(source->startup, id);
}

static char *file_flag(const struct delivery_source *source, enum flag_id id)
{
    const char *value = either_value(source, id);
    return value == NULL ? NULL : place_of(source, value);
}

static char *listed_flag(const struct delivery_source *source, enum flag_id id)
{
    const char *value = either_value(source, id);
    return value == NULL ? NULL : path_listed(source->command->working_dir, value);
}

static bool set_copy(struct delivery *delivery, const struct delivery_source *source,
                     struct failure *why)
{
    const struct strlist *pair = &source->startup->of[FLAG_COPY_OUTPUT];
    if (pair->count == 0) {
        return true;
    }
    if (strcmp(pair->items[0], pair->items[1]) == 0) {
        return failure_set(why, "--copy-output: '%s' would be copied to itself", pair->items[0]);
    }
    delivery->copy_from = place_of(source, pair->items[0]);
    delivery->copy_to = place_of(source, pair->items[1]);
    return true;
}

bool delivery_build(struct delivery *delivery, const struct delivery_source *source,
                    struct failure *why)
{
    if (command_is_redirected(source->command)) {
        for (size_t i = 0; i < source->command->crate.emit_count; i++) {
            add_artifact(delivery, source, &source->command->crate.emits[i]);
        }
        set_out_dir(delivery, source);
        delivery->plain_dir = mem_dup(source->plain_dir);
        delivery->usual_dir = mem_dup(source->command->working_dir);
    }
    delivery->expected_rmeta = file_flag(source, FLAG_PIPELINING_RMETA_PATH);
    delivery->listed_rmeta = listed_flag(source, FLAG_PIPELINING_RMETA_PATH);
    delivery->stamp = file_flag(source, FLAG_PIPELINING_STAMP);
    delivery->listed_stamp = listed_flag(source, FLAG_PIPELINING_STAMP);
    delivery->objects = file_flag(source, FLAG_PIPELINING_OBJECTS);
    delivery->listed_objects = listed_flag(source, FLAG_PIPELINING_OBJECTS);
    delivery->listed_volatile = listed_flag(source, FLAG_VOLATILE_STATUS_FILE);
    delivery->output_file = file_flag(source, FLAG_OUTPUT_FILE);
    delivery->stdout_file = file_flag(source, FLAG_STDOUT_FILE);
    delivery->stderr_file = file_flag(source, FLAG_STDERR_FILE);
    delivery->touch_file = file_flag(source, FLAG_TOUCH_FILE);
    return set_copy(delivery, source, why);
}
