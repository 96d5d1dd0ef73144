// An invocation from lines of text, as the command line and a request would give them.
#ifndef RELAY_TESTS_ASKED_H
#define RELAY_TESTS_ASKED_H

#include "rustc/invocation.h"
#include "words.h"

struct asked {
    const char *startup; // flags before `--`
    const char *tool;    // behind it
    const char *request; // NULL on the command line
    const char *request_dir;
    const char *env;
};

static inline bool asked_build(const struct asked *asked, struct invocation *invocation,
                               struct failure *why)
{
    struct strlist startup_words = words_of(asked->startup);
    struct strlist tool = words_of(asked->tool);
    struct strlist request = words_of(asked->request == NULL ? "" : asked->request);
    struct strlist env = words_of(asked->env == NULL ? "" : asked->env);
    struct flag_values startup = {0};
    size_t used = 0;
    struct invocation_source source = {.startup = &startup,
                                       .startup_words = &tool,
                                       .request_words = asked->request == NULL ? NULL : &request,
                                       .request_dir = asked->request_dir,
                                       .inherited_env = strlist_argv(&env)};
    bool good = flags_read_startup(&startup_words, &startup, &used, why) &&
                invocation_build(invocation, &source, why);
    flag_values_finish(&startup);
    strlist_finish(&env);
    strlist_finish(&request);
    strlist_finish(&tool);
    strlist_finish(&startup_words);
    return good;
}

#endif
