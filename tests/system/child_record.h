/**
 * What the tests of a child share: a record of everything it told us, and a shell script as
 * program.
 */
#ifndef RELAY_TESTS_SYSTEM_CHILD_RECORD_H
#define RELAY_TESTS_SYSTEM_CHILD_RECORD_H

#include "support.h"

#include "process/child.h"

// Everything one child told us.
struct record {
    struct child *child;
    struct bytes out;
    struct bytes lines; // each line in brackets
    struct child_end end;
    int ended;           // how often on_ended came
    bool group_was_dead; // seen in on_ended
    bool kill_on_output;
    bool close_on_line;
};

static char *const environment[] = {"PATH=/usr/bin:/bin", "COLOUR=blue", NULL};

static inline void on_stdout(void *owner, const char *data, size_t len)
{
    struct record *record = owner;
    assert_int_equal(record->ended, 0);
    bytes_append(&record->out, data, len);
    if (record->kill_on_output) {
        child_kill(record->child);
        child_kill(record->child);
    }
}

static inline void on_stderr_line(void *owner, const char *line, size_t len, bool ends)
{
    (void)ends;
    struct record *record = owner;
    assert_int_equal(record->ended, 0);
    bytes_append_text(&record->lines, "[");
    bytes_append(&record->lines, line, len);
    bytes_append_text(&record->lines, "]");
    if (record->close_on_line) {
        child_close(record->child);
        child_close(record->child);
    }
}

static inline bool group_is_gone(pid_t id)
{
    return kill(-id, 0) == -1 && errno == ESRCH;
}

static inline void on_ended(void *owner, const struct child_end *end)
{
    struct record *record = owner;
    record->ended++;
    record->end = *end;
    record->group_was_dead = group_is_gone(child_pid(record->child));
    child_kill(record->child);
    child_close(record->child);
}

static const struct child_events events = {on_stdout, on_stderr_line, on_ended};

static inline void start(struct bench *bench, struct record *record, const char *script)
{
    struct failure why;
    char *argv[] = {"sh", "-c", (char *)script, NULL};
    struct child_spec spec = {.argv = argv, .envp = environment, .cwd = bench->dir};
    record->child = child_create(&bench->reaper, &spec, &events, record, &why);
    assert_non_null(record->child);
}

static inline void finish(struct record *record)
{
    bytes_finish(&record->out);
    bytes_finish(&record->lines);
}

static inline void run(struct bench *bench, struct record *record, const char *script)
{
    start(bench, record, script);
    uv_run(&bench->loop, UV_RUN_DEFAULT);
    assert_int_equal(record->ended, 1);
    assert_true(record->group_was_dead);
}

static inline void expect(const struct record *record, const char *out, const char *lines,
                          int exit_code)
{
    assert_string_equal(bytes_text(&record->out), out);
    assert_string_equal(bytes_text(&record->lines), lines);
    assert_int_equal(record->end.exit_code, exit_code);
    assert_int_equal(record->end.signal, 0);
    assert_false(record->end.killed);
}

#endif
