#include "child_record.h"

#include "process/lines.h"

static void test_output_and_exit_code(void **state)
{
    struct record record = {0};
    run(*state, &record, "echo out; printf 'one\\n\\ntwo' >&2; exit 3");
    expect(&record, "out\n", "[one][][two]", 3);
    finish(&record);
}

static void test_end_of_output_before_exit(void **state)
{
    struct record record = {0};
    run(*state, &record,
        "echo out; exec >&- 2>&-; i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done; exit 5");
    expect(&record, "out\n", "", 5);
    finish(&record);
}

static void open_gate(uv_timer_t *timer)
{
    char *path = support_path(timer->data, "gate");
    support_write_file(path, "go\n");
    free(path);
    uv_close((uv_handle_t *)timer, NULL);
}

static void make_gate(struct bench *bench, const char *name)
{
    char *path = support_path(bench, name);
    assert_int_equal(mkfifo(path, S_IRUSR | S_IWUSR), 0);
    free(path);
}

static void test_exit_before_end_of_output(void **state)
{
    struct bench *bench = *state;
    struct record record = {0};
    make_gate(bench, "gate");
    uv_timer_t timer = {.data = bench};
    uv_timer_init(&bench->loop, &timer);
    timer.data = bench;
    uv_timer_start(&timer, open_gate, 50, 0);
    run(bench, &record, "{ read line < gate; echo late $line >&2; } & exit 0");
    expect(&record, "", "[late go]", 0);
    finish(&record);
}

static void test_grandchild_that_keeps_the_pipes_is_not_waited_for(void **state)
{
    struct record record = {0};
    uint64_t before = support_now_ms();
    run(*state, &record, "sleep 1000 & echo partial >&2; printf end >&2; exit 7");
    uint64_t took = support_now_ms() - before;
    expect(&record, "", "[partial][end]", 7);
    assert_true(took >= CHILD_DRAIN_MS && took < CHILD_DRAIN_MS + 400);
    finish(&record);
}

static void test_grandchild_without_the_pipes_is_killed_too(void **state)
{
    struct record record = {0};
    uint64_t before = support_now_ms();
    run(*state, &record, "sleep 1000 >/dev/null 2>&1 & exit 0");
    assert_true(support_now_ms() - before < CHILD_DRAIN_MS);
    expect(&record, "", "", 0);
    finish(&record);
}

// A loop that is busy over the deadline must still read what came in that time.
struct busy {
    struct bench *bench;
    struct record *record;
    uv_idle_t spin;   // keeps the loop turning
    uv_check_t after; // blocks it after it has looked at the pipes
    int rounds_after_exit;
};

static bool is_zombie(pid_t pid)
{
    siginfo_t info = {0};
    waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT);
    return info.si_pid == pid;
}

static void block_loop(uv_check_t *after)
{
    struct busy *busy = after->data;
    busy->rounds_after_exit += is_zombie(child_pid(busy->record->child)) ? 1 : 0;
    if (busy->rounds_after_exit < 3) {
        return;
    }
    uint64_t until = support_now_ms() + CHILD_DRAIN_MS + 50;
    char *gate = support_path(busy->bench, "gate");
    support_write_file(gate, "go\n");
    free(gate);
    char *written = support_path(busy->bench, "written");
    free(support_read_file(written));
    free(written);
    while (support_now_ms() < until) {
    }
    uv_close((uv_handle_t *)after, NULL);
    uv_close((uv_handle_t *)&busy->spin, NULL);
}

static void turn(uv_idle_t *spin)
{
    (void)spin;
}

static void test_busy_loop_loses_no_output(void **state)
{
    struct bench *bench = *state;
    struct record record = {0};
    struct busy busy = {.bench = bench, .record = &record};
    make_gate(bench, "gate");
    make_gate(bench, "written");
    uv_idle_init(&bench->loop, &busy.spin);
    uv_check_init(&bench->loop, &busy.after);
    busy.after.data = &busy;
    // A stranger to the group: the group's own death would give the loop time to look.
    start(bench, &record,
          "setsid sh -c 'read l < gate; echo late >&2; echo > written; read l < gate' & exit 0");
    uv_idle_start(&busy.spin, turn);
    uv_check_start(&busy.after, block_loop);
    uv_run(&bench->loop, UV_RUN_DEFAULT);
    expect(&record, "", "[late]", 0);
    reaper_kill_all(&bench->reaper);
    finish(&record);
}

static void test_kill_takes_the_whole_group(void **state)
{
    struct record record = {.kill_on_output = true};
    uint64_t before = support_now_ms();
    run(*state, &record, "sleep 1000 & sh -c 'sleep 1000 & wait' & echo ready; wait; exit 0");
    assert_true(support_now_ms() - before < CHILD_DRAIN_MS);
    assert_int_equal(record.end.signal, SIGKILL);
    assert_true(record.end.killed);
    finish(&record);
}

static void test_kill_does_not_wait_for_strangers(void **state)
{
    struct bench *bench = *state;
    struct record record = {.kill_on_output = true};
    uint64_t before = support_now_ms();
    run(bench, &record, "setsid sh -c 'echo ready; exec sleep 1000' & wait");
    assert_true(support_now_ms() - before < CHILD_DRAIN_MS);
    assert_int_equal(record.end.signal, SIGKILL);
    reaper_kill_all(&bench->reaper);
    finish(&record);
}

static void kill_it(uv_timer_t *timer)
{
    struct record *record = timer->data;
    assert_int_equal(record->ended, 0);
    child_kill(record->child);
    assert_int_equal(record->ended, 0);
    uv_close((uv_handle_t *)timer, NULL);
}

static void test_kill_while_output_is_awaited(void **state)
{
    struct bench *bench = *state;
    struct record record = {0};
    uv_timer_t timer;
    uv_timer_init(&bench->loop, &timer);
    timer.data = &record;
    uv_timer_start(&timer, kill_it, 100, 0);
    uint64_t before = support_now_ms();
    run(bench, &record, "sleep 1000 & exit 4");
    assert_true(support_now_ms() - before < CHILD_DRAIN_MS - 50);
    assert_int_equal(record.end.exit_code, 4);
    assert_true(record.end.killed);
    finish(&record);
}

static void test_death_by_signal_of_its_own(void **state)
{
    struct record record = {0};
    run(*state, &record, "echo last >&2; kill -SEGV $$");
    assert_string_equal(bytes_text(&record.lines), "[last]");
    assert_int_equal(record.end.signal, SIGSEGV);
    assert_int_equal(record.end.exit_code, 0);
    assert_false(record.end.killed);
    finish(&record);
}

static void test_close_kills_and_mutes(void **state)
{
    struct bench *bench = *state;
    struct record record = {0};
    start(bench, &record, "echo x; sleep 1000 & wait");
    pid_t id = child_pid(record.child);
    child_close(record.child);
    child_close(record.child);
    child_close(NULL);
    uv_run(&bench->loop, UV_RUN_DEFAULT);
    assert_int_equal(record.ended, 0);
    assert_int_equal(record.out.len, 0);
    assert_true(group_is_gone(id));
    finish(&record);
}

static void test_close_within_an_event(void **state)
{
    struct bench *bench = *state;
    struct record record = {.close_on_line = true};
    start(bench, &record, "printf 'a\\nb\\nc' >&2; exec sleep 1000");
    uv_run(&bench->loop, UV_RUN_DEFAULT);
    assert_int_equal(record.ended, 0);
    assert_string_equal(bytes_text(&record.lines), "[a]");
    finish(&record);
}

static void test_close_within_the_last_line(void **state)
{
    struct bench *bench = *state;
    struct record record = {.close_on_line = true};
    start(bench, &record, "printf unterminated >&2");
    uv_run(&bench->loop, UV_RUN_DEFAULT);
    assert_int_equal(record.ended, 0);
    assert_string_equal(bytes_text(&record.lines), "[unterminated]");
    finish(&record);
}

static void test_two_hundred_short_children(void **state)
{
    struct bench *bench = *state;
    enum { CHILDREN = 200, AT_ONCE = 20 };
    static struct record records[CHILDREN];
    memset(records, 0, sizeof records);
    for (int i = 0; i < CHILDREN; i++) {
        char *script = mem_format("echo %d; echo line %d >&2; exit %d", i, i, i);
        start(bench, &records[i], script);
        free(script);
        if (i % AT_ONCE == AT_ONCE - 1) {
            uv_run(&bench->loop, UV_RUN_DEFAULT);
        }
    }
    for (int i = 0; i < CHILDREN; i++) {
        char *out = mem_format("%d\n", i);
        char *line = mem_format("[line %d]", i);
        assert_int_equal(records[i].ended, 1);
        assert_true(records[i].group_was_dead);
        expect(&records[i], out, line, i);
        free(out);
        free(line);
        finish(&records[i]);
    }
}

static void test_bytes_are_bytes(void **state)
{
    struct record record = {0};
    run(*state, &record, "printf '\\377\\376\\000x\\n' >&2; printf '\\000\\200'");
    assert_int_equal(record.out.len, 2);
    assert_memory_equal(record.out.data, "\0\200", 2);
    assert_int_equal(record.lines.len, 6);
    assert_memory_equal(record.lines.data, "[\377\376\0x]", 6);
    finish(&record);
}

static void test_one_byte_at_a_time(void **state)
{
    struct record record = {0};
    run(*state, &record, "for c in a b '\\n' '\\n' c; do printf $c >&2; printf $c; done");
    expect(&record, "ab\n\nc", "[ab][][c]", 0);
    finish(&record);
}

static void test_very_long_line(void **state)
{
    struct record record = {0};
    run(*state, &record, "head -c 9000000 /dev/zero | tr '\\0' x >&2; echo >&2; echo short >&2");
    assert_int_equal(record.lines.len, 9000000 + 4 + strlen("[short]"));
    assert_memory_equal(record.lines.data + 1 + LINES_MAX_BYTES / 2, "][", 2);
    finish(&record);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_output_and_exit_code, bench_start, bench_stop),
        cmocka_unit_test_setup_teardown(test_end_of_output_before_exit, bench_start, bench_stop),
        cmocka_unit_test_setup_teardown(test_exit_before_end_of_output, bench_start, bench_stop),
        cmocka_unit_test_setup_teardown(test_grandchild_that_keeps_the_pipes_is_not_waited_for,
                                        bench_start, bench_stop),
        cmocka_unit_test_setup_teardown(test_grandchild_without_the_pipes_is_killed_too,
                                        bench_start, bench_stop),
        cmocka_unit_test_setup_teardown(test_busy_loop_loses_no_output, bench_start, bench_stop),
        cmocka_unit_test_setup_teardown(test_kill_takes_the_whole_group, bench_start, bench_stop),
        cmocka_unit_test_setup_teardown(test_kill_does_not_wait_for_strangers, bench_start,
                                        bench_stop),
        cmocka_unit_test_setup_teardown(test_kill_while_output_is_awaited, bench_start, bench_stop),
        cmocka_unit_test_setup_teardown(test_death_by_signal_of_its_own, bench_start, bench_stop),
        cmocka_unit_test_setup_teardown(test_close_kills_and_mutes, bench_start, bench_stop),
        cmocka_unit_test_setup_teardown(test_close_within_an_event, bench_start, bench_stop),
        cmocka_unit_test_setup_teardown(test_close_within_the_last_line, bench_start, bench_stop),
        cmocka_unit_test_setup_teardown(test_two_hundred_short_children, bench_start, bench_stop),
        cmocka_unit_test_setup_teardown(test_bytes_are_bytes, bench_start, bench_stop),
        cmocka_unit_test_setup_teardown(test_one_byte_at_a_time, bench_start, bench_stop),
        cmocka_unit_test_setup_teardown(test_very_long_line, bench_start, bench_stop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
