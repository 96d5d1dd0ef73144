// The seats, of two worker processes: two of one file.
#include "support.h"

#include "turns/seats.h"

enum { SEATS = 2 };

struct side {
    struct seats *seats;
    int told;
};

static void on_left(void *owner)
{
    struct side *side = owner;
    side->told++;
}

static void open_side(struct bench *bench, struct side *side)
{
    struct failure why;
    char *path = support_path(bench, "seats");
    struct seats_spec spec = {
        .path = path, .count = SEATS, .loop = &bench->loop, .on_left = on_left, .owner = side};
    *side = (struct side){.seats = seats_open(&spec, &why)};
    assert_non_null(side->seats);
    free(path);
}

static void test_there_are_so_many_for_all(void **state)
{
    struct side one;
    struct side two;
    open_side(*state, &one);
    open_side(*state, &two);
    int mine = seats_take(one.seats);
    int other = seats_take(two.seats);
    assert_int_not_equal(mine, SEATS_NONE);
    assert_int_not_equal(other, SEATS_NONE);
    assert_int_not_equal(mine, other);
    assert_int_equal(seats_take(one.seats), SEATS_NONE);
    assert_int_equal(seats_take(two.seats), SEATS_NONE);
    seats_leave(one.seats, mine);
    assert_int_equal(seats_take(two.seats), mine);
    assert_int_equal(seats_take(one.seats), SEATS_NONE);
    seats_leave(two.seats, mine);
    assert_int_equal(seats_take(one.seats), mine);
    seats_close(two.seats); // with a seat
    assert_int_equal(seats_take(one.seats), other);
    seats_close(one.seats);
}

static void test_who_wants_one_is_told(void **state)
{
    struct bench *bench = *state;
    struct side one;
    struct side two;
    open_side(bench, &one);
    open_side(bench, &two);
    int mine = seats_take(one.seats);
    int more = seats_take(one.seats);
    seats_leave(one.seats, more);
    more = seats_take(one.seats); // nobody wanted it
    seats_want(two.seats, true);
    seats_want(two.seats, true);
    assert_int_equal(seats_take(two.seats), SEATS_NONE);
    seats_leave(one.seats, mine);
    support_run_until(&bench->loop, &two.told);
    assert_int_equal(one.told, 0);
    assert_int_equal(seats_take(two.seats), mine);
    seats_want(two.seats, false);
    int told = two.told;
    seats_leave(one.seats, more);
    uv_run(&bench->loop, UV_RUN_NOWAIT);
    assert_int_equal(two.told, told);
    seats_close(one.seats);
    seats_close(two.seats);
}

static void test_a_killed_worker_has_none(void **state)
{
    struct bench *bench = *state;
    struct side one;
    pid_t pid = fork();
    if (pid == 0) {
        struct side other;
        open_side(bench, &other);
        for (int i = 0; i < SEATS; i++) {
            assert(seats_take(other.seats) == i);
        }
        _exit(raise(SIGKILL));
    }
    int status = 0;
    waitpid(pid, &status, 0);
    assert_true(WIFSIGNALED(status));
    open_side(bench, &one);
    for (int i = 0; i < SEATS; i++) {
        assert_int_equal(seats_take(one.seats), i);
    }
    assert_int_equal(seats_take(one.seats), SEATS_NONE);
    seats_close(one.seats);
}

static void test_a_file_that_cannot_be_used(void **state)
{
    struct bench *bench = *state;
    struct failure why;
    struct seats_spec spec = {.path = bench->dir, .count = SEATS, .loop = &bench->loop};
    assert_null(seats_open(&spec, &why));
    assert_non_null(strstr(why.text, "is a directory"));
    seats_close(NULL);
}

#define ROW(test) cmocka_unit_test_setup_teardown(test, bench_start, bench_stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ROW(test_there_are_so_many_for_all),
        ROW(test_who_wants_one_is_told),
        ROW(test_a_killed_worker_has_none),
        ROW(test_a_file_that_cannot_be_used),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
