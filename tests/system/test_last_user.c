#include "fixture.h"

#include "base/lease.h"
#include "roots/last_user.h"

static void test_the_last_user_is_known_until_he_has_looked(void **state)
{
    struct failure why = {""};
    char *lock = fixture_path(*state, "lock");
    int lease = lease_take(lock);
    assert_false(last_user_is_settled(lease));
    assert_true(last_user_set(lease, "a", &why));
    lease_release(lease);
    lease = lease_take(lock);
    assert_true(last_user_is(lease, "a"));
    assert_true(last_user_set(lease, "b", &why));
    assert_true(last_user_is(lease, "a"));
    assert_false(last_user_is_settled(lease));
    last_user_settle(lease);
    assert_true(last_user_is_settled(lease));
    assert_true(last_user_set(lease, "b", &why));
    assert_false(last_user_is_settled(lease));
    assert_true(last_user_is(lease, "b"));
    lease_release(lease);
    free(lock);
}

#define ROW(test) cmocka_unit_test_setup_teardown(test, fixture_start, fixture_stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ROW(test_the_last_user_is_known_until_he_has_looked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
