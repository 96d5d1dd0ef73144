#include "rustc/invocation.h"

#include "base/file.h"
#include "base/mem.h"
#include "base/text.h"
#include "rustc/arguments.h"
#include "rustc/environment.h"
#include "rustc/substitution.h"

#include <stdlib.h>
#include <string.h>

// What the steps of a build hand to each other.
struct build {
    const struct invocation_source *source;
    struct substitutions substitutions;
    struct arguments arguments;
};

void invocation_finish(struct invocation *invocation)
{
    free(invocation->key);
    command_finish(&invocation->command);
    delivery_finish(&invocation->delivery);
    *invocation = (struct invocation){0};
}

static const char *working_dir(const struct invocation_source *source)
{
    return source->working_dir == NULL ? source->request_dir : source->working_dir;
}

// A flag that may stand at start-up and in a request: the request's wins.
static const char *either_value(const struct build *build, enum flag_id id)
{
    const char *value = flag_value(&build->arguments.flags, id);
    return value != NULL ? value : flag_value(build->source->startup, id);
}

static void either_files(const struct build *build, enum flag_id id, struct strlist *paths)
{
    const struct flag_values *both[] = {build->source->startup, &build->arguments.flags};
    for (size_t side = 0; side < 2; side++) {
        const struct strlist *names = &both[side]->of[id];
        for (size_t i = 0; i < names->count; i++) {
            strlist_push_take(paths, path_join(build->source->request_dir, names->items[i]));
        }
    }
}

static bool add_argument_files(struct build *build, const struct arguments_rules *rules,
                               struct failure *why)
{
    struct strlist files = {0};
    either_files(build, FLAG_ARG_FILE, &files);
    bool good = true;
    for (size_t i = 0; good && i < files.count; i++) {
        good = arguments_add_file(&build->arguments, rules, files.items[i], why);
    }
    strlist_finish(&files);
    return good;
}

static bool names_features(const struct strlist *words)
{
    for (size_t i = 0; i < words->count; i++) {
        if (text_starts_with(words->items[i], "-Zallow-features=") ||
            text_starts_with(words->items[i], "allow-features=")) {
            return true;
        }
    }
    return false;
}

static bool add_feature_guard(struct build *build, struct failure *why)
{
    const char *value = flag_value(build->source->startup, FLAG_REQUIRE_EXPLICIT_UNSTABLE_FEATURES);
    if (value == NULL || strcmp(value, "false") == 0) {
        return true;
    }
    if (strcmp(value, "true") != 0) {
        return failure_set(why, "%s is true or false, not '%s'",
                           flag_name(FLAG_REQUIRE_EXPLICIT_UNSTABLE_FEATURES), value);
    }
    if (!names_features(&build->arguments.words)) {
        strlist_push(&build->arguments.words, "-Zallow-features=");
    }
    return true;
}

// A request brings the tool's arguments, never the tool.
static bool check_tool(const struct build *build, struct failure *why)
{
    const struct strlist *words = &build->arguments.words;
    return (words->count > 0 && words->items[0][0] != '\0') ||
           failure_set(why, "no tool to run: the command line needs '-- RUSTC'");
}

static bool read_arguments(struct build *build, struct failure *why)
{
    const struct invocation_source *source = build->source;
    struct arguments_rules rules = {.substitutions = &build->substitutions,
                                    .request_dir = source->request_dir};
    return arguments_add(&build->arguments, &rules, source->startup_words, false, why) &&
           check_tool(build, why) &&
           (source->request_words == NULL ||
            arguments_add(&build->arguments, &rules, source->request_words, true, why)) &&
           add_argument_files(build, &rules, why) && add_feature_guard(build, why);
}

static bool read_environment(struct build *build, struct command *command, struct failure *why)
{
    const struct invocation_source *source = build->source;
    struct strlist files = {0};
    either_files(build, FLAG_ENV_FILE, &files);
    const char *stable = either_value(build, FLAG_STABLE_STATUS_FILE);
    const char *changing = either_value(build, FLAG_VOLATILE_STATUS_FILE);
    char *stable_path = stable == NULL ? NULL : path_join(source->request_dir, stable);
    char *changing_path = changing == NULL ? NULL : path_join(source->request_dir, changing);
    struct environment_source env = {.inherited = source->inherited_env,
                                     .files = &files,
                                     .stable_status = stable_path,
                                     .volatile_status = changing_path,
                                     .substitutions = &build->substitutions};
    bool good = environment_build(&env, &command->env, why);
    if (good && changing != NULL) {
        env.volatile_status = NULL;
        good = environment_build(&env, &command->lasting_env, why);
    }
    free(stable_path);
    free(changing_path);
    strlist_finish(&files);
    return good;
}

static bool read_format(const struct build *build, struct command *command, struct failure *why)
{
    const char *format = either_value(build, FLAG_RUSTC_OUTPUT_FORMAT);
    if (format == NULL) {
        command->format = OUTPUT_RAW;
    } else if (strcmp(format, "rendered") == 0) {
        command->format = OUTPUT_RENDERED;
    } else if (strcmp(format, "json") == 0) {
        command->format = OUTPUT_JSON;
    } else {
        return failure_set(why, "%s is json or rendered, not '%s'",
                           flag_name(FLAG_RUSTC_OUTPUT_FORMAT), format);
    }
    return true;
}

// A key may become part of a file name one day, and a long one fills logs.
static bool check_key(const char *key, struct failure *why)
{
    enum { KEY_MAX_BYTES = 1024 };
    if (key[0] == '\0' || strlen(key) > KEY_MAX_BYTES) {
        return failure_set(why, "%s must have 1 to %d bytes", flag_name(FLAG_PIPELINING_KEY),
                           KEY_MAX_BYTES);
    }
    if (strchr(key, '/') != NULL || strstr(key, "..") != NULL) {
        return failure_set(why, "%s must not contain '/' or '..': '%s'",
                           flag_name(FLAG_PIPELINING_KEY), key);
    }
    return true;
}

static bool read_stage(const struct build *build, struct invocation *invocation,
                       struct failure *why)
{
    const struct flag_values *flags = &build->arguments.flags;
    if (!stage_read(flags, &invocation->stage, why)) {
        return false;
    }
    bool has_objects = flag_given(flags, FLAG_PIPELINING_OBJECTS);
    if (has_objects && invocation->stage != STAGE_CODEGEN && invocation->stage != STAGE_LINK) {
        return failure_set(why, "%s belongs to %s and %s", flag_name(FLAG_PIPELINING_OBJECTS),
                           flag_name(FLAG_PIPELINING_CODEGEN), flag_name(FLAG_PIPELINING_LINK));
    }
    if (invocation->stage == STAGE_ALL) {
        return true;
    }
    const char *flag = flag_name(stage_flag(invocation->stage));
    const char *key = flag_value(flags, FLAG_PIPELINING_KEY);
    if (key == NULL) {
        return failure_set(why, "%s needs %s=KEY", flag, flag_name(FLAG_PIPELINING_KEY));
    }
    bool has_stamp = flag_given(flags, FLAG_PIPELINING_STAMP);
    if (invocation->stage == STAGE_CODEGEN && has_stamp == has_objects) {
        return failure_set(why, "%s needs %s=FILE or %s=DIR", flag,
                           flag_name(FLAG_PIPELINING_STAMP), flag_name(FLAG_PIPELINING_OBJECTS));
    }
    invocation->key = mem_dup(key);
    return check_key(key, why);
}

static bool is_rustc(const char *tool)
{
    const char *name = path_basename(tool);
    return strstr(name, "rustc") != NULL || strcmp(name, "clippy-driver") == 0;
}

// The command line's own compile is nobody else's: it may write where its arguments say. But what
// is linked elsewhere must know where that is.
static enum command_outputs choose_outputs(const struct build *build,
                                           const struct invocation *invocation)
{
    if (stage_is_library(invocation->stage)) {
        return OUTPUTS_LIBRARY;
    }
    bool is_request = build->source->request_words != NULL ||
                      flag_given(&build->arguments.flags, FLAG_PIPELINING_OBJECTS);
    if (!is_request || !is_rustc(invocation->command.tool)) {
        return OUTPUTS_DIRECT;
    }
    return invocation->command.redirection.in_place ? OUTPUTS_IN_PLACE : OUTPUTS_PRIVATE;
}

// What writes in place can serve its own request alone.
static void set_outputs(struct build *build, struct invocation *invocation)
{
    struct command *command = &invocation->command;
    command->redirection = redirection_of(&command->crate);
    command->outputs = choose_outputs(build, invocation);
    if (!command_is_redirected(command)) {
        strlist_push_all(&command->words, &build->arguments.words);
        free(invocation->key);
        invocation->key = NULL;
    }
}

// Two requests have its files from a private directory.
static bool check_library_names(const struct command *command, struct failure *why)
{
    const struct crate_args *crate = &command->crate;
    if (strchr(crate->crate_name, '/') != NULL || strchr(crate->extra_filename, '/') != NULL) {
        return failure_set(why,
                           "crate %s: --pipelining-metadata and --pipelining-full take no '/' in "
                           "--crate-name and -Cextra-filename: '%s%s'",
                           crate->crate_name, crate->crate_name, crate->extra_filename);
    }
    if (command->redirection.splits && !command->redirection.hides) {
        return failure_set(why,
                           "crate %s: --pipelining-metadata and --pipelining-full do not go with "
                           "-Csplit-debuginfo and a --remap-path-scope that leaves debug "
                           "information out",
                           crate->crate_name);
    }
    for (size_t i = 0; i < crate->emit_count; i++) {
        if (crate_args_to_stdout(&crate->emits[i])) {
            return failure_set(
                why,
                "crate %s: --pipelining-metadata and --pipelining-full write --emit=%s "
                "to a file, not to '-'",
                crate->crate_name, crate->emits[i].kind);
        }
    }
    return true;
}

// A library's two requests must run the very same command: the same kinds (they are part of the
// crate hash), and the notification that the metadata is there.
static bool make_library(struct command *command, struct failure *why)
{
    struct crate_args *crate = &command->crate;
    if (crate->crate_name == NULL) {
        return failure_set(why, "--pipelining-metadata and --pipelining-full need --crate-name");
    }
    if (!crate_args_is_library(crate)) {
        return failure_set(why,
                           "crate %s: --pipelining-metadata and --pipelining-full are for one "
                           "--crate-type, lib or rlib",
                           crate->crate_name);
    }
    if (crate->output != NULL) {
        return failure_set(
            why,
            "crate %s: --pipelining-metadata and --pipelining-full take --out-dir or "
            "--emit=KIND=FILE, not -o",
            crate->crate_name);
    }
    crate_args_need_emit(crate, "link");
    crate_args_need_emit(crate, "metadata");
    return check_library_names(command, why);
}

static bool check_metadata_name(const struct invocation *invocation, struct failure *why)
{
    const struct artifact *rmeta = delivery_artifact(&invocation->delivery, "metadata");
    if (invocation->stage != STAGE_METADATA || rmeta == NULL) {
        return true;
    }
    size_t len = strlen(rmeta->to);
    return len < 5 || strcmp(rmeta->to + len - 5, ".rlib") != 0 ||
           failure_set(
               why,
               "%s: it writes an .rmeta file, not '%s'; name one with --emit=metadata=FILE.rmeta",
               flag_name(FLAG_PIPELINING_METADATA), rmeta->written);
}

static bool read_command(struct build *build, struct invocation *invocation, struct failure *why)
{
    struct command *command = &invocation->command;
    struct strlist *words = &build->arguments.words;
    command->tool = mem_dup(words->items[0]);
    command->working_dir = mem_dup(working_dir(build->source));
    strlist_remove(words, 0);
    if (!read_stage(build, invocation, why) || !read_format(build, command, why) ||
        !read_environment(build, command, why) || !crate_args_read(&command->crate, words, why)) {
        return false;
    }
    set_outputs(build, invocation);
    return dependencies_read(&command->dependencies, command->working_dir,
                             &build->arguments.flags.of[FLAG_PIPELINING_DEPENDENCY], why) &&
           (command->outputs != OUTPUTS_LIBRARY || make_library(command, why));
}

bool invocation_build(struct invocation *invocation, const struct invocation_source *source,
                      struct failure *why)
{
    struct build build = {.source = source};
    bool good = substitutions_add_flags(&build.substitutions, &source->startup->of[FLAG_SUBST],
                                        working_dir(source), why) &&
                read_arguments(&build, why) && read_command(&build, invocation, why);
    if (good) {
        struct delivery_source from = {.stage = invocation->stage,
                                       .command = &invocation->command,
                                       .startup = source->startup,
                                       .request = &build.arguments.flags,
                                       .request_dir = source->request_dir,
                                       .plain_dir = source->plain_dir == NULL ? source->request_dir
                                                                              : source->plain_dir};
        good = delivery_build(&invocation->delivery, &from, why) &&
               check_metadata_name(invocation, why);
    }
    arguments_finish(&build.arguments);
    substitutions_finish(&build.substitutions);
    return good;
}
