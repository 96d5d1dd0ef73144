// The tokens, seen by one worker process, and by two: two pools of one directory.
#include "tokens.h"

#include "turns/token_pool.h"

static struct token_pool *open_pool(const struct bench *bench, size_t tokens)
{
    struct failure why;
    struct token_pool *pool = token_pool_open(bench->dir, tokens, &why);
    assert_non_null(pool);
    return pool;
}

static size_t left(const struct token_pool *pool, int generation)
{
    return tokens_left(token_pool_flags(pool, generation));
}

static void test_what_is_taken_is_missing(void **state)
{
    struct token_pool *pool = open_pool(*state, 3);
    int child = token_pool_join(pool);
    assert_int_equal(left(pool, child), 3);
    assert_non_null(strstr(token_pool_flags(pool, child), "-j3 --jobserver-auth=fifo:/"));
    int taken[3];
    for (size_t i = 0; i < 3; i++) {
        taken[i] = token_pool_take(pool);
        assert_int_not_equal(taken[i], TOKEN_POOL_NONE);
        assert_int_equal(left(pool, child), 2 - i);
    }
    assert_int_equal(token_pool_take(pool), TOKEN_POOL_NONE);
    for (size_t i = 0; i < 3; i++) {
        token_pool_put(pool, taken[i]);
    }
    assert_int_equal(left(pool, child), 3);
    token_pool_leave(pool, child, false);
    token_pool_close(pool);
}

static void test_what_the_killed_had_comes_back_when_all_have_left(void **state)
{
    struct token_pool *pool = open_pool(*state, 4);
    int child = token_pool_join(pool);
    lose_tokens(token_pool_flags(pool, child), 3);
    assert_int_equal(left(pool, child), 1);
    token_pool_leave(pool, child, true);
    child = token_pool_join(pool);
    assert_int_equal(left(pool, child), 4);
    token_pool_leave(pool, child, false);
    token_pool_close(pool);
}

static void test_who_starts_later_uses_another_generation(void **state)
{
    struct token_pool *pool = open_pool(*state, 4);
    int other = token_pool_join(pool);
    int killed = token_pool_join(pool);
    lose_tokens(token_pool_flags(pool, killed), 2);
    token_pool_leave(pool, killed, true);
    int later = token_pool_join(pool);
    assert_int_not_equal(later, other);
    assert_int_equal(left(pool, later), 2);
    int fd = open_tokens(token_pool_flags(pool, other));
    assert_int_equal(take_tokens(fd, ALL_TOKENS), 0);
    close(fd);
    token_pool_leave(pool, other, false); // nobody else can have the two
    assert_int_equal(left(pool, later), 4);
    token_pool_leave(pool, later, false);
    token_pool_close(pool);
}

static void test_what_comes_back_to_an_old_generation_goes_on(void **state)
{
    struct token_pool *pool = open_pool(*state, 2);
    int other = token_pool_join(pool);
    int fd = open_tokens(token_pool_flags(pool, other));
    assert_int_equal(take_tokens(fd, 1), 1);
    int killed = token_pool_join(pool);
    token_pool_leave(pool, killed, true);
    put_tokens(fd, 1);
    close(fd);
    int later = token_pool_join(pool);
    assert_int_equal(left(pool, later), 2);
    token_pool_leave(pool, later, false);
    token_pool_leave(pool, other, false);
    token_pool_close(pool);
}

// More often than there are generations, with somebody there all the time.
static void test_a_thousand_are_killed(void **state)
{
    enum { TOKENS = 4, TIMES = 1000, LONG = 7 };
    struct token_pool *pool = open_pool(*state, TOKENS);
    int other = token_pool_join(pool);
    for (size_t i = 0; i < TIMES; i++) {
        int killed = token_pool_join(pool);
        const char *flags = token_pool_flags(pool, killed);
        size_t there = left(pool, killed);
        lose_tokens(flags, there < i % TOKENS ? there : i % TOKENS);
        token_pool_leave(pool, killed, true);
        if (i % LONG == 0) {
            int next = token_pool_join(pool);
            token_pool_leave(pool, other, false);
            other = next;
        }
    }
    int last = token_pool_join(pool);
    token_pool_leave(pool, other, false);
    assert_int_equal(left(pool, last), TOKENS);
    token_pool_leave(pool, last, false);
    token_pool_close(pool);
}

static void test_two_workers_share_them(void **state)
{
    struct token_pool *one = open_pool(*state, 3);
    struct token_pool *two = open_pool(*state, 3);
    int first = token_pool_join(one);
    int second = token_pool_join(two);
    int taken = token_pool_take(one);
    assert_int_equal(left(two, second), 2);
    int more = token_pool_take(two);
    assert_int_equal(left(one, first), 1);
    token_pool_leave(one, first, false);
    assert_int_equal(left(two, second), 1); // the one worker has its token still
    token_pool_put(one, taken);
    assert_int_equal(left(two, second), 2);
    token_pool_put(two, more);
    token_pool_leave(two, second, false);
    token_pool_close(one);
    token_pool_close(two);
}

static void test_one_worker_kills_and_both_go_on(void **state)
{
    struct token_pool *one = open_pool(*state, 3);
    struct token_pool *two = open_pool(*state, 3);
    int killed = token_pool_join(one);
    int other = token_pool_join(two);
    lose_tokens(token_pool_flags(one, killed), 2);
    token_pool_leave(one, killed, true);
    int later = token_pool_join(two);
    assert_int_equal(left(two, later), 1);
    token_pool_leave(two, other, false);
    assert_int_equal(left(two, later), 3);
    int mine = token_pool_join(one);
    assert_int_equal(left(one, mine), 3);
    token_pool_leave(one, mine, false);
    token_pool_leave(two, later, false);
    token_pool_close(one);
    token_pool_close(two);
}

// A worker process that has joined and taken a token dies with both.
static void die_with_a_token(const struct bench *bench)
{
    pid_t pid = fork();
    if (pid == 0) {
        struct token_pool *pool = open_pool(bench, 2);
        bool done = token_pool_join(pool) != TOKEN_POOL_NONE &&
                    token_pool_take(pool) != TOKEN_POOL_NONE && raise(SIGKILL) == 0;
        _exit(done);
    }
    int status = 0;
    waitpid(pid, &status, 0);
    assert_true(WIFSIGNALED(status));
}

static void test_a_worker_is_killed(void **state)
{
    struct token_pool *pool = open_pool(*state, 2);
    int child = token_pool_join(pool);
    die_with_a_token(*state);
    assert_int_equal(left(pool, child), 1);
    token_pool_leave(pool, child, false); // nobody is there
    child = token_pool_join(pool);
    assert_int_equal(left(pool, child), 2);
    token_pool_leave(pool, child, false);
    token_pool_close(pool);
}

static void test_a_ledger_of_nonsense(void **state)
{
    struct bench *bench = *state;
    char *path = support_path(bench, "ledger");
    int fd = open(path, O_WRONLY | O_CREAT, S_IRUSR | S_IWUSR);
    char nonsense[400];
    memset(nonsense, 0x77, sizeof nonsense);
    assert_int_equal(write(fd, nonsense, sizeof nonsense), sizeof nonsense);
    close(fd);
    struct token_pool *pool = open_pool(bench, 2);
    int child = token_pool_join(pool);
    assert_int_equal(left(pool, child), 2);
    token_pool_leave(pool, child, false);
    token_pool_close(pool);
    free(path);
}

static void test_a_place_that_cannot_be_used(void **state)
{
    struct bench *bench = *state;
    struct failure why;
    char *path = support_path(bench, "file");
    support_write_file(path, "");
    assert_null(token_pool_open(path, 2, &why));
    assert_non_null(strstr(why.text, "file/ledger': not a directory"));
    assert_null(token_pool_open("/proc/none", 2, &why));
    assert_non_null(strstr(why.text, "cannot make the directory '/proc/none'"));
    token_pool_close(NULL);
    free(path);
}

#define ROW(test) cmocka_unit_test_setup_teardown(test, bench_start, bench_stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ROW(test_what_is_taken_is_missing),
        ROW(test_what_the_killed_had_comes_back_when_all_have_left),
        ROW(test_who_starts_later_uses_another_generation),
        ROW(test_what_comes_back_to_an_old_generation_goes_on),
        ROW(test_a_thousand_are_killed),
        ROW(test_two_workers_share_them),
        ROW(test_one_worker_kills_and_both_go_on),
        ROW(test_a_worker_is_killed),
        ROW(test_a_ledger_of_nonsense),
        ROW(test_a_place_that_cannot_be_used),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
