/**
 * What one request asks for: the command to run, the crate it belongs to, the stage it waits for,
 * and where its outputs go.
 *
 * A compile never writes to the place that Bazel declared: it writes into a private directory, and
 * the request that is open takes from there what it declared. So an invocation has two halves:
 * `command` is the compile's (two requests of one crate have the same one), `delivery` is the
 * request's own.
 */
#ifndef RELAY_RUSTC_INVOCATION_H
#define RELAY_RUSTC_INVOCATION_H

#include "base/failure.h"
#include "base/strlist.h"
#include "rustc/command.h"
#include "rustc/delivery.h"
#include "rustc/flags.h"

#include <stdbool.h>

struct invocation {
    enum stage stage;
    char *key; /**< --pipelining-key; NULL: nobody can join its compile */
    struct command command;
    struct delivery delivery;
};

/** What an invocation is made of. All borrowed. */
struct invocation_source {
    const struct flag_values *startup;   /**< flags before `--` */
    const struct strlist *startup_words; /**< behind `--`: the tool and its first arguments */
    const struct strlist *request_words; /**< WorkRequest.arguments; NULL on the command line */
    const char *request_dir;             /**< absolute: where files are found and placed */
    const char *working_dir;             /**< absolute: where the tool runs, and what ${pwd} is;
                                              NULL: the request directory */
    const char *plain_dir; /**< absolute: where a plain run would be; NULL: there, too */
    char *const *inherited_env;
};

/** Accepts a zeroed or half-built one. */
void invocation_finish(struct invocation *invocation);

/** Reads flags, param, env, argument and status files. Starts nothing and writes nothing. */
bool invocation_build(struct invocation *invocation, const struct invocation_source *source,
                      struct failure *why);

#endif
