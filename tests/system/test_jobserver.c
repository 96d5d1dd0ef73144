// Whose turn it is to compute, and with how many threads.
#include "tokens.h"

#include "turns/jobserver.h"

enum { MANY = 8 };

// A compile: the order in which they had their turns is noted.
struct compile {
    struct job *job;
    int turn; // 0: it was not told
    bool end_at_once;
};

static int turns;
static uv_loop_t *loop; // of the test

static void on_turn(void *owner)
{
    struct compile *compile = owner;
    compile->turn = ++turns;
    assert_true(job_computes(compile->job));
    if (compile->end_at_once) {
        job_end(compile->job, false);
        compile->job = NULL;
    }
}

static void begin(struct jobserver *jobserver, struct compile *compile)
{
    compile->turn = 0;
    compile->job = job_begin(jobserver, on_turn, compile);
}

// Turns are given by the loop, once whoever has left is done with it.
static void end(struct compile *compile)
{
    int before = turns;
    job_end(compile->job, false);
    compile->job = NULL;
    assert_int_equal(turns, before);
    uv_run(loop, UV_RUN_NOWAIT);
}

static void rest(struct compile *compile)
{
    int before = turns;
    job_rest(compile->job);
    assert_int_equal(turns, before);
    uv_run(loop, UV_RUN_NOWAIT);
}

static void open_jobserver(struct bench *bench, struct jobserver *jobserver, size_t tokens)
{
    struct failure why;
    turns = 0;
    loop = &bench->loop;
    *jobserver = (struct jobserver){0};
    assert_true(jobserver_open(jobserver, &bench->loop, bench->dir, tokens, &why));
}

static size_t left(const struct compile *compile)
{
    return tokens_left(job_make_flags(compile->job));
}

static void test_each_compile_has_a_token(void **state)
{
    struct jobserver jobserver;
    struct compile first = {0};
    struct compile second = {0};
    open_jobserver(*state, &jobserver, 3);
    begin(&jobserver, &first);
    assert_int_equal(left(&first), 2);
    begin(&jobserver, &second);
    assert_int_equal(left(&first), 1);
    assert_int_equal(left(&second), 1);
    end(&first);
    assert_int_equal(left(&second), 2);
    end(&second);
    job_end(NULL, true);
    jobserver_close(&jobserver);
}

static void test_one_more_than_tokens_compute(void **state)
{
    struct jobserver jobserver;
    struct compile compiles[MANY] = {0};
    open_jobserver(*state, &jobserver, 2);
    for (int i = 0; i < MANY; i++) {
        begin(&jobserver, &compiles[i]);
        assert_int_equal(job_computes(compiles[i].job), i < 3);
    }
    assert_null(job_make_flags(compiles[3].job)); // no turn, no tokens
    for (int i = 0; i + 3 < MANY; i++) {
        end(&compiles[i]);
        assert_int_equal(compiles[i + 3].turn, i + 1); // in the order they came
    }
    for (int i = MANY - 3; i < MANY; i++) {
        end(&compiles[i]);
    }
    assert_int_equal(turns, MANY - 3);
    jobserver_close(&jobserver);
}

static void test_who_rests_computes_nothing(void **state)
{
    struct jobserver jobserver;
    struct compile gated = {0};
    struct compile others[3] = {0};
    open_jobserver(*state, &jobserver, 2);
    begin(&jobserver, &gated);
    for (int i = 0; i < 3; i++) {
        begin(&jobserver, &others[i]);
    }
    assert_false(job_computes(others[2].job));
    rest(&gated);
    assert_int_equal(others[2].turn, 1);
    struct compile later = {0};
    begin(&jobserver, &later);
    job_resume(gated.job);
    assert_false(job_computes(gated.job));
    end(&others[0]);
    assert_int_equal(gated.turn, 2); // it is older
    end(&others[1]);
    assert_int_equal(later.turn, 3);
    end(&others[2]);
    rest(&gated);
    assert_int_equal(left(&later), 1);
    job_resume(gated.job);
    assert_int_equal(left(&later), 0);
    rest(&gated);
    job_resume(gated.job);
    job_resume(gated.job); // again is no harm
    end(&gated);
    end(&later);
    jobserver_close(&jobserver);
}

static void test_who_waits_may_end(void **state)
{
    struct jobserver jobserver;
    struct compile first = {0};
    struct compile second = {0};
    struct compile third = {.end_at_once = true};
    struct compile fourth = {0};
    open_jobserver(*state, &jobserver, 1);
    begin(&jobserver, &first);
    begin(&jobserver, &second);
    struct compile never = {0};
    begin(&jobserver, &never);
    begin(&jobserver, &third);
    begin(&jobserver, &fourth);
    end(&never);
    end(&first); // the third one has its turn, ends within it, and is followed
    assert_int_equal(never.turn, 0);
    assert_int_equal(third.turn, 1);
    assert_int_equal(fourth.turn, 2);
    end(&second);
    end(&fourth);
    jobserver_close(&jobserver);
}

static void test_threads_hold_nobody_up(void **state)
{
    struct jobserver jobserver;
    struct compile first = {0};
    struct compile second = {0};
    struct compile third = {0};
    open_jobserver(*state, &jobserver, 2);
    begin(&jobserver, &first);
    int fd = open_tokens(job_make_flags(first.job));
    assert_int_equal(take_tokens(fd, ALL_TOKENS), 1);
    begin(&jobserver, &second);
    assert_true(job_computes(second.job)); // without a token
    put_tokens(fd, 1);
    begin(&jobserver, &third);
    assert_int_equal(take_tokens(fd, ALL_TOKENS), 0); // the second one has got it
    close(fd);
    end(&third);
    assert_int_equal(left(&first), 0);
    end(&second);
    assert_int_equal(left(&first), 1);
    end(&first);
    jobserver_close(&jobserver);
}

static void kill_one(struct jobserver *jobserver, size_t held)
{
    struct compile compile = {0};
    begin(jobserver, &compile);
    size_t there = left(&compile);
    lose_tokens(job_make_flags(compile.job), there < held ? there : held);
    job_end(compile.job, true);
}

static void test_tokens_of_the_killed_come_back_a_thousand_times(void **state)
{
    enum { TOKENS = 4, TIMES = 1000, LONG = 7 };
    struct jobserver jobserver;
    struct compile other = {0};
    open_jobserver(*state, &jobserver, TOKENS);
    begin(&jobserver, &other);
    for (size_t i = 0; i < TIMES; i++) {
        kill_one(&jobserver, i % TOKENS);
        if (i % LONG == 0) {
            struct compile next = {0};
            begin(&jobserver, &next);
            end(&other);
            other.job = next.job;
        }
    }
    end(&other);
    struct compile last = {0};
    begin(&jobserver, &last);
    assert_int_equal(left(&last), TOKENS - 1);
    end(&last);
    jobserver_close(&jobserver);
}

static void test_two_workers_take_turns(void **state)
{
    struct bench *bench = *state;
    struct jobserver one;
    struct jobserver two;
    struct compile ones[2] = {0};
    struct compile twos[2] = {0};
    open_jobserver(bench, &one, 1);
    open_jobserver(bench, &two, 1);
    begin(&one, &ones[0]);
    begin(&one, &ones[1]);
    begin(&two, &twos[0]);
    assert_true(job_computes(twos[0].job)); // a worker is never held up by others alone
    begin(&two, &twos[1]);
    assert_false(job_computes(twos[1].job));
    end(&ones[0]);
    support_run_until(&bench->loop, &twos[1].turn);
    end(&ones[1]);
    end(&twos[0]);
    end(&twos[1]);
    jobserver_close(&one);
    jobserver_close(&two);
}

static void test_nobody_has_a_turn_at_the_end(void **state)
{
    struct bench *bench = *state;
    struct jobserver jobserver;
    struct compile compiles[3] = {0};
    open_jobserver(bench, &jobserver, 1);
    for (int i = 0; i < 3; i++) {
        begin(&jobserver, &compiles[i]);
    }
    for (int i = 0; i < 3; i++) {
        job_end(compiles[i].job, false);
    }
    jobserver_close(&jobserver);
    uv_run(&bench->loop, UV_RUN_NOWAIT);
    assert_int_equal(turns, 0);
}

static void test_without_a_number_there_is_one_for_each_core(void **state)
{
    struct jobserver jobserver;
    open_jobserver(*state, &jobserver, 0);
    assert_int_equal(jobserver.tokens, sysconf(_SC_NPROCESSORS_ONLN));
    jobserver_close(&jobserver);
}

static void test_none_at_all(void **state)
{
    struct bench *bench = *state;
    struct jobserver jobserver = {0};
    struct failure why;
    assert_false(jobserver_open(&jobserver, &bench->loop, "/proc/none", 1, &why));
    struct job *jobs[3];
    for (size_t i = 0; i < 3; i++) {
        jobs[i] = job_begin(&jobserver, on_turn, NULL);
        assert_true(job_computes(jobs[i]));
        assert_null(job_make_flags(jobs[i]));
        job_rest(jobs[i]);
        job_resume(jobs[i]);
        assert_true(job_computes(jobs[i]));
    }
    for (size_t i = 0; i < 3; i++) {
        job_end(jobs[i], true);
    }
    jobserver_close(&jobserver);
}

#define ROW(test) cmocka_unit_test_setup_teardown(test, bench_start, bench_stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ROW(test_each_compile_has_a_token),
        ROW(test_one_more_than_tokens_compute),
        ROW(test_who_rests_computes_nothing),
        ROW(test_who_waits_may_end),
        ROW(test_threads_hold_nobody_up),
        ROW(test_tokens_of_the_killed_come_back_a_thousand_times),
        ROW(test_two_workers_take_turns),
        ROW(test_nobody_has_a_turn_at_the_end),
        ROW(test_without_a_number_there_is_one_for_each_core),
        ROW(test_none_at_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
