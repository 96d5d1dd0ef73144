// Those who left their group, and are found as our children: where a process adopts orphans, and is
// told who its children are.
#include "reaped.h"

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_kill_all_takes_everybody, bench_start, bench_stop),
        cmocka_unit_test_setup_teardown(test_children_close_after_kill_all, bench_start,
                                        bench_stop),
        cmocka_unit_test_setup_teardown(test_orphans_are_reaped_while_children_run, bench_start,
                                        bench_stop),
        cmocka_unit_test_setup_teardown(test_who_outlives_a_program_is_not_overlooked, bench_start,
                                        bench_stop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
