#include "rustc/environment.h"

#include "base/mem.h"
#include "base/text.h"
#include "rustc/linefile.h"

#include <stdlib.h>
#include <string.h>

// The length of NAME= in an item, 0 when there is none.
static size_t name_length(const char *item)
{
    const char *equals = strchr(item, '=');
    return equals == NULL ? 0 : (size_t)(equals - item) + 1;
}

static void set_item(struct strlist *env, const char *item)
{
    size_t len = name_length(item);
    for (size_t i = 0; i < env->count; i++) {
        if (strncmp(env->items[i], item, len) == 0) {
            strlist_replace_take(env, i, mem_dup(item));
            return;
        }
    }
    strlist_push(env, item);
}

const char *environment_value(const struct strlist *env, const char *name)
{
    for (size_t i = 0; i < env->count; i++) {
        const char *rest = text_after(env->items[i], name);
        if (rest != NULL && rest[0] == '=') {
            return rest + 1;
        }
    }
    return NULL;
}

void environment_set(struct strlist *env, const char *name, const char *value)
{
    char *item = mem_format("%s=%s", name, value);
    set_item(env, item);
    free(item);
}

// set_item() looks at all of them each time, and the system takes no more anyway.
static bool check_count(const struct strlist *env, const char *path, struct failure *why)
{
    return env->count <= ENVIRONMENT_MAX ||
           failure_set(why, "env file '%s': more than %d variables", path, ENVIRONMENT_MAX);
}

static bool overlay_file(const char *path, struct strlist *env, struct failure *why)
{
    struct strlist lines = {0};
    bool good = linefile_read(path, "env file", &lines, why);
    for (size_t i = 0; good && i < lines.count; i++) {
        if (name_length(lines.items[i]) < 2) {
            good = failure_set(why, "env file '%s': the line '%s' is not NAME=VALUE", path,
                               lines.items[i]);
        } else {
            set_item(env, lines.items[i]);
            good = check_count(env, path, why);
        }
    }
    strlist_finish(&lines);
    return good;
}

// A status file's line `KEY value` becomes a rule for {KEY}.
static bool read_stamps(const char *path, struct substitutions *stamps, struct failure *why)
{
    if (path == NULL) {
        return true;
    }
    struct strlist lines = {0};
    bool good = linefile_read(path, "status file", &lines, why);
    for (size_t i = 0; good && i < lines.count; i++) {
        const char *line = lines.items[i];
        size_t key_len = strcspn(line, " ");
        char *pattern = mem_format("{%.*s}", (int)key_len, line);
        substitutions_add(stamps, pattern, line[key_len] == '\0' ? "" : line + key_len + 1);
        free(pattern);
    }
    strlist_finish(&lines);
    return good;
}

static void apply(struct strlist *env, const struct substitutions *rules)
{
    for (size_t i = 0; rules->count > 0 && i < env->count; i++) {
        size_t len = name_length(env->items[i]);
        char *value = substitutions_apply(rules, env->items[i] + len);
        char *item = mem_format("%.*s%s", (int)len, env->items[i], value);
        strlist_replace_take(env, i, item);
        free(value);
    }
}

bool environment_build(const struct environment_source *source, struct strlist *env,
                       struct failure *why)
{
    for (char *const *item = source->inherited; *item != NULL; item++) {
        if (name_length(*item) > 1) {
            set_item(env, *item);
        }
    }
    for (size_t i = 0; i < source->files->count; i++) {
        if (!overlay_file(source->files->items[i], env, why)) {
            return false;
        }
    }
    struct substitutions stamps = {0};
    bool good = read_stamps(source->stable_status, &stamps, why) &&
                read_stamps(source->volatile_status, &stamps, why);
    if (good) {
        apply(env, &stamps);
        apply(env, source->substitutions);
        strlist_sort(env);
    }
    substitutions_finish(&stamps);
    return good;
}
