// An array that grows by one, shrinks and grows again keeps what is in it.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/mem.h"

#include <stdlib.h>

struct numbers {
    size_t *items;
    size_t count;
};

static void grow_to(struct numbers *numbers, size_t count)
{
    while (numbers->count < count) {
        numbers->items = mem_reserve_one(numbers->items, numbers->count, sizeof numbers->items[0]);
        numbers->items[numbers->count] = numbers->count;
        numbers->count++;
    }
}

static void arrays_grow_by_one(void **state)
{
    (void)state;
    struct numbers numbers = {0};
    for (size_t kept = 0; kept <= 70; kept++) {
        grow_to(&numbers, 70);
        numbers.count = kept;
        grow_to(&numbers, 2 * kept + 1);
        for (size_t i = 0; i < numbers.count; i++) {
            assert_int_equal(numbers.items[i], i);
        }
    }
    free(numbers.items);
}

static void room_is_added_seldom(void **state)
{
    (void)state;
    size_t *items = NULL;
    size_t moves = 0;
    for (size_t i = 0; i < 100000; i++) {
        uintptr_t before = (uintptr_t)items;
        items = mem_reserve_one(items, i, sizeof items[0]);
        moves += before != (uintptr_t)items ? 1 : 0;
        items[i] = i;
    }
    assert_in_range(moves, 1, 14);
    free(items);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(arrays_grow_by_one),
        cmocka_unit_test(room_is_added_seldom),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
