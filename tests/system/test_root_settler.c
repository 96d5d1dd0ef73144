#include "root_list.h"

#include "base/file.h"
#include "base/lease.h"
#include "roots/last_user.h"
#include "roots/root_settler.h"

struct place {
    struct bench *bench;
    struct fixture *fixture;
    struct root_settler *settler;
    char *dir; // where the root is that a compile has spoiled, and the settler has
};

static void spoil(struct place *place)
{
    struct list list = {0};
    struct failure why = {""};
    fixture_add(place->fixture, "src/a");
    list_add(&list, "src/a", "1");
    struct private_root *root = lease(place->fixture);
    fill(place->fixture, root, &list);
    assert_true(private_root_restore(root, &why));
    leave(root, "src/left");
    free(place->dir);
    place->dir = mem_dup(private_root_dir(root));
    root_settler_take(place->settler, root);
    list_finish(&list);
}

static int place_start(void **state)
{
    struct place *place = mem_zalloc(sizeof *place);
    void *bench = NULL;
    void *fixture = NULL;
    bench_start(&bench);
    fixture_start(&fixture);
    place->bench = bench;
    place->fixture = fixture;
    place->settler = root_settler_create(&place->bench->loop, &place->bench->reaper);
    *state = place;
    return 0;
}

static int place_stop(void **state)
{
    struct place *place = *state;
    void *bench = place->bench;
    void *fixture = place->fixture;
    root_settler_close(place->settler);
    fixture_stop(&fixture);
    bench_stop(&bench);
    free(place->dir);
    free(place);
    return 0;
}

static void expect_settled(const struct place *place, bool is_settled)
{
    char *dir = path_dirname(place->dir);
    char *lock = mem_format("%s/lock", dir);
    int lease = lease_take(lock);
    assert_true(lease >= 0);
    assert_int_equal(last_user_is_settled(lease), is_settled);
    lease_release(lease);
    free(lock);
    free(dir);
}

static void test_a_root_is_looked_at_when_there_is_time(void **state)
{
    struct place *place = *state;
    spoil(place);
    fixture_expect_names(place->dir, "src/ src/a src/left");
    uv_run(&place->bench->loop, UV_RUN_DEFAULT);
    fixture_expect_names(place->dir, "src/ src/a");
    expect_settled(place, true);
}

// It is the usual one, where the bytes are what they always are.
static void test_who_wants_a_root_before_that_gets_it(void **state)
{
    struct place *place = *state;
    spoil(place);
    struct private_root *root = lease(place->fixture);
    assert_string_equal(private_root_dir(root), place->dir);
    uv_run(&place->bench->loop, UV_RUN_DEFAULT);
    fixture_expect_names(place->dir, "src/ src/a src/left"); // it is his
    private_root_release(root);
    expect_settled(place, false);
}

static void test_the_end_waits_for_no_look(void **state)
{
    struct place *place = *state;
    spoil(place);
    root_settler_close(place->settler);
    place->settler = NULL;
    uv_run(&place->bench->loop, UV_RUN_DEFAULT);
    expect_settled(place, false);
    fixture_expect_names(place->dir, "src/ src/a src/left");
}

// Without the guardian among them nobody knows whether our children were told.
static void test_nothing_is_settled_when_nobody_can_tell_who_lives(void **state)
{
    struct place *place = *state;
    kill(place->bench->guardian.pid, SIGKILL);
    support_await_death(place->bench->guardian.pid);
    spoil(place); // so that the loop has something to do
    while (place->bench->guardian.pid != 0) {
        raise(SIGCHLD);
        uv_run(&place->bench->loop, UV_RUN_NOWAIT);
    }
    spoil(place);
    uv_run(&place->bench->loop, UV_RUN_DEFAULT);
    expect_settled(place, false);
}

#define ROW(test) cmocka_unit_test_setup_teardown(test, place_start, place_stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ROW(test_a_root_is_looked_at_when_there_is_time),
        ROW(test_who_wants_a_root_before_that_gets_it),
        ROW(test_the_end_waits_for_no_look),
        ROW(test_nothing_is_settled_when_nobody_can_tell_who_lives),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
