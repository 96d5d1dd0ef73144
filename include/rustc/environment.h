/**
 * The environment of a rustc: the program's own, overlaid by env files in their order; then the
 * keys of status files are stamped into the values, then the substitutions.
 */
#ifndef RELAY_RUSTC_ENVIRONMENT_H
#define RELAY_RUSTC_ENVIRONMENT_H

#include "base/failure.h"
#include "base/strlist.h"
#include "rustc/substitution.h"

#include <stdbool.h>

/** Env files set no more variables. */
enum { ENVIRONMENT_MAX = 8 * 1024 };

/** Where an environment comes from. All borrowed. */
struct environment_source {
    char *const *inherited;      /**< `environ`: NAME=VALUE, NULL-terminated */
    const struct strlist *files; /**< env files, absolute, later ones win */
    const char *stable_status;   /**< absolute path or NULL */
    const char *volatile_status; /**< absolute path or NULL */
    const struct substitutions *substitutions;
};

/** Fills `env` with NAME=VALUE items, sorted by bytes, each name once. */
bool environment_build(const struct environment_source *source, struct strlist *env,
                       struct failure *why);

/** The value of `name` in such a list, or NULL. Borrowed. */
const char *environment_value(const struct strlist *env, const char *name);

/** Sets NAME=VALUE in such a list; the order is kept when the name is there already. */
void environment_set(struct strlist *env, const char *name, const char *value);

#endif
