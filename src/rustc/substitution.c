#include "rustc/substitution.h"

#include "base/bytes.h"
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

void substitutions_finish(struct substitutions *rules)
{
    for (size_t i = 0; i < rules->count; i++) {
        free(rules->items[i].pattern);
        free(rules->items[i].value);
    }
    free(rules->items);
    *rules = (struct substitutions){0};
}

void substitutions_add(struct substitutions *rules, const char *pattern, const char *value)
{
    if (pattern[0] == '\0') {
        return;
    }
    rules->items = mem_reserve_one(rules->items, rules->count, sizeof rules->items[0]);
    rules->items[rules->count++] =
        (struct substitution){.pattern = mem_dup(pattern), .value = mem_dup(value)};
}

static bool add_flag(struct substitutions *rules, const char *flag, const char *working_dir,
                     struct failure *why)
{
    const char *equals = strchr(flag, '=');
    if (equals == NULL || equals == flag) {
        return failure_set(why, "--subst needs NAME=VALUE, not '%s'", flag);
    }
    char *pattern = mem_format("${%.*s}", (int)(equals - flag), flag);
    bool is_pwd = strcmp(equals + 1, "${pwd}") == 0;
    substitutions_add(rules, pattern, is_pwd ? working_dir : equals + 1);
    free(pattern);
    return true;
}

bool substitutions_add_flags(struct substitutions *rules, const struct strlist *flags,
                             const char *working_dir, struct failure *why)
{
    for (size_t i = 0; i < flags->count; i++) {
        if (!add_flag(rules, flags->items[i], working_dir, why)) {
            return false;
        }
    }
    return true;
}

static char *replace_all(char *take_text, const struct substitution *rule)
{
    const char *hit = strstr(take_text, rule->pattern);
    if (hit == NULL) {
        return take_text;
    }
    struct bytes result = {0};
    const char *rest = take_text;
    for (; hit != NULL; hit = strstr(rest, rule->pattern)) {
        bytes_append(&result, rest, (size_t)(hit - rest));
        bytes_append_text(&result, rule->value);
        rest = hit + strlen(rule->pattern);
    }
    bytes_append_text(&result, rest);
    free(take_text);
    return bytes_detach(&result);
}

char *substitutions_apply(const struct substitutions *rules, const char *text)
{
    char *result = mem_dup(text);
    for (size_t i = 0; i < rules->count; i++) {
        result = replace_all(result, &rules->items[i]);
    }
    return result;
}
