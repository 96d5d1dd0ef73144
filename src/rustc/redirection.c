#include "rustc/redirection.h"

#include "base/file.h"
#include "base/mem.h"
#include "rustc/option.h"

#include <stdlib.h>
#include <string.h>

enum effect { IN_PLACE, LEAVES_MORE, SPLITS, EFFECT_COUNT };

static const struct rule {
    const char *option;
    const char *setting; // NULL: the option itself
    enum effect effect;
} rules[] = {
    {"-C", "rpath", IN_PLACE}, // the RUNPATH leads from the output to its libraries
    {"-C", "save-temps", LEAVES_MORE},
    {"-C", "split-debuginfo", SPLITS},
    {"-Z", "llvm-time-trace", LEAVES_MORE},
    {"-Z", "no-link", IN_PLACE},   // its .rlink file names all outputs,
    {"-Z", "link-only", IN_PLACE}, // and they are written where that says
    // With these, what --emit names may not be made.
    {"-Z", "unpretty", IN_PLACE},
    {"-Z", "parse-crate-root-only", IN_PLACE},
    {"--print", NULL, IN_PLACE},
};

enum { RULE_COUNT = sizeof rules / sizeof rules[0] };

static void read_rule(const struct strlist *words, size_t index, const struct rule *rule, bool *on)
{
    size_t used = 0;
    const char *value = strcmp(rule->option, "-C") == 0
                            ? option_codegen(words, index, &used)
                            : option_value(words, index, rule->option, &used);
    if (value != NULL && rule->setting == NULL) {
        *on = true;
    } else if (value != NULL && option_setting_is(value, rule->setting, &value)) {
        *on = !option_is_off(value); // the last one counts
    }
}

static bool hides_debuginfo(const char *scopes)
{
    return strstr(scopes, "debuginfo") != NULL || strstr(scopes, "object") != NULL ||
           strstr(scopes, "all") != NULL;
}

// The scope of a --remap-path-prefix may leave debug information out.
static bool scope_allows(const struct strlist *words, size_t index)
{
    size_t used = 0;
    const char *scopes = option_value(words, index, "--remap-path-scope", &used);
    const char *unstable = option_value(words, index, "-Z", &used);
    if (unstable != NULL && option_setting_is(unstable, "remap-path-scope", &unstable)) {
        scopes = unstable;
    }
    return scopes == NULL || hides_debuginfo(scopes);
}

static bool is_file_name(const char *path)
{
    const char *name = path_basename(path);
    return name[0] != '\0' && strcmp(name, ".") != 0 && strcmp(name, "..") != 0;
}

// Can files of these names lie in a folder of ours?
static bool names_fit(const struct crate_args *crate)
{
    bool fit = strchr(crate->extra_filename, '/') == NULL &&
               (crate->crate_name == NULL || strchr(crate->crate_name, '/') == NULL) &&
               (crate->output == NULL || is_file_name(crate->output));
    for (size_t i = 0; fit && i < crate->emit_count; i++) {
        fit = crate->emits[i].path == NULL || is_file_name(crate->emits[i].path);
    }
    return fit;
}

// What is dep-info names the others.
static bool tells_stdout(const struct crate_args *crate)
{
    const struct emit *emit = crate_args_emit(crate, "dep-info");
    return emit != NULL && crate_args_to_stdout(emit);
}

// As a plain run spells the folder: "" for the working directory. Owned by the caller.
static char *plain_folder(const struct crate_args *crate)
{
    if (crate->output == NULL) {
        return mem_dup(crate->out_dir == NULL ? "" : crate->out_dir);
    }
    return strchr(crate->output, '/') == NULL ? mem_dup("") : path_dirname(crate->output);
}

// rustc looks for the last '=' of a --remap-path-prefix.
static bool can_be_remapped(const struct crate_args *crate)
{
    char *folder = plain_folder(crate);
    bool can = strchr(folder, '=') == NULL;
    free(folder);
    return can;
}

// Most words are others.
static bool may_be_one(const char *word)
{
    return word[0] == '-' &&
           (word[1] == 'C' || word[1] == 'Z' || (word[1] == '-' && strchr("cpr", word[2]) != NULL));
}

struct redirection redirection_of(const struct crate_args *crate)
{
    bool on[RULE_COUNT] = {false};
    bool has[EFFECT_COUNT] = {false};
    bool hides = can_be_remapped(crate);
    for (size_t i = 0; i < crate->rest.count; i++) {
        if (!may_be_one(crate->rest.items[i])) {
            continue;
        }
        for (size_t rule = 0; rule < RULE_COUNT; rule++) {
            read_rule(&crate->rest, i, &rules[rule], &on[rule]);
        }
        hides = hides && scope_allows(&crate->rest, i);
    }
    for (size_t rule = 0; rule < RULE_COUNT; rule++) {
        has[rules[rule].effect] = has[rules[rule].effect] || on[rule];
    }
    return (struct redirection){.in_place = has[IN_PLACE] || (has[SPLITS] && !hides) ||
                                            tells_stdout(crate) || !names_fit(crate),
                                .leaves_more = has[LEAVES_MORE] || has[SPLITS],
                                .splits = has[SPLITS],
                                .hides = hides};
}

// What a --remap-path-prefix FROM=TO makes of the folder; NULL: it is another one's.
static char *remapped(const char *rule, const char *folder)
{
    const char *equals = strrchr(rule, '=');
    size_t len = equals == NULL ? 0 : (size_t)(equals - rule);
    while (len > 1 && rule[len - 1] == '/') {
        len--;
    }
    if (equals == NULL || strncmp(rule, folder, len) != 0) {
        return NULL;
    }
    const char *rest = folder + len;
    bool is_prefix = len == 0 || rest[0] == '\0' || rest[0] == '/' || rule[len - 1] == '/';
    rest += strspn(rest, "/");
    if (!is_prefix) {
        return NULL;
    }
    const char *to = equals + 1;
    if (rest[0] == '\0') {
        return mem_dup(to);
    }
    bool needs_slash = to[0] != '\0' && to[strlen(to) - 1] != '/'; // as rustc joins them
    return mem_format("%s%s%s", to, needs_slash ? "/" : "", rest);
}

// Of the prefixes that fit, rustc takes the last one.
char *redirection_remap(const struct crate_args *crate, const char *folder)
{
    char *plain = plain_folder(crate);
    char *shown = mem_dup(plain);
    for (size_t i = 0; i < crate->rest.count; i++) {
        size_t used = 0;
        const char *rule = option_value(&crate->rest, i, "--remap-path-prefix", &used);
        char *made = rule == NULL ? NULL : remapped(rule, plain);
        if (made != NULL) {
            free(shown);
            shown = made;
        }
    }
    char *word = mem_format("--remap-path-prefix=%s=%s", folder, shown);
    free(shown);
    free(plain);
    return word;
}
