#include "reaped.h"

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

static void test_kill_all_with_nobody_is_quick(void **state)
{
    struct bench *bench = *state;
    uint64_t before = support_now_ms();
    reaper_kill_all(&bench->reaper);
    assert_true(support_now_ms() - before < REAPER_KILL_ALL_MS);
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
        cmocka_unit_test_setup_teardown(test_kill_all_is_reported_when_the_loop_runs, bench_start,
                                        bench_stop),
        cmocka_unit_test_setup_teardown(test_kill_all_with_nobody_is_quick, bench_start,
                                        bench_stop),
        cmocka_unit_test_setup_teardown(test_dead_guardian_is_reaped_once, bench_start, bench_stop),
        cmocka_unit_test_setup_teardown(test_zombie_of_a_stranger_does_not_hold_the_end,
                                        bench_start, bench_stop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
