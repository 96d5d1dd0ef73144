// Sorting the inputs of a request.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/input.h"
#include "words.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct sort_row {
    const char *paths;
    const char *expected; // the place that each had behind its path: equal ones keep their order
};

static const struct sort_row rows[] = {
    {"", ""},
    {"b", "b0"},
    {"a b c", "a0 b1 c2"},
    {"c b a", "a2 b1 c0"},
    {"b a a b a", "a1 a2 a4 b0 b3"},
    {"a c e b d f", "a0 b3 c1 d4 e2 f5"},
    {"c d a b e", "a2 b3 c0 d1 e4"},
    {"f1 f2 f9 f10 f11 f99 f100", "f10 f103 f1006 f114 f21 f92 f995"},
    {"x/y x-y x x/Y", "x2 x-y1 x/Y3 x/y0"},
    {"\xff z \xc3", "z1 \xc3\x32 \xff\x30"},
};

static void row_holds(const struct sort_row *row)
{
    struct strlist words = words_of(row->paths);
    struct input *inputs = mem_zalloc_array(words.count + 1, sizeof inputs[0]);
    for (size_t i = 0; i < words.count; i++) {
        inputs[i] = (struct input){.path = words.items[i], .digest_len = i};
    }
    input_sort(inputs, words.count);
    struct bytes got = {0};
    for (size_t i = 0; i < words.count; i++) {
        bytes_append_format(&got, "%s%s%zu", i == 0 ? "" : " ", inputs[i].path,
                            inputs[i].digest_len);
    }
    assert_text(row->paths, &got, row->expected);
    free(inputs);
    strlist_finish(&words);
}

static void paths_are_sorted_bytewise(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        row_holds(&rows[i]);
    }
}

static int compare(const void *left, const void *right)
{
    return strcmp(((const struct input *)left)->path, ((const struct input *)right)->path);
}

// Lists of all lengths, without an order and with runs of some, beside qsort().
static void any_list_is_sorted(void **state)
{
    (void)state;
    enum { LONGEST = 300 };
    char names[LONGEST][8];
    struct input ours[LONGEST];
    struct input theirs[LONGEST];
    unsigned seed = 1;
    for (size_t count = 0; count <= LONGEST; count++) {
        for (size_t i = 0; i < count; i++) {
            seed = seed * 1103515245U + 12345U;
            unsigned number = count % 3 == 0 ? (seed >> 16) % 1000 : (unsigned)(i * 7 % count);
            snprintf(names[i], sizeof names[i], "%u", number);
            ours[i] = (struct input){.path = names[i]};
            theirs[i] = ours[i];
        }
        input_sort(ours, count);
        qsort(theirs, count, sizeof theirs[0], compare);
        for (size_t i = 0; i < count; i++) {
            assert_string_equal(ours[i].path, theirs[i].path);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(paths_are_sorted_bytewise),
        cmocka_unit_test(any_list_is_sorted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
