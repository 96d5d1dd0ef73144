#include "support.h"

#include "program/compile_state.h"

struct life {
    const char *name;
    enum compile_event events[8];
    size_t count;
    enum compile_state end;
};

#define LIFE(name, end, ...)                                                                       \
    {                                                                                              \
        name, {__VA_ARGS__},                                                                       \
            sizeof((enum compile_event[]){__VA_ARGS__}) / sizeof(enum compile_event), end          \
    }

static const struct life lives[] = {
    LIFE("ends", COMPILE_ENDED, COMPILE_STARTED, COMPILE_OVER),
    LIFE("waits for its turn", COMPILE_RUNS, COMPILE_QUEUED, COMPILE_STARTED),
    LIFE("is not wanted before its turn", COMPILE_MADE, COMPILE_QUEUED, COMPILE_KILLED),
    LIFE("waits for its place, then for its turn", COMPILE_WAITS_TURN, COMPILE_HELD,
         COMPILE_QUEUED),
    LIFE("its place is not free once more", COMPILE_WAITS_PLACE, COMPILE_HELD, COMPILE_HELD),
    LIFE("cannot be started", COMPILE_ENDED, COMPILE_FAILED),
    LIFE("is started once more", COMPILE_RUNS, COMPILE_STARTED, COMPILE_OVER, COMPILE_STARTED),
    LIFE("dies", COMPILE_ENDED, COMPILE_STARTED, COMPILE_KILLED, COMPILE_OVER),
    LIFE("is killed twice", COMPILE_DYING, COMPILE_STARTED, COMPILE_KILLED, COMPILE_KILLED),
    LIFE("links at once", COMPILE_RUNS, COMPILE_STARTED, COMPILE_ASKED, COMPILE_OPENED),
    LIFE("waits to link", COMPILE_WAITS_TO_LINK, COMPILE_STARTED, COMPILE_ASKED,
         COMPILE_OPENED_LATE),
    LIFE("links in its turn", COMPILE_RUNS, COMPILE_STARTED, COMPILE_ASKED, COMPILE_OPENED_LATE,
         COMPILE_OPENED),
    LIFE("asks while it dies", COMPILE_DYING, COMPILE_STARTED, COMPILE_KILLED, COMPILE_ASKED,
         COMPILE_OPENED),
    LIFE("is made elsewhere", COMPILE_ENDED, COMPILE_ATTACHED, COMPILE_OVER),
    LIFE("is lost elsewhere", COMPILE_LOST, COMPILE_ATTACHED, COMPILE_OVER, COMPILE_NO_RESULT),
    LIFE("is refused, once more without a gate", COMPILE_REFUSED, COMPILE_NO_INPUTS, COMPILE_FAILED,
         COMPILE_NO_INPUTS),
    LIFE("is made here after all", COMPILE_RUNS, COMPILE_ATTACHED, COMPILE_KILLED, COMPILE_STARTED),
};

static void test_each_life_is_possible(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof lives / sizeof lives[0]; i++) {
        enum compile_state now = COMPILE_MADE;
        for (size_t k = 0; k < lives[i].count; k++) {
            now = compile_state_after(now, lives[i].events[k]);
            if (now == COMPILE_NEVER) {
                fail_msg("'%s' ends with its event %zu", lives[i].name, k);
            }
        }
        assert_int_equal(now, lives[i].end);
    }
}

struct never {
    enum compile_state state;
    enum compile_event event;
};

static const struct never nevers[] = {
    {COMPILE_MADE, COMPILE_OVER},       {COMPILE_ENDED, COMPILE_ASKED},
    {COMPILE_RUNS, COMPILE_STARTED},    {COMPILE_RUNS, COMPILE_ATTACHED},
    {COMPILE_REFUSED, COMPILE_STARTED}, {COMPILE_REFUSED, COMPILE_ATTACHED},
    {COMPILE_AT_GATE, COMPILE_ASKED},   {COMPILE_ELSEWHERE, COMPILE_STARTED},
    {COMPILE_DYING, COMPILE_STARTED},   {COMPILE_RUNS, COMPILE_NO_RESULT},
    {COMPILE_RUNS, COMPILE_NO_INPUTS},
};

static void test_what_cannot_happen(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof nevers / sizeof nevers[0]; i++) {
        assert_int_equal(compile_state_after(nevers[i].state, nevers[i].event), COMPILE_NEVER);
    }
    for (enum compile_event event = 0; event < COMPILE_EVENT_COUNT; event++) {
        assert_int_equal(compile_state_after(COMPILE_NEVER, event), COMPILE_NEVER);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_life_is_possible),
        cmocka_unit_test(test_what_cannot_happen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
