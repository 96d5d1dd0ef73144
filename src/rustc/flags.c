#include "rustc/flags.h"

#include "base/text.h"

#include <string.h>

enum flag_arity {
    ARITY_NONE, // the word alone
    ARITY_ONE,  // one value, once
    ARITY_MANY, // one value or more, again and again
    ARITY_PAIR  // exactly two values, once
};

enum flag_place {
    PLACE_STARTUP = 1, // before `--`
    PLACE_REQUEST = 2, // among a request's arguments
    PLACE_WORKER = 4   // behind --persistent_worker
};

struct flag_spec {
    const char *name;
    enum flag_arity arity;
    unsigned places;
    const char *value; // how --help names the value
    const char *help;
};

enum { BOTH = PLACE_STARTUP | PLACE_REQUEST, OWN = PLACE_STARTUP | PLACE_WORKER };

static const struct flag_spec specs[FLAG_COUNT] = {
    [FLAG_SUBST] = {"--subst", ARITY_MANY, PLACE_STARTUP, "K=V",
                    "replace ${K} in arguments, param files and environment values; V of ${pwd} is "
                    "the working directory"},
    [FLAG_ENV_FILE] = {"--env-file", ARITY_MANY, BOTH, "FILE",
                       "add the lines NAME=VALUE to rustc's environment"},
    [FLAG_ARG_FILE] = {"--arg-file", ARITY_MANY, BOTH, "FILE",
                       "add the lines to rustc's arguments"},
    [FLAG_STABLE_STATUS_FILE] =
        {"--stable-status-file", ARITY_ONE, BOTH, "FILE",
         "replace {KEY} in environment values by the file's lines KEY VALUE"},
    [FLAG_VOLATILE_STATUS_FILE] = {"--volatile-status-file", ARITY_ONE, BOTH, "FILE",
                                   "the same, after the stable one"},
    [FLAG_RUSTC_OUTPUT_FORMAT] = {"--rustc-output-format", ARITY_ONE, BOTH, "json|rendered",
                                  "how rustc's JSON diagnostics are shown"},
    [FLAG_OUTPUT_FILE] = {"--output-file", ARITY_ONE, BOTH, "FILE",
                          "write rustc's diagnostics to FILE as well"},
    [FLAG_STDOUT_FILE] = {"--stdout-file", ARITY_ONE, PLACE_STARTUP, "FILE",
                          "write standard output to FILE instead of showing it"},
    [FLAG_STDERR_FILE] = {"--stderr-file", ARITY_ONE, PLACE_STARTUP, "FILE",
                          "write the diagnostics to FILE instead of showing them"},
    [FLAG_TOUCH_FILE] = {"--touch-file", ARITY_ONE, PLACE_STARTUP, "FILE",
                         "create an empty FILE after success"},
    [FLAG_COPY_OUTPUT] = {"--copy-output", ARITY_PAIR, PLACE_STARTUP, "FROM TO",
                          "copy FROM to TO after success"},
    [FLAG_REQUIRE_EXPLICIT_UNSTABLE_FEATURES] =
        {"--require-explicit-unstable-features", ARITY_ONE, PLACE_STARTUP, "true|false",
         "add -Zallow-features= unless the arguments name features"},
    [FLAG_PIPELINING_METADATA] =
        {"--pipelining-metadata", ARITY_NONE, PLACE_REQUEST, NULL,
         "the request wants the .rmeta; answered as soon as it is written"},
    [FLAG_PIPELINING_FULL] = {"--pipelining-full", ARITY_NONE, PLACE_REQUEST, NULL,
                              "the request wants the rlib; takes over the running rustc"},
    [FLAG_PIPELINING_CODEGEN] =
        {"--pipelining-codegen", ARITY_NONE, PLACE_REQUEST, NULL,
         "the request wants a linked crate's code; answered when rustc calls the linker"},
    [FLAG_PIPELINING_LINK] = {"--pipelining-link", ARITY_NONE, PLACE_REQUEST, NULL,
                              "the request wants the program or shared object; lets the running "
                              "rustc link"},
    [FLAG_PIPELINING_KEY] = {"--pipelining-key", ARITY_ONE, PLACE_REQUEST, "KEY",
                             "names the crate that both requests belong to"},
    [FLAG_PIPELINING_RMETA_PATH] =
        {"--pipelining-rmeta-path", ARITY_ONE, PLACE_REQUEST, "FILE",
         "the metadata that dependants used; what was compiled must equal it"},
    [FLAG_PIPELINING_RLIB_PATH] = {"--pipelining-rlib-path", ARITY_ONE, PLACE_REQUEST, "FILE",
                                   "where the rlib goes, if --emit does not say it"},
    [FLAG_PIPELINING_STAMP] =
        {"--pipelining-stamp", ARITY_ONE, PLACE_REQUEST, "FILE",
         "the empty file that --pipelining-codegen makes and --pipelining-link is given"},
    [FLAG_PIPELINING_OBJECTS] =
        {"--pipelining-objects", ARITY_ONE, PLACE_REQUEST, "DIR",
         "instead of a stamp: a directory with all that the linker is to be given, so that "
         "--pipelining-link may run without a worker, also elsewhere"},
    [FLAG_PIPELINING_DEPENDENCY] =
        {"--pipelining-dependency", ARITY_MANY, PLACE_REQUEST, "RMETA=RLIB",
         "a library that a linked crate needs: its early metadata, and its full rlib"},
    [FLAG_PERSISTENT_WORKER] = {"--persistent_worker", ARITY_NONE, OWN, NULL,
                                "serve Bazel's WorkRequests on standard input"},
    [FLAG_WIRE] = {"--wire", ARITY_ONE, OWN, "auto|json|proto",
                   "the requests' format (auto: told by the first bytes)"},
    [FLAG_STATE_DIR] = {"--state-dir", ARITY_ONE, OWN, "DIR",
                        "where compiles keep their files (default: in Bazel's output base)"},
    [FLAG_HIDE_UNDECLARED] = {"--hide-undeclared", ARITY_NONE, OWN, NULL,
                              "run unsandboxed compiles, too, in directories of links to their "
                              "inputs: they see what they would see in a sandbox, and make the "
                              "same bytes"},
    [FLAG_TRACE] = {"--trace", ARITY_ONE, OWN, "FILE",
                    "write Chrome trace events; %p in the name becomes the process id"},
    [FLAG_KEEP_RESULTS] = {"--keep-results", ARITY_ONE, OWN, "N",
                           "finished compiles kept until they are taken (default 512)"},
    [FLAG_KEEP_BYTES] = {"--keep-bytes", ARITY_ONE, OWN, "N",
                         "bytes of finished compiles kept until they are taken (default 2 GiB)"},
    [FLAG_KEEP_GATES] = {"--keep-gates", ARITY_ONE, OWN, "N",
                         "linked crates whose linkers wait for their libraries' code at once "
                         "(default: one for each 512 MiB of memory)"},
    [FLAG_GATE_SECONDS] = {"--gate-seconds", ARITY_ONE, OWN, "N",
                           "how long they wait while no request is open (default 60)"},
    [FLAG_JOBS] = {"--jobs", ARITY_ONE, OWN, "N",
                   "threads that compute at once; one rustc more than that may (default: one per "
                   "core)"},
    [FLAG_HELP] = {"--help", ARITY_NONE, OWN, NULL, "show this text"},
    [FLAG_VERSION] = {"--version", ARITY_NONE, OWN, NULL, "show the versions"},
};

void flag_values_finish(struct flag_values *values)
{
    for (size_t id = 0; id < FLAG_COUNT; id++) {
        strlist_finish(&values->of[id]);
    }
}

bool flag_given(const struct flag_values *values, enum flag_id id)
{
    return values->of[id].count > 0;
}

const char *flag_value(const struct flag_values *values, enum flag_id id)
{
    const struct strlist *list = &values->of[id];
    return list->count == 0 ? NULL : list->items[list->count - 1];
}

const char *flag_name(enum flag_id id)
{
    return specs[id].name;
}

// Finds the flag that `word` spells, alone or with a value behind '='; FLAG_COUNT when it is none.
static enum flag_id find(const char *word, unsigned place, const char **ret_value)
{
    for (size_t id = 0; id < FLAG_COUNT; id++) {
        const char *rest =
            (specs[id].places & place) == 0 ? NULL : text_after(word, specs[id].name);
        if (rest != NULL && (rest[0] == '\0' || rest[0] == '=')) {
            *ret_value = rest[0] == '=' ? rest + 1 : NULL;
            return (enum flag_id)id;
        }
    }
    return FLAG_COUNT;
}

static bool check_count(enum flag_id id, size_t given, bool again, struct failure *why)
{
    const struct flag_spec *spec = &specs[id];
    if (spec->arity == ARITY_NONE) {
        return given == 0 || failure_set(why, "%s takes no value", spec->name);
    }
    if (given == 0) {
        return failure_set(why, "%s needs a value: %s", spec->name, spec->value);
    }
    if (spec->arity == ARITY_ONE && given > 1) {
        return failure_set(why, "%s takes one value, %zu were given", spec->name, given);
    }
    if (spec->arity == ARITY_PAIR && given != 2) {
        return failure_set(why, "%s takes two values, %zu were given", spec->name, given);
    }
    return spec->arity == ARITY_MANY || !again ||
           failure_set(why, "%s was given twice", spec->name);
}

// How many values stand behind the word at `index`.
static size_t count_values(const struct strlist *words, size_t index, enum flag_id id)
{
    size_t count = 0;
    while (specs[id].arity != ARITY_NONE && index + 1 + count < words->count &&
           !text_starts_with(words->items[index + 1 + count], "--")) {
        count++;
    }
    return count;
}

// A flag as it was given: a value behind '=', or the words that follow.
struct occurrence {
    enum flag_id id;
    const char *inline_value; // NULL: none
    char *const *following;
    size_t count; // of the following words
};

static bool store(struct flag_values *values, const struct occurrence *given, struct failure *why)
{
    struct strlist *list = &values->of[given->id];
    size_t count = given->inline_value != NULL ? 1 : given->count;
    if (!check_count(given->id, count, list->count > 0, why)) {
        return false;
    }
    if (given->inline_value != NULL || specs[given->id].arity == ARITY_NONE) {
        strlist_push(list, given->inline_value == NULL ? "" : given->inline_value);
        return true;
    }
    for (size_t i = 0; i < count; i++) {
        strlist_push(list, given->following[i]);
    }
    return true;
}

static bool read_flag(const struct strlist *words, size_t *index, unsigned place,
                      struct flag_values *values, struct failure *why)
{
    const char *word = words->items[*index];
    struct occurrence given = {.following = &words->items[*index + 1]};
    given.id = find(word, place, &given.inline_value);
    if (given.id == FLAG_COUNT) {
        return failure_set(why, "unknown flag '%s'; --help lists the flags", word);
    }
    given.count = given.inline_value != NULL ? 0 : count_values(words, *index, given.id);
    *index += 1 + given.count;
    return store(values, &given, why);
}

bool flags_read_startup(const struct strlist *words, struct flag_values *values, size_t *ret_used,
                        struct failure *why)
{
    size_t index = 0;
    while (index < words->count && strcmp(words->items[index], "--") != 0) {
        if (!read_flag(words, &index, PLACE_STARTUP, values, why)) {
            return false;
        }
    }
    *ret_used = index;
    return true;
}

bool flags_read_worker(const struct strlist *words, struct flag_values *values, struct failure *why)
{
    size_t index = 0;
    while (index < words->count) {
        if (!read_flag(words, &index, PLACE_WORKER, values, why)) {
            return false;
        }
    }
    return true;
}

bool flags_read_request_word(const struct strlist *words, size_t index, struct flag_values *values,
                             size_t *ret_used, struct failure *why)
{
    const char *word = words->items[index];
    struct occurrence given = {.following = &words->items[index + 1]};
    given.id = find(word, PLACE_REQUEST, &given.inline_value);
    *ret_used = 0;
    if (given.id == FLAG_COUNT) {
        // rustc has no flag of this kind: a misspelt stage must not turn into a full compile.
        return !text_starts_with(word, "--pipelining-") ||
               failure_set(why, "unknown flag '%s'; --help lists the flags", word);
    }
    // Among rustc's arguments a value is the next word, whatever it looks like.
    bool takes_next = specs[given.id].arity != ARITY_NONE && given.inline_value == NULL;
    given.count = takes_next && index + 1 < words->count ? 1 : 0;
    *ret_used = 1 + given.count;
    return store(values, &given, why);
}

void flags_describe(struct bytes *out)
{
    for (size_t id = 0; id < FLAG_COUNT; id++) {
        const struct flag_spec *spec = &specs[id];
        bytes_append_format(out, "  %s%s%s\n      %s\n", spec->name, spec->value == NULL ? "" : " ",
                            spec->value == NULL ? "" : spec->value, spec->help);
    }
}
