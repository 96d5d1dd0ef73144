/**
 * What the tests of the reaper share: children of which only the end counts.
 */
#ifndef RELAY_TESTS_SYSTEM_REAPED_H
#define RELAY_TESTS_SYSTEM_REAPED_H

#include "support.h"

#include "process/child.h"

static char *const environment[] = {"PATH=/usr/bin:/bin", NULL};

struct record {
    struct child *child;
    int ended;
    bool outputs; // anything on stdout
};

static inline void on_stdout(void *owner, const char *data, size_t len)
{
    struct record *record = owner;
    (void)data;
    record->outputs = len > 0;
}

static inline void on_ended(void *owner, const struct child_end *end)
{
    struct record *record = owner;
    (void)end;
    record->ended++;
    child_close(record->child);
}

static const struct child_events events = {.on_stdout = on_stdout, .on_ended = on_ended};

static inline void start(struct bench *bench, struct record *record, const char *script)
{
    struct failure why;
    char *argv[] = {"sh", "-c", (char *)script, NULL};
    struct child_spec spec = {.argv = argv, .envp = environment, .cwd = bench->dir};
    record->child = child_create(&bench->reaper, &spec, &events, record, &why);
    assert_non_null(record->child);
}

static inline void run_until_output(struct bench *bench, const struct record *record)
{
    while (!record->outputs) {
        uv_run(&bench->loop, UV_RUN_ONCE);
    }
}

#endif
