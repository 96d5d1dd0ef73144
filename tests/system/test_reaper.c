#include "support.h"

#include "process/child.h"
#include "process/group.h"

static char *const environment[] = {"PATH=/usr/bin:/bin", NULL};

struct record {
    struct child *child;
    int ended;
    bool outputs; // anything on stdout
};

static void on_stdout(void *owner, const char *data, size_t len)
{
    struct record *record = owner;
    (void)data;
    record->outputs = len > 0;
}

static void on_ended(void *owner, const struct child_end *end)
{
    struct record *record = owner;
    (void)end;
    record->ended++;
    child_close(record->child);
}

static const struct child_events events = {.on_stdout = on_stdout, .on_ended = on_ended};

static void start(struct bench *bench, struct record *record, const char *script)
{
    struct failure why;
    char *argv[] = {"sh", "-c", (char *)script, NULL};
    struct child_spec spec = {.argv = argv, .envp = environment, .cwd = bench->dir};
    record->child = child_create(&bench->reaper, &spec, &events, record, &why);
    assert_non_null(record->child);
}

static void run_until_output(struct bench *bench, const struct record *record)
{
    while (!record->outputs) {
        uv_run(&bench->loop, UV_RUN_ONCE);
    }
}

static bool is_alone(const struct bench *bench)
{
    pid_t pids[4];
    size_t count = platform_children(pids, 4);
    return count == 1 && pids[0] == bench->guardian.pid;
}

static const char *const tree =
    "sleep 1000 & sh -c 'sleep 1000 & wait' & setsid sh -c 'setsid sleep 1000 & echo ready; wait' &"
    "wait";

static void test_kill_all_takes_everybody(void **state)
{
    struct bench *bench = *state;
    struct record records[3] = {{0}};
    for (int i = 0; i < 3; i++) {
        start(bench, &records[i], tree);
    }
    for (int i = 0; i < 3; i++) {
        run_until_output(bench, &records[i]);
    }
    uint64_t before = support_now_ms();
    reaper_kill_all(&bench->reaper);
    assert_true(support_now_ms() - before <= REAPER_KILL_ALL_MS);
    assert_true(is_alone(bench));
    for (int i = 0; i < 3; i++) {
        assert_int_equal(records[i].ended, 0);
    }
    uv_run(&bench->loop, UV_RUN_DEFAULT);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(records[i].ended, 1);
    }
}

// Its pipes have ended already: only the reaper can tell of its end.
static void test_kill_all_is_reported_when_the_loop_runs(void **state)
{
    struct bench *bench = *state;
    struct record record = {0};
    char *mark = support_path(bench, "mark");
    assert_int_equal(mkfifo(mark, S_IRUSR | S_IWUSR), 0);
    start(bench, &record, "echo ready; exec >&- 2>&-; echo > mark; exec sleep 1000");
    run_until_output(bench, &record);
    free(support_read_file(mark));
    uv_run(&bench->loop, UV_RUN_NOWAIT);
    reaper_kill_all(&bench->reaper);
    assert_int_equal(record.ended, 0);
    uv_run(&bench->loop, UV_RUN_DEFAULT);
    assert_int_equal(record.ended, 1);
    free(mark);
}

// The order of the worker's exit: nothing waits for events that cannot come any more.
static void test_children_close_after_kill_all(void **state)
{
    struct bench *bench = *state;
    struct record record = {0};
    start(bench, &record, tree);
    run_until_output(bench, &record);
    reaper_kill_all(&bench->reaper);
    child_close(record.child);
    reaper_close(&bench->reaper);
    uv_run(&bench->loop, UV_RUN_DEFAULT);
    assert_int_equal(record.ended, 0);
}

static void test_kill_all_with_nobody_is_quick(void **state)
{
    struct bench *bench = *state;
    uint64_t before = support_now_ms();
    reaper_kill_all(&bench->reaper);
    assert_true(support_now_ms() - before < REAPER_KILL_ALL_MS);
}

static void await_alone_but_one(struct bench *bench)
{
    pid_t pids[8];
    while (platform_children(pids, 8) > 2) {
        uv_run(&bench->loop, UV_RUN_ONCE);
    }
}

// The daemon leaves its group, ends while a compile runs, and must not stay a zombie.
static void test_orphans_are_reaped_while_children_run(void **state)
{
    struct bench *bench = *state;
    struct record parent = {0};
    struct record other = {0};
    start(bench, &other, "exec sleep 1000");
    start(bench, &parent, "setsid sh -c 'echo ready; exec >&- 2>&-; exit 0' & wait; setsid true &");
    while (parent.ended == 0) {
        uv_run(&bench->loop, UV_RUN_ONCE);
    }
    await_alone_but_one(bench);
    assert_int_equal(other.ended, 0);
    child_kill(other.child);
    uv_run(&bench->loop, UV_RUN_DEFAULT);
}

// The daemon has left its group; it is a stray only when its parents are gone.
static void test_who_outlives_a_program_is_not_overlooked(void **state)
{
    struct bench *bench = *state;
    struct record record = {0};
    struct record other = {0};
    assert_true(reaper_is_alone(&bench->reaper));
    start(bench, &other, "exec sleep 1000");
    start(bench, &record,
          "mkfifo go; setsid sh -c 'echo > go; exec >&- 2>&-; exec sleep 1000' & read line < go");
    while (record.ended == 0) {
        uv_run(&bench->loop, UV_RUN_ONCE);
    }
    assert_false(reaper_is_alone(&bench->reaper));
    child_kill(other.child);
    uv_run(&bench->loop, UV_RUN_DEFAULT);
    assert_false(reaper_is_alone(&bench->reaper));
    reaper_kill_all(&bench->reaper);
    assert_true(reaper_is_alone(&bench->reaper));
}

static void test_dead_guardian_is_reaped_once(void **state)
{
    struct bench *bench = *state;
    struct record record = {0};
    kill(bench->guardian.pid, SIGKILL);
    support_await_death(bench->guardian.pid);
    start(bench, &record, "exit 0");
    uv_run(&bench->loop, UV_RUN_DEFAULT);
    assert_int_equal(record.ended, 1);
    assert_int_equal(bench->guardian.pid, 0);
}

// A member whose parent has left the group: nobody but that parent can reap it, and it does not.
static void test_zombie_of_a_stranger_does_not_hold_the_end(void **state)
{
    struct bench *bench = *state;
    struct record record = {0};
    uint64_t before = support_now_ms();
    // setsid execs in place (it is no group leader), so "sleep 0" is its child in the old group.
    start(bench, &record,
          "sh -c 'sleep 0 & exec setsid sleep 1000' >/dev/null 2>&1 & echo; sleep 0.1");
    uv_run(&bench->loop, UV_RUN_DEFAULT);
    uint64_t took = support_now_ms() - before;
    assert_int_equal(record.ended, 1);
    assert_true(took >= REAPER_GONE_MS && took < REAPER_GONE_MS + 500);
    reaper_kill_all(&bench->reaper);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_kill_all_takes_everybody, bench_start, bench_stop),
        cmocka_unit_test_setup_teardown(test_kill_all_is_reported_when_the_loop_runs, bench_start,
                                        bench_stop),
        cmocka_unit_test_setup_teardown(test_children_close_after_kill_all, bench_start,
                                        bench_stop),
        cmocka_unit_test_setup_teardown(test_kill_all_with_nobody_is_quick, bench_start,
                                        bench_stop),
        cmocka_unit_test_setup_teardown(test_orphans_are_reaped_while_children_run, bench_start,
                                        bench_stop),
        cmocka_unit_test_setup_teardown(test_who_outlives_a_program_is_not_overlooked, bench_start,
                                        bench_stop),
        cmocka_unit_test_setup_teardown(test_dead_guardian_is_reaped_once, bench_start, bench_stop),
        cmocka_unit_test_setup_teardown(test_zombie_of_a_stranger_does_not_hold_the_end,
                                        bench_start, bench_stop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
