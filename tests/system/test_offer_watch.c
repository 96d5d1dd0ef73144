#include "offer_place.h"

struct waiter {
    struct offer_watch watch;
    int told;
    bool close_when_told;
    bool closed;
};

static void on_closed(uv_handle_t *handle)
{
    struct waiter *waiter = handle->data;
    waiter->closed = true;
}

static void on_over(void *owner)
{
    struct waiter *waiter = owner;
    waiter->told++;
    if (waiter->close_when_told) {
        offer_watch_close(&waiter->watch, on_closed);
    }
}

static void watch(struct waiter *waiter, struct place *place, const char *dir)
{
    waiter->watch.over = on_over;
    waiter->watch.owner = waiter;
    assert_true(offer_watch_open(&waiter->watch, &place->loop, dir));
    assert_true(waiter->watch.opened);
}

static void run_once(struct place *place)
{
    uv_run(&place->loop, UV_RUN_NOWAIT);
}

static void run_until_told(struct place *place, const struct waiter *waiter)
{
    while (waiter->told == 0) {
        uv_run(&place->loop, UV_RUN_ONCE);
    }
}

static void unwatch(struct place *place, struct waiter *waiter)
{
    offer_watch_close(&waiter->watch, on_closed);
    while (!waiter->closed) {
        uv_run(&place->loop, UV_RUN_ONCE);
    }
}

// --- Waiting

static void test_the_end_comes_while_one_waits(void **state)
{
    struct place *place = *state;
    struct offer offer = {0};
    struct waiter waiters[2] = {{.close_when_told = true}, {.told = 0}};
    char *dir = make_dir(place, "1");
    publish(&offer, place, "name", dir);
    watch(&waiters[0], place, dir);
    watch(&waiters[1], place, dir);
    for (int i = 0; i < 3; i++) {
        run_once(place);
    }
    assert_int_equal(waiters[0].told + waiters[1].told, 0);
    expect_no_result(dir);
    finish(&offer, 101, "error: \"x\"\n");
    run_until_told(place, &waiters[0]);
    run_until_told(place, &waiters[1]);
    expect_result(dir, 101, "error: \"x\"\n");
    unwatch(place, &waiters[1]);
    run_once(place);
    assert_true(waiters[0].closed);
    assert_int_equal(waiters[0].told, 1);
    assert_int_equal(waiters[1].told, 1);
    offer_withdraw(&offer);
    free(dir);
}

static void test_the_end_came_before_one_waits(void **state)
{
    struct place *place = *state;
    struct offer offer = {0};
    struct waiter waiter = {.close_when_told = true};
    char *dir = make_dir(place, "1");
    publish(&offer, place, "name", dir);
    finish(&offer, 0, "");
    watch(&waiter, place, dir);
    run_until_told(place, &waiter);
    expect_result(dir, 0, "");
    offer_withdraw(&offer);
    free(dir);
}

static void test_one_that_waits_no_more_is_not_told(void **state)
{
    struct place *place = *state;
    struct offer offer = {0};
    struct waiter waiter = {0};
    char *dir = make_dir(place, "1");
    publish(&offer, place, "name", dir);
    watch(&waiter, place, dir);
    finish(&offer, 0, "");
    unwatch(place, &waiter);
    assert_int_equal(waiter.told, 0);
    offer_withdraw(&offer);
    free(dir);
}

// The owner gives its compile up: the file it was waited for with is gone, those who wait are told.
static void test_it_is_withdrawn_while_one_waits(void **state)
{
    struct place *place = *state;
    struct offer offer = {0};
    struct failure why;
    struct waiter waiter = {.close_when_told = true};
    char *dir = make_dir(place, "1");
    publish(&offer, place, "name", dir);
    watch(&waiter, place, dir);
    assert_true(tree_remove(dir, &why));
    finish(&offer, 0, "there is no place for a result");
    run_until_told(place, &waiter);
    expect_no_result(dir);
    offer_withdraw(&offer);
    free(dir);
}

static void test_there_is_nothing_to_wait_for(void **state)
{
    struct place *place = *state;
    struct waiter waiter = {0};
    char *dir = make_dir(place, "1");
    assert_false(offer_watch_open(&waiter.watch, &place->loop, dir));
    assert_false(waiter.watch.opened);
    char *alive = mem_format("%s/relay.alive", dir);
    support_write_file(alive, ""); // libuv aborts on what cannot be polled
    assert_false(offer_watch_open(&waiter.watch, &place->loop, dir));
    assert_false(waiter.watch.opened);
    free(alive);
    free(dir);
}

// --- An owner that dies

struct owner {
    pid_t pid;
    int program_fd; // the program it has started lives until this is closed
};

// Its program must not keep the offer alive.
static void start_program(int stdin_fd)
{
    if (fork() == 0) {
        dup2(stdin_fd, STDIN_FILENO);
        execl("/bin/cat", "cat", (char *)NULL);
        _exit(EXIT_FAILURE);
    }
}

_Noreturn static void own(const struct place *place, const char *dir, const int fds[2])
{
    struct offer offer = {0};
    struct failure why;
    bool published = offer_publish(&offer, place->dir, "name", dir, &why);
    start_program(fds[0]);
    if (published && write(fds[1], "", 1) == 1) {
        pause();
    }
    _exit(EXIT_FAILURE);
}

// Another process publishes the directory and runs a program.
static struct owner start_owner(const struct place *place, const char *dir)
{
    int told[2];
    int held[2];
    char byte;
    assert_true(pipe(told) == 0 && pipe(held) == 0);
    struct owner owner = {.pid = fork(), .program_fd = held[1]};
    if (owner.pid == 0) {
        close(held[1]);
        own(place, dir, (int[]){held[0], told[1]});
    }
    close(told[1]);
    close(held[0]);
    assert_int_equal(read(told[0], &byte, 1), 1);
    close(told[0]);
    return owner;
}

static void kill_owner(const struct owner *owner)
{
    assert_int_equal(kill(owner->pid, SIGKILL), 0);
    assert_int_equal(waitpid(owner->pid, NULL, 0), owner->pid);
}

static void test_the_owner_is_killed_while_one_waits(void **state)
{
    struct place *place = *state;
    struct waiter waiter = {.close_when_told = true};
    char *dir = make_dir(place, "1");
    struct owner owner = start_owner(place, dir);
    watch(&waiter, place, dir);
    run_once(place);
    assert_int_equal(waiter.told, 0);
    kill_owner(&owner);
    run_until_told(place, &waiter);
    expect_no_result(dir);
    expect_found(place, "name", dir); // until somebody sweeps its directory
    close(owner.program_fd);
    free(dir);
}

static void test_the_owner_was_killed_before_one_waits(void **state)
{
    struct place *place = *state;
    struct waiter waiter = {.close_when_told = true};
    char *dir = make_dir(place, "1");
    struct owner owner = start_owner(place, dir);
    kill_owner(&owner);
    watch(&waiter, place, dir);
    run_until_told(place, &waiter);
    expect_no_result(dir);
    close(owner.program_fd);
    free(dir);
}

#define ROW(test) cmocka_unit_test_setup_teardown(test, place_start, place_stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ROW(test_the_end_comes_while_one_waits),
        ROW(test_the_end_came_before_one_waits),
        ROW(test_one_that_waits_no_more_is_not_told),
        ROW(test_it_is_withdrawn_while_one_waits),
        ROW(test_there_is_nothing_to_wait_for),
        ROW(test_the_owner_is_killed_while_one_waits),
        ROW(test_the_owner_was_killed_before_one_waits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
