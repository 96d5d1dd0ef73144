#include "rustc/gating.h"

#include "base/file.h"
#include "base/mem.h"
#include "base/text.h"
#include "rustc/option.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static bool is_one_of(const char *text, const char *const *words)
{
    for (; *words != NULL; words++) {
        if (strcmp(text, *words) == 0) {
            return true;
        }
    }
    return false;
}

static const char *obstacle_in_setting(const char *setting)
{
    const char *value = NULL;
    if (option_setting_is(setting, "lto", &value) && !option_is_off(value)) {
        return "it is built with LTO, for which rustc reads the rlibs";
    }
    if (option_setting_is(setting, "linker-plugin-lto", &value) && !option_is_off(value)) {
        return "it is built with the linker's LTO";
    }
    return NULL;
}

static const char *obstacle_in_unstable(const char *setting)
{
    static const char *const words[] = {"no-link", "link-only", "no-codegen", "parse-only", NULL};
    const char *value = NULL;
    if (option_setting_is(setting, "binary-dep-depinfo", &value) && !option_is_off(value)) {
        return "its dep-info names its libraries";
    }
    for (const char *const *word = words; *word != NULL; word++) {
        if (option_setting_is(setting, *word, &value) && !option_is_off(value)) {
            return "a -Z option of its own says which of its phases run";
        }
    }
    return NULL;
}

static const char *obstacle_in_word(const struct strlist *words, size_t index)
{
    size_t used = 0;
    const char *value = option_codegen(words, index, &used);
    if (value != NULL) {
        return obstacle_in_setting(value);
    }
    value = option_value(words, index, "-Z", &used);
    if (value != NULL) {
        return obstacle_in_unstable(value);
    }
    return option_value(words, index, "--print", &used) == NULL
               ? NULL
               : "it prints what it is called with";
}

// NULL: the one that rustc runs on.
static const char *named_target(const struct strlist *words)
{
    const char *target = NULL;
    for (size_t i = 0; target == NULL && i < words->count; i++) {
        size_t used = 0;
        target = option_value(words, i, "--target", &used);
    }
    return target;
}

// An attribute in the sources could say "staticlib": rustc would then write an archive of hollow
// rlibs, and no linker would be asked.
static const char *obstacle_in_types(const struct crate_args *crate)
{
    static const char *const linked[] = {"bin", "proc-macro", "cdylib", "dylib", NULL};
    if (strlist_holds(&crate->rest, "--test")) {
        return NULL;
    }
    if (crate->crate_types.count == 0) {
        return "its arguments do not name the crate type";
    }
    for (size_t i = 0; i < crate->crate_types.count; i++) {
        if (!is_one_of(crate->crate_types.items[i], linked)) {
            return "it has a crate type that no linker makes";
        }
    }
    return NULL;
}

// The last one counts, as for rustc. NULL: none is named.
static const char *named_linker(const struct strlist *words)
{
    const char *linker = NULL;
    for (size_t i = 0; i < words->count; i++) {
        size_t used = 0;
        const char *setting = option_codegen(words, i, &used);
        const char *value = NULL;
        if (setting != NULL && option_setting_is(setting, "linker", &value)) {
            linker = value;
        }
    }
    return linker;
}

const char *gating_obstacle(const struct command *command)
{
    const struct crate_args *crate = &command->crate;
    if (command->outputs == OUTPUTS_DIRECT || command->outputs == OUTPUTS_LIBRARY) {
        return "its tool cannot be told to write elsewhere";
    }
    if (crate_args_emit(crate, "link") == NULL) {
        return "it does not link";
    }
    if (named_target(&crate->rest) != NULL && named_linker(&crate->rest) == NULL) {
        return "its target's linker is not known";
    }
    // Both kinds of it name or hold files that rustc makes and reads itself.
    if (command->redirection.splits) {
        return "its debug information goes to files of its own";
    }
    const char *obstacle = obstacle_in_types(crate);
    for (size_t i = 0; obstacle == NULL && i < crate->rest.count; i++) {
        obstacle = obstacle_in_word(&crate->rest, i);
    }
    if (obstacle == NULL && command->outputs == OUTPUTS_IN_PLACE) {
        return "its outputs depend on where they are written";
    }
    return obstacle;
}

const char *gating_record_obstacle(const struct command *command)
{
    const char *obstacle = gating_obstacle(command);
    const char *target = named_target(&command->crate.rest);
    if (obstacle == NULL && target != NULL && strstr(target, "linux") == NULL) {
        return "its target may need steps after the link";
    }
    if (obstacle == NULL && command->redirection.leaves_more) {
        return "its outputs are more than --emit names";
    }
    return obstacle;
}

const char *gating_linker(const struct command *command)
{
    const char *named = named_linker(&command->crate.rest);
    return named != NULL && named[0] != '\0' ? named : "cc";
}

// What the steps of a rewrite hand to each other.
struct rewrite {
    const struct command *command;
    const char *private_dir;
    struct strlist *argv;
    bool *searched; // one for each folder: does an option name it?
};

static char *folder_path(const struct rewrite *rewrite, size_t folder)
{
    char *place = dependencies_folder_place(folder);
    char *path = path_join(rewrite->private_dir, place);
    free(place);
    return path;
}

// `[options:]name=path`, or a name alone.
static bool rewrite_extern(struct rewrite *rewrite, const char *value)
{
    const struct dependencies *list = &rewrite->command->dependencies;
    const char *equals = strchr(value, '=');
    size_t index = equals == NULL
                       ? list->count
                       : dependencies_find(list, rewrite->command->working_dir, equals + 1);
    if (index == list->count) {
        return false;
    }
    char *place = dependencies_place(list, index);
    strlist_push_take(rewrite->argv, mem_format("--extern=%.*s=%s/%s", (int)(equals - value), value,
                                                rewrite->private_dir, place));
    free(place);
    return true;
}

// `[kind=]path`. A folder that is searched for everything is still searched for native libraries.
static bool rewrite_search(struct rewrite *rewrite, const char *value)
{
    const struct dependencies *list = &rewrite->command->dependencies;
    const char *equals = strchr(value, '=');
    const char *path = equals == NULL ? value : equals + 1;
    int kind_len = equals == NULL ? 0 : (int)(equals - value);
    size_t folder = dependencies_find_folder(list, rewrite->command->working_dir, path);
    bool is_native = text_starts_with(value, "native=") || text_starts_with(value, "framework=");
    if (folder == list->folders.count || is_native) {
        return false;
    }
    bool is_all = kind_len == 0 || text_starts_with(value, "all=");
    char *place = folder_path(rewrite, folder);
    strlist_push_take(rewrite->argv, is_all ? mem_format("-L%s", place)
                                            : mem_format("-L%.*s=%s", kind_len, value, place));
    if (is_all) {
        strlist_push_take(rewrite->argv, mem_format("-Lnative=%s", path));
    }
    rewrite->searched[folder] = true;
    free(place);
    return true;
}

// Returns how many words the option at `index` takes, 0 when it stays as it is.
static size_t rewrite_word(struct rewrite *rewrite, size_t index)
{
    const struct strlist *words = &rewrite->command->crate.rest;
    size_t used = 0;
    const char *ignored = NULL;
    const char *value = option_codegen(words, index, &used);
    if (value != NULL) {
        return option_setting_is(value, "linker", &ignored) ? used : 0;
    }
    value = option_value(words, index, "--extern", &used);
    if (value != NULL) {
        return rewrite_extern(rewrite, value) ? used : 0;
    }
    value = option_value(words, index, "-L", &used);
    return value != NULL && rewrite_search(rewrite, value) ? used : 0;
}

void gating_argv(const struct command *command, const char *private_dir, const char *gate,
                 struct strlist *argv)
{
    const struct strlist *words = &command->crate.rest;
    size_t folders = command->dependencies.folders.count;
    struct rewrite rewrite = {.command = command,
                              .private_dir = private_dir,
                              .argv = argv,
                              .searched = mem_zalloc_array(folders, sizeof(bool))};
    for (size_t i = 0; i < words->count;) {
        size_t used = rewrite_word(&rewrite, i);
        if (used == 0) {
            strlist_push(argv, words->items[i]);
            used = 1;
        }
        i += used;
    }
    for (size_t folder = 0; folder < folders; folder++) {
        char *place = folder_path(&rewrite, folder);
        if (!rewrite.searched[folder]) {
            strlist_push_take(argv, mem_format("-Ldependency=%s", place));
        }
        free(place);
    }
    strlist_push_take(argv, mem_format("-Clinker=%s", gate));
    free(rewrite.searched);
}
