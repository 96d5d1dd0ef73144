#include "rustc/option.h"

#include "base/text.h"

#include <string.h>

// `--name value`, `--name=value`, `-Cvalue`, `-C value`. (The `=` of `-o=value` is part of the
// value.)
const char *option_value(const struct strlist *words, size_t index, const char *name,
                         size_t *ret_used)
{
    const char *word = words->items[index];
    const char *rest = text_after(word, name);
    if (rest == NULL) {
        return NULL;
    }
    if (rest[0] == '\0') {
        *ret_used = 2;
        return index + 1 < words->count ? words->items[index + 1] : NULL;
    }
    *ret_used = 1;
    if (name[1] != '-') {
        return rest;
    }
    return rest[0] == '=' ? rest + 1 : NULL;
}

const char *option_codegen(const struct strlist *words, size_t index, size_t *ret_used)
{
    const char *value = option_value(words, index, "-C", ret_used);
    return value != NULL ? value : option_value(words, index, "--codegen", ret_used);
}

bool option_setting_is(const char *setting, const char *name, const char **ret_value)
{
    while (*name != '\0') {
        char spelt = *setting == '_' ? '-' : *setting;
        if (spelt != *name) {
            return false;
        }
        setting++;
        name++;
    }
    *ret_value = *setting == '=' ? setting + 1 : NULL;
    return *setting == '=' || *setting == '\0';
}

bool option_is_off(const char *value)
{
    static const char *const words[] = {"off", "no", "n", "false"};
    bool off = false;
    for (size_t i = 0; value != NULL && i < sizeof words / sizeof words[0]; i++) {
        off = off || strcmp(value, words[i]) == 0;
    }
    return off;
}
