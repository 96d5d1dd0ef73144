#include "support.h"

#include "io/jobserver.h"

// Opens the pool as a child does, by the path in the flags; -1 when there is none.
static int open_pool(const struct jobserver *jobserver)
{
    const char *path = strstr(jobserver->flags, "fifo:");
    assert_non_null(path);
    return open(path + strlen("fifo:"), O_RDWR | O_NONBLOCK | O_CLOEXEC);
}

static size_t take(int fd, size_t most)
{
    size_t taken = 0;
    char token = 0;
    while (taken < most && read(fd, &token, 1) == 1) {
        assert_int_equal(token, '+');
        taken++;
    }
    return taken;
}

static void test_a_child_finds_all_tokens_and_no_more(void **state)
{
    (void)state;
    struct jobserver jobserver = {0};
    struct failure why;
    assert_true(jobserver_open(&jobserver, 3, &why));
    assert_non_null(strstr(jobserver.flags, "-j4 "));
    int child = open_pool(&jobserver);
    assert_true(child >= 0);
    assert_int_equal(take(child, 100), 3);
    assert_int_equal(write(child, "++", 2), 2);
    assert_int_equal(take(child, 100), 2);
    close(child);
    jobserver_close(&jobserver);
}

static void test_tokens_of_the_dead_come_back(void **state)
{
    (void)state;
    struct jobserver jobserver = {0};
    struct failure why;
    assert_true(jobserver_open(&jobserver, 2, &why));
    for (size_t lost = 0; lost <= 2; lost++) {
        int child = open_pool(&jobserver);
        assert_int_equal(take(child, lost), lost);
        close(child);
        jobserver_refill(&jobserver);
        child = open_pool(&jobserver);
        assert_int_equal(take(child, 100), 2);
        close(child);
        jobserver_refill(&jobserver);
    }
    jobserver_close(&jobserver);
}

static void test_without_a_number_there_is_one_less_than_cores(void **state)
{
    (void)state;
    struct jobserver jobserver = {0};
    struct failure why;
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    assert_true(jobserver_open(&jobserver, 0, &why));
    assert_int_equal(jobserver.tokens, cores > 1 ? cores - 1 : 1);
    jobserver_close(&jobserver);
}

static void test_none_at_all(void **state)
{
    (void)state;
    struct jobserver jobserver = {0};
    jobserver_refill(&jobserver);
    jobserver_close(&jobserver);
    assert_null(jobserver.flags);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_child_finds_all_tokens_and_no_more),
        cmocka_unit_test(test_tokens_of_the_dead_come_back),
        cmocka_unit_test(test_without_a_number_there_is_one_less_than_cores),
        cmocka_unit_test(test_none_at_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
