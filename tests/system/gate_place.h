/**
 * What the tests of the gate share: a compile's directory with its gate on a real loop, and linkers
 * that wait there, in processes of their own.
 */
#ifndef RELAY_TESTS_SYSTEM_GATE_PLACE_H
#define RELAY_TESTS_SYSTEM_GATE_PLACE_H

#include "support.h"

#include "gate/gate.h"
#include "gate/gate_keeper.h"
#include "gate/gate_layout.h"

#include <sched.h>

struct place {
    uv_loop_t loop;
    char *dir; // the compile's private directory
    struct gate *gate;
    int told;   // how often that the linker is asked for
    int opened; // how often that the gate was opened
    bool close_when_told;
    bool open_when_told;
};

static inline int place_start(void **state)
{
    struct place *place = mem_zalloc(sizeof *place);
    signal(SIGPIPE, SIG_IGN);
    alarm(60); // a test that hangs is a test that fails
    place->dir = support_directory("/tmp");
    assert_int_equal(uv_loop_init(&place->loop), 0);
    *state = place;
    return 0;
}

static inline int place_stop(void **state)
{
    struct place *place = *state;
    struct failure why;
    gate_close(place->gate);
    uv_run(&place->loop, UV_RUN_DEFAULT);
    assert(uv_loop_close(&place->loop) == 0);
    assert(waitpid(-1, NULL, WNOHANG) == -1 && errno == ECHILD);
    assert(tree_remove(place->dir, &why));
    free(place->dir);
    free(place);
    alarm(0);
    return 0;
}

static inline void on_asked(void *owner)
{
    struct place *place = owner;
    struct failure why;
    place->told++;
    if (place->open_when_told) {
        assert_true(gate_open(place->dir, &why));
    }
    if (place->close_when_told) {
        gate_close(place->gate);
        place->gate = NULL;
    }
}

static inline void on_opened(void *owner)
{
    struct place *place = owner;
    struct failure why;
    place->opened++;
    assert_true(gate_pass(place->gate, &why));
}

static inline struct gate_spec spec_of(struct place *place)
{
    return (struct gate_spec){.loop = &place->loop,
                              .dir = place->dir,
                              .program = "/proc/self/exe",
                              .linker = "tools/bin/my-ld",
                              .asked = on_asked,
                              .opened = on_opened,
                              .owner = place};
}

static inline void make_gate(struct place *place)
{
    struct failure why;
    struct gate_spec spec = spec_of(place);
    place->gate = gate_create(&spec, &why);
    assert_non_null(place->gate);
}

static inline void close_gate(struct place *place)
{
    gate_close(place->gate);
    place->gate = NULL;
}

static inline void run_until_told(struct place *place)
{
    while (place->told == 0) {
        uv_run(&place->loop, UV_RUN_ONCE);
    }
}

static inline void run_until_opened(struct place *place)
{
    while (place->opened == 0) {
        uv_run(&place->loop, UV_RUN_ONCE);
    }
}

static inline void put_byte(const struct place *place, const char *part, enum gate_says what)
{
    char *path = mem_format("%s/%s", place->dir, part);
    int fd = open(path, O_WRONLY | O_NONBLOCK);
    assert_true(fd >= 0);
    char byte = (char)what;
    assert_int_equal(write(fd, &byte, 1), 1);
    close(fd);
    free(path);
}

// --- Processes that wait

enum { PASSED = 0, OTHER_REASON = 2, GONE = 3 };

_Noreturn static inline void keep(const char *dir)
{
    struct failure why;
    if (gate_keeper_wait(dir, &why)) {
        _exit(PASSED);
    }
    _exit(strcmp(why.text, "cannot link: the worker that started this rustc is gone") == 0
              ? GONE
              : OTHER_REASON);
}

// It has what another program would have: nothing that is closed by exec.
static inline pid_t start_keeper(const char *dir)
{
    pid_t pid = fork();
    if (pid == 0) {
        platform_close_from(STDERR_FILENO + 1);
        keep(dir);
    }
    assert_true(pid > 0);
    return pid;
}

static inline void expect_end(pid_t pid, int expected)
{
    int status = 0;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), expected);
}

static inline char state_of(pid_t pid)
{
    char *path = mem_format("/proc/%d/stat", (int)pid);
    char *text = support_read_file(path);
    assert_non_null(text);
    char state = strrchr(text, ')')[2];
    free(text);
    free(path);
    return state;
}

// One that has asked blocks at one place only: this returns when it is there.
static inline void expect_waiting(pid_t pid)
{
    char state = state_of(pid);
    while (state != 'S' && state != 'Z') {
        sched_yield();
        state = state_of(pid);
    }
    assert_int_equal(state, 'S');
}

#define ROW(test) cmocka_unit_test_setup_teardown(test, place_start, place_stop)

#endif
