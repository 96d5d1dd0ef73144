#include "program/compile_words.h"

#include "program/gated.h"
#include "program/private_dir.h"
#include "program/relink.h"
#include "rustc/environment.h"
#include "turns/jobserver.h"

#include <stdlib.h>

// What rustc is given beside the request's environment, which may name a jobserver of its own; what
// we were started with is in process/inherited_env.h. Neither is seen by what it compiles. (Not
// MAKEFLAGS, for which rustc looks second: whatever calls make behind a macro or as the linker
// would find a FIFO there, and GNU make before 4.4 refuses to work then.)
static void add_own_env(const struct compile *compile, struct strlist *env)
{
    char *tmp = command_tmp_dir(&compile->command, compile->dir);
    environment_set(env, "TMPDIR", tmp);
    free(tmp);
    const char *flags = compile->job == NULL ? NULL : job_make_flags(compile->job);
    if (flags != NULL && environment_value(env, "CARGO_MAKEFLAGS") == NULL) {
        environment_set(env, "CARGO_MAKEFLAGS", flags);
    }
}

static void build_env(const struct compile *compile, struct strlist *env)
{
    strlist_push_all(env, &compile->command.env);
    if (compile->command.outputs != OUTPUTS_DIRECT) {
        add_own_env(compile, env);
    }
    if (compile->relink != NULL) {
        relink_env(compile->relink, env);
    }
}

static bool rustc_argv(const struct compile *compile, const struct strlist *env,
                       struct strlist *argv, struct failure *why)
{
    const struct gated *gated = compile->gated;
    char *gate = gated == NULL ? NULL : gated_linker(gated, &compile->command, compile->dir);
    command_argv(&compile->command, compile->dir, gate, argv);
    free(gate);
    return private_dir_shorten(compile->dir, argv, env, why);
}

static bool relinker_argv(struct compile *compile, struct strlist *env, struct strlist *argv,
                          struct failure *why)
{
    struct relink *relink = compile->relink;
    if (!relink_argv(relink, &compile->command, compile->dir, argv, why)) {
        return false;
    }
    build_env(compile, env);
    return relink_shorten(relink, argv, env, why);
}

bool compile_words(struct compile *compile, struct strlist *argv, struct strlist *env,
                   struct failure *why)
{
    if (compile->relink != NULL) {
        return relinker_argv(compile, env, argv, why);
    }
    build_env(compile, env);
    return rustc_argv(compile, env, argv, why);
}
