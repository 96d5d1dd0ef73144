// Whole files, mapped.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/mapping.h"
#include "temp_dir.h"

static void a_file_is_seen_whole(void **state)
{
    struct failure why;
    struct mapping mapping = {0};
    const char *path = temp_bytes(*state, "file", "a\0b", 3);
    assert_true(mapping_open(&mapping, path, "list", &why));
    assert_int_equal(mapping.len, 3);
    assert_memory_equal(mapping.data, "a\0b", 3);
    mapping_close(&mapping);
    assert_null(mapping.data);
    mapping_close(&mapping);
}

static void an_empty_file_is_a_file(void **state)
{
    struct failure why;
    struct mapping mapping = {.len = 7};
    assert_true(mapping_open(&mapping, temp_text(*state, "empty", ""), "list", &why));
    assert_int_equal(mapping.len, 0);
    mapping_close(&mapping);
}

static void what_cannot_be_read_is_named(void **state)
{
    struct failure why;
    struct mapping mapping = {0};
    char *missing = path_join(*state, "missing");
    char *expected = mem_format("cannot read the list '%s': no such file or directory", missing);
    assert_false(mapping_open(&mapping, missing, "list", &why));
    assert_string_equal(why.text, expected);
    assert_false(mapping_open(&mapping, *state, "list", &why)); // a directory
    assert_non_null(strstr(why.text, "cannot read the list '"));
    assert_null(mapping.data);
    free(expected);
    free(missing);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_is_seen_whole),
        cmocka_unit_test(an_empty_file_is_a_file),
        cmocka_unit_test(what_cannot_be_read_is_named),
    };
    return cmocka_run_group_tests(tests, temp_dir_make, temp_dir_remove);
}
