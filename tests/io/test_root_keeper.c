#include "root_list.h"

#include "io/link_trust.h"
#include "io/root_keeper.h"

struct place {
    struct bench *bench;
    struct stage *stage;
    struct root_keeper *keeper;
    char *usual; // where the root is that a compile has spoiled, and the keeper has
};

static int place_start(void **state)
{
    struct place *place = mem_zalloc(sizeof *place);
    void *bench = NULL;
    void *stage = NULL;
    bench_start(&bench);
    stage_start(&stage);
    place->bench = bench;
    place->stage = stage;
    place->keeper = root_keeper_create(&place->bench->loop, &place->bench->reaper);
    struct list list = {0};
    struct failure why;
    stage_add(stage, "src/a");
    list_add(&list, "src/a", "1");
    struct private_root *root = lease(stage);
    fill(stage, root, &list);
    assert_true(private_root_restore(root, &why));
    leave(root, "src/left");
    place->usual = mem_dup(private_root_dir(root));
    root_keeper_take(place->keeper, root);
    list_finish(&list);
    *state = place;
    return 0;
}

static int place_stop(void **state)
{
    struct place *place = *state;
    void *bench = place->bench;
    void *stage = place->stage;
    root_keeper_close(place->keeper);
    stage_stop(&stage);
    bench_stop(&bench);
    free(place->usual);
    free(place);
    return 0;
}

static void expect_leased(const struct place *place, bool is_leased)
{
    struct private_root *root = lease(place->stage);
    assert_int_equal(strcmp(private_root_dir(root), place->usual) != 0, is_leased);
    private_root_release(root);
}

static void test_a_root_is_looked_at_when_there_is_time(void **state)
{
    struct place *place = *state;
    expect_leased(place, true);
    uv_run(&place->bench->loop, UV_RUN_DEFAULT);
    expect_leased(place, false);
    assert_true(link_trust_is_given(place->usual));
    stage_expect_names(place->usual, "src/ src/a");
}

static void test_a_root_is_looked_at_when_it_is_wanted(void **state)
{
    struct place *place = *state;
    root_keeper_settle(place->keeper);
    expect_leased(place, false);
    assert_true(link_trust_is_given(place->usual));
    stage_expect_names(place->usual, "src/ src/a");
    uv_run(&place->bench->loop, UV_RUN_DEFAULT); // nothing is done twice
}

static void test_the_end_waits_for_no_look(void **state)
{
    struct place *place = *state;
    root_keeper_close(place->keeper);
    place->keeper = NULL;
    expect_leased(place, false);
    assert_false(link_trust_is_given(place->usual));
    stage_expect_names(place->usual, "src/ src/a src/left");
}

// Without the guardian among them nobody knows whether our children were told.
static void test_nothing_is_trusted_when_nobody_can_tell_who_lives(void **state)
{
    struct place *place = *state;
    kill(place->bench->guardian.pid, SIGKILL);
    support_await_death(place->bench->guardian.pid);
    while (place->bench->guardian.pid != 0) {
        raise(SIGCHLD);
        uv_run(&place->bench->loop, UV_RUN_NOWAIT);
    }
    root_keeper_settle(place->keeper);
    struct private_root *root = lease(place->stage);
    struct failure why;
    assert_true(private_root_restore(root, &why));
    root_keeper_take(place->keeper, root);
    root_keeper_settle(place->keeper);
    assert_false(link_trust_is_given(place->usual));
    expect_leased(place, false);
}

#define ROW(test) cmocka_unit_test_setup_teardown(test, place_start, place_stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ROW(test_a_root_is_looked_at_when_there_is_time),
        ROW(test_a_root_is_looked_at_when_it_is_wanted),
        ROW(test_the_end_waits_for_no_look),
        ROW(test_nothing_is_trusted_when_nobody_can_tell_who_lives),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
