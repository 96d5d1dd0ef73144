/**
 * Replacing `${name}` in arguments and environment values, and `{KEY}` of status files.
 */
#ifndef RELAY_RUSTC_SUBSTITUTION_H
#define RELAY_RUSTC_SUBSTITUTION_H

#include "base/failure.h"
#include "base/strlist.h"

#include <stdbool.h>
#include <stddef.h>

/** One rule: every `pattern` in a text becomes `value`. */
struct substitution {
    char *pattern;
    char *value;
};

/** Rules, applied in their order. A zeroed struct changes nothing. */
struct substitutions {
    struct substitution *items;
    size_t count;
};

void substitutions_finish(struct substitutions *rules);

/** Adds a rule for the text `pattern`; both are copied. An empty pattern is ignored. */
void substitutions_add(struct substitutions *rules, const char *pattern, const char *value);

/**
 * Adds a rule `${k}` for each `k=v` of `--subst`. A v of exactly `${pwd}` stands for `working_dir`.
 */
bool substitutions_add_flags(struct substitutions *rules, const struct strlist *flags,
                             const char *working_dir, struct failure *why);

/** The text after all rules, owned by the caller. */
char *substitutions_apply(const struct substitutions *rules, const char *text);

#endif
