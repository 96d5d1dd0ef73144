#include "rustc/linker_call.h"

#include "base/bytes.h"
#include "base/digest.h"
#include "base/file.h"
#include "base/mapping.h"
#include "base/mem.h"
#include "base/text.h"
#include "rustc/substitution.h"
#include "rustc/sysroot.h"

#include <stdlib.h>
#include <string.h>

// The first text of every record; a change of what follows changes it.
static const char format[] = "rustc-relay link 2";

void linker_call_finish(struct linker_call *record)
{
    free(record->obstacle);
    free(record->command_sum);
    strlist_finish(&record->libraries);
    strlist_finish(&record->argv);
    strlist_finish(&record->env);
    *record = (struct linker_call){0};
}

static void put(struct bytes *out, const char *kind, const char *value)
{
    bytes_append(out, kind, strlen(kind) + 1);
    bytes_append(out, value, strlen(value) + 1);
}

static void put_list(struct bytes *out, const char *kind, const struct strlist *list)
{
    for (size_t i = 0; i < list->count; i++) {
        put(out, kind, list->items[i]);
    }
}

bool linker_call_write(const struct linker_call *record, const char *path, struct failure *why)
{
    struct bytes text = {0};
    bytes_append(&text, format, sizeof format);
    if (record->obstacle != NULL) {
        put(&text, "obstacle", record->obstacle);
    }
    if (record->command_sum != NULL) {
        put(&text, "command", record->command_sum);
    }
    put_list(&text, "library", &record->libraries);
    put_list(&text, "argument", &record->argv);
    put_list(&text, "variable", &record->env);
    bool good = file_write(path, text.data, text.len, why);
    bytes_finish(&text);
    return good;
}

static bool take(struct linker_call *record, const char *kind, const char *value)
{
    if (strcmp(kind, "obstacle") == 0) {
        free(record->obstacle);
        record->obstacle = mem_dup(value);
    } else if (strcmp(kind, "command") == 0) {
        free(record->command_sum);
        record->command_sum = mem_dup(value);
    } else if (strcmp(kind, "library") == 0) {
        strlist_push(&record->libraries, value);
    } else if (strcmp(kind, "argument") == 0) {
        strlist_push(&record->argv, value);
    } else if (strcmp(kind, "variable") == 0) {
        strlist_push(&record->env, value);
    } else {
        return false;
    }
    return true;
}

// The text at `*place`, which moves behind it; NULL: there is no complete one.
static const char *next_text(const char **place, const char *end)
{
    const char *text = *place;
    const char *nul = text == end ? NULL : memchr(text, '\0', (size_t)(end - text));
    *place = nul == NULL ? end : nul + 1;
    return nul == NULL ? NULL : text;
}

static bool parse(struct linker_call *record, const struct bytes *text)
{
    const char *place = bytes_text(text);
    const char *end = place + text->len;
    const char *first = next_text(&place, end);
    if (first == NULL || strcmp(first, format) != 0) {
        return false;
    }
    while (place != end) {
        const char *kind = next_text(&place, end);
        const char *value = next_text(&place, end);
        if (kind == NULL || value == NULL || !take(record, kind, value)) {
            return false;
        }
    }
    return true;
}

bool linker_call_read(struct linker_call *record, const char *path, struct failure *why)
{
    struct bytes text = {0};
    bool good =
        file_read(path, "record of the linker's call", &text, why) &&
        (parse(record, &text) ||
         failure_set(why, "'%s' is damaged, or another version of rustc-relay wrote it", path));
    bytes_finish(&text);
    return good;
}

bool linker_call_ignores(const char *variable)
{
    static const char *const names[] = {
        "CARGO_MAKEFLAGS", "HOME", "HOSTNAME", "LOGNAME", "MAKEFLAGS", "OLDPWD", "PWD", "SHELL",
        "SHLVL",           "TEMP", "TERM",     "TMP",     "TMPDIR",    "USER",   "_"};
    size_t len = strcspn(variable, "=");
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strlen(names[i]) == len && strncmp(variable, names[i], len) == 0) {
            return true;
        }
    }
    return false;
}

static void add(struct digest_builder *builder, const struct substitutions *rules, const char *text)
{
    char *replaced = substitutions_apply(rules, text);
    digest_add_text(builder, replaced);
    free(replaced);
}

static void add_list(struct digest_builder *builder, const struct substitutions *rules,
                     const struct strlist *list)
{
    digest_add_count(builder, list->count);
    for (size_t i = 0; i < list->count; i++) {
        add(builder, rules, list->items[i]);
    }
}

static void add_outputs(struct digest_builder *builder, const struct crate_args *crate)
{
    for (size_t i = 0; i < crate->emit_count; i++) {
        const char *path = crate->emits[i].path;
        digest_add_text(builder, crate->emits[i].kind);
        digest_add_text(builder, path == NULL ? "" : path_basename(path));
    }
    digest_add_text(builder, crate->output == NULL ? "" : path_basename(crate->output));
}

// PATH is where a runner finds its programs: what rustc needs of it is the linker.
static void add_env(struct digest_builder *builder, const struct substitutions *rules,
                    const struct strlist *env)
{
    for (size_t i = 0; i < env->count; i++) {
        const char *item = env->items[i];
        if (!linker_call_ignores(item) && !text_starts_with(item, "PATH=")) {
            add(builder, rules, item);
        }
    }
}

// rustc's program names its own libraries by a hash: another version is another file.
static void add_tool(struct digest_builder *builder, const struct command *command)
{
    char *path = sysroot_tool(command);
    struct mapping file = {0};
    struct failure ignored; // then it cannot be started either
    if (mapping_open(&file, path, "tool", &ignored)) {
        digest_add(builder, file.data, file.len);
        mapping_close(&file);
    }
    free(path);
}

char *linker_call_command_sum(const struct command *command)
{
    struct substitutions rules = {0};
    substitutions_add(&rules, command->working_dir, PLACEHOLDER_DIRECTORY);
    struct digest_builder builder;
    digest_begin(&builder);
    add(&builder, &rules, command->tool);
    add_tool(&builder, command);
    add_list(&builder, &rules, &command->crate.rest);
    add_outputs(&builder, &command->crate);
    for (size_t i = 0; i < command->dependencies.count; i++) {
        add(&builder, &rules, command->dependencies.items[i].rlib);
    }
    add_env(&builder, &rules, command_lasting_env(command));
    struct digest digest = digest_end(&builder);
    substitutions_finish(&rules);
    return digest_hex(&digest);
}
