#include "program/options.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { DEFAULT_KEPT_RESULTS = 512, DEFAULT_GATE_SECONDS = 60, GATES_MIN = 4, MS_PER_SECOND = 1000 };
// A rustc at its gate was seen to hold 20 to 85 MB of its own: an eighth of the memory at most.
static const unsigned long long bytes_per_gate = 512ULL << 20;
static const unsigned long long default_kept_bytes = 2ULL << 30;

void options_finish(struct options *options)
{
    flag_values_finish(&options->flags);
    strlist_finish(&options->words);
}

// Bazel appends --persistent_worker, and behind it the values of --worker_extra_flag, at the very
// end: behind the tool's own words.
static void split_words(char *const *argv, struct strlist *startup, struct strlist *tool,
                        struct strlist *extra, bool *ret_worker)
{
    struct strlist *current = startup;
    for (char *const *word = argv + 1; *word != NULL; word++) {
        if (strcmp(*word, flag_name(FLAG_PERSISTENT_WORKER)) == 0) {
            *ret_worker = true;
            current = current == tool ? extra : current;
        } else if (current == startup && strcmp(*word, "--") == 0) {
            current = tool;
        } else {
            strlist_push(current, *word);
        }
    }
}

static bool read_wire(struct options *options, struct failure *why)
{
    const char *name = flag_value(&options->flags, FLAG_WIRE);
    options->wire = WIRE_AUTO;
    if (name == NULL || strcmp(name, "auto") == 0) {
        return true;
    }
    if (strcmp(name, "json") == 0) {
        options->wire = WIRE_JSON;
        return true;
    }
    if (strcmp(name, "proto") == 0) {
        options->wire = WIRE_PROTO;
        return true;
    }
    return failure_set(why, "%s is auto, json or proto, not '%s'", flag_name(FLAG_WIRE), name);
}

static bool read_number(const struct options *options, enum flag_id id, unsigned long long absent,
                        unsigned long long *ret_number, struct failure *why)
{
    const char *text = flag_value(&options->flags, id);
    *ret_number = absent;
    if (text == NULL) {
        return true;
    }
    char *end = NULL;
    errno = 0;
    *ret_number = strtoull(text, &end, 10);
    bool good = errno == 0 && *text >= '0' && *text <= '9' && *end == '\0';
    return good || failure_set(why, "%s is a number, not '%s'", flag_name(id), text);
}

static unsigned long long default_gates(void)
{
    unsigned long long pages = (unsigned long long)sysconf(_SC_PHYS_PAGES);
    unsigned long long gates = pages * (unsigned long long)sysconf(_SC_PAGESIZE) / bytes_per_gate;
    return gates < GATES_MIN ? GATES_MIN : gates;
}

static bool read_gates(struct options *options, struct failure *why)
{
    unsigned long long count = 0;
    unsigned long long seconds = 0;
    if (!read_number(options, FLAG_KEEP_GATES, default_gates(), &count, why) ||
        !read_number(options, FLAG_GATE_SECONDS, DEFAULT_GATE_SECONDS, &seconds, why)) {
        return false;
    }
    options->gate_count = (size_t)count;
    options->gate_ms = seconds * MS_PER_SECOND;
    return true;
}

static bool read_limits(struct options *options, struct failure *why)
{
    unsigned long long count = 0;
    unsigned long long bytes = 0;
    unsigned long long jobs = 0;
    if (!read_number(options, FLAG_KEEP_RESULTS, DEFAULT_KEPT_RESULTS, &count, why) ||
        !read_number(options, FLAG_KEEP_BYTES, default_kept_bytes, &bytes, why) ||
        !read_number(options, FLAG_JOBS, 0, &jobs, why)) {
        return false;
    }
    options->limits.kept_count = (size_t)count;
    options->limits.kept_bytes = bytes;
    options->jobs = (size_t)jobs;
    return true;
}

static bool is_question(const struct options *options)
{
    return flag_given(&options->flags, FLAG_HELP) || flag_given(&options->flags, FLAG_VERSION);
}

static bool read_flags(struct options *options, const struct strlist *startup,
                       const struct strlist *extra, struct failure *why)
{
    size_t used = 0;
    if (!flags_read_startup(startup, &options->flags, &used, why) ||
        !flags_read_worker(extra, &options->flags, why)) {
        return false;
    }
    if (is_question(options)) {
        return true;
    }
    if (options->words.count == 0) {
        return failure_set(why, "nothing to run: the command line needs '-- RUSTC'; see --help");
    }
    return read_wire(options, why) && read_limits(options, why) && read_gates(options, why);
}

bool options_read(struct options *options, char *const *argv, struct failure *why)
{
    struct strlist startup = {0};
    struct strlist extra = {0};
    split_words(argv, &startup, &options->words, &extra, &options->worker);
    bool good = read_flags(options, &startup, &extra, why);
    strlist_finish(&startup);
    strlist_finish(&extra);
    return good;
}
