#include "support.h"

#include "io/jobserver.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

// Opens the pool as a child does, by the path in the flags.
static int open_pool(const struct job *job)
{
    const char *path = strstr(job_make_flags(job), "fifo:");
    assert_non_null(path);
    int fd = open(path + strlen("fifo:"), O_RDWR | O_NONBLOCK | O_CLOEXEC);
    assert_true(fd >= 0);
    return fd;
}

static size_t take_tokens(int fd, size_t most)
{
    size_t taken = 0;
    char token = 0;
    while (taken < most && read(fd, &token, 1) == 1) {
        assert_int_equal(token, '+');
        taken++;
    }
    return taken;
}

static void put_tokens(int fd, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(write(fd, "+", 1), 1);
    }
}

static struct jobserver jobserver_of(size_t tokens)
{
    struct jobserver jobserver = {0};
    struct failure why;
    assert_true(jobserver_open(&jobserver, tokens, &why));
    return jobserver;
}

// How many tokens a child of this job finds; they are put back.
static size_t tokens_left(const struct job *job)
{
    int fd = open_pool(job);
    size_t count = take_tokens(fd, 100);
    put_tokens(fd, count);
    close(fd);
    return count;
}

static void test_each_compile_has_one_for_itself(void **state)
{
    (void)state;
    struct jobserver jobserver = jobserver_of(3);
    struct job *first = job_begin(&jobserver);
    assert_non_null(strstr(job_make_flags(first), "-j3 "));
    assert_int_equal(tokens_left(first), 2);
    struct job *second = job_begin(&jobserver);
    assert_int_equal(tokens_left(first), 1);
    assert_int_equal(tokens_left(second), 1);
    job_end(first, false);
    assert_int_equal(tokens_left(second), 2);
    job_end(second, false);
    job_end(NULL, true);
    jobserver_close(&jobserver);
}

static void test_nobody_waits_for_a_token(void **state)
{
    (void)state;
    struct jobserver jobserver = jobserver_of(1);
    struct job *jobs[3];
    for (size_t i = 0; i < 3; i++) {
        jobs[i] = job_begin(&jobserver);
        assert_int_equal(tokens_left(jobs[i]), 0);
    }
    job_end(jobs[0], false); // the next one has its token
    assert_int_equal(tokens_left(jobs[2]), 0);
    job_end(jobs[1], false);
    assert_int_equal(tokens_left(jobs[2]), 0);
    struct job *last = job_begin(&jobserver);
    job_end(jobs[2], false);
    assert_int_equal(tokens_left(last), 0);
    job_end(last, false);
    jobserver_close(&jobserver);
}

static void test_who_rests_has_none(void **state)
{
    (void)state;
    struct jobserver jobserver = jobserver_of(2);
    struct job *gated = job_begin(&jobserver);
    struct job *other = job_begin(&jobserver);
    assert_int_equal(tokens_left(other), 0);
    job_rest(gated);
    assert_int_equal(tokens_left(other), 1);
    job_resume(gated);
    assert_int_equal(tokens_left(other), 0);
    job_rest(gated);
    job_end(gated, false);
    assert_int_equal(tokens_left(other), 1);
    job_end(other, false);
    jobserver_close(&jobserver);
}

static void test_what_a_thread_gives_back_goes_to_who_has_none(void **state)
{
    (void)state;
    struct jobserver jobserver = jobserver_of(2);
    struct job *first = job_begin(&jobserver);
    int fd = open_pool(first);
    assert_int_equal(take_tokens(fd, 9), 1);
    struct job *second = job_begin(&jobserver); // none is left
    put_tokens(fd, 1);
    struct job *third = job_begin(&jobserver);
    assert_int_equal(take_tokens(fd, 9), 0); // the second one has got it
    close(fd);
    job_end(third, false);
    assert_int_equal(tokens_left(first), 0);
    job_end(second, false);
    assert_int_equal(tokens_left(first), 1);
    job_end(first, false);
    jobserver_close(&jobserver);
}

// Another compile runs all the time, in the pool of the killed one or in a newer one.
static void kill_one(struct jobserver *jobserver, size_t held)
{
    struct job *job = job_begin(jobserver);
    int told[2];
    assert_int_equal(pipe(told), 0);
    pid_t pid = fork();
    if (pid == 0) {
        size_t taken = take_tokens(open_pool(job), held);
        ssize_t done = write(told[1], &taken, sizeof taken);
        pause();
        _exit(done == 0);
    }
    size_t taken = 0;
    assert_int_equal(read(told[0], &taken, sizeof taken), sizeof taken);
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    close(told[0]);
    close(told[1]);
    job_end(job, true);
}

static void test_tokens_of_the_killed_come_back_a_thousand_times(void **state)
{
    (void)state;
    enum { TOKENS = 4, TIMES = 1000 };
    struct jobserver jobserver = jobserver_of(TOKENS);
    struct job *other = job_begin(&jobserver);
    for (size_t i = 0; i < TIMES; i++) {
        kill_one(&jobserver, i % TOKENS);
        if (i % 7 == 0) {
            struct job *next = job_begin(&jobserver);
            job_end(other, false);
            other = next;
        }
    }
    job_end(other, false);
    struct job *last = job_begin(&jobserver);
    assert_int_equal(tokens_left(last), TOKENS - 1);
    job_end(last, false);
    jobserver_close(&jobserver);
}

static void test_all_are_back_though_others_run_all_the_time(void **state)
{
    (void)state;
    struct jobserver jobserver = jobserver_of(3);
    struct job *before = job_begin(&jobserver);
    kill_one(&jobserver, 2);
    struct job *behind = job_begin(&jobserver);
    job_end(before, false); // the last one that used the pool of the killed one
    assert_int_equal(tokens_left(behind), 2);
    job_end(behind, false);
    jobserver_close(&jobserver);
}

static void test_without_a_number_there_is_one_for_each_core(void **state)
{
    (void)state;
    struct jobserver jobserver = jobserver_of(0);
    assert_int_equal(jobserver.tokens, sysconf(_SC_NPROCESSORS_ONLN));
    jobserver_close(&jobserver);
}

static void test_none_at_all(void **state)
{
    (void)state;
    struct jobserver jobserver = {0};
    struct job *job = job_begin(&jobserver);
    assert_null(job_make_flags(job));
    job_rest(job);
    job_resume(job);
    job_end(job, true);
    jobserver_close(&jobserver);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_compile_has_one_for_itself),
        cmocka_unit_test(test_nobody_waits_for_a_token),
        cmocka_unit_test(test_who_rests_has_none),
        cmocka_unit_test(test_what_a_thread_gives_back_goes_to_who_has_none),
        cmocka_unit_test(test_tokens_of_the_killed_come_back_a_thousand_times),
        cmocka_unit_test(test_all_are_back_though_others_run_all_the_time),
        cmocka_unit_test(test_without_a_number_there_is_one_for_each_core),
        cmocka_unit_test(test_none_at_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
