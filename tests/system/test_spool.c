// Output of any length: in memory, then in a file.
#include "support.h"

#include "base/file.h"
#include "store/spool.h"

enum { PIECE = 64 * 1024, LONG = SPOOL_MEMORY_BYTES + 3 * PIECE };

static void append_many(struct spool *spool, size_t len)
{
    char piece[PIECE];
    memset(piece, 'x', sizeof piece);
    for (size_t done = 0; done < len; done += PIECE) {
        spool_append(spool, piece, len - done < PIECE ? len - done : PIECE);
    }
}

static void assert_holds(const char *path, size_t len, const char *end)
{
    struct bytes text = {0};
    struct failure why;
    assert_true(file_read(path, "test file", &text, &why));
    assert_int_equal(text.len, len + strlen(end));
    assert_string_equal(text.data + len, end);
    bytes_finish(&text);
}

static nlink_t names_of(const char *path)
{
    struct stat info;
    assert_int_equal(stat(path, &info), 0);
    return info.st_nlink;
}

static void test_a_short_one_stays_in_memory(void **state)
{
    struct bench *bench = *state;
    struct failure why;
    struct spool spool = {0};
    char *place = support_path(bench, "spool");
    char *to = support_path(bench, "to");
    spool_begin(&spool, mem_dup(place));
    spool_append(&spool, "a\0b", 3);
    assert_true(spool_write(&spool, to, true, &why));
    assert_int_equal(access(place, F_OK), -1);
    append_many(&spool, SPOOL_MEMORY_BYTES - 3);
    assert_int_equal(access(place, F_OK), -1);
    assert_true(spool_write(&spool, to, true, &why));
    assert_holds(to, SPOOL_MEMORY_BYTES, "");
    spool_finish(&spool);
    spool_finish(&spool);
    free(to);
    free(place);
}

static void test_a_long_one_goes_to_its_file(void **state)
{
    struct bench *bench = *state;
    struct failure why;
    struct spool spool = {0};
    char *place = support_path(bench, "spool");
    char *early = support_path(bench, "early");
    char *late = support_path(bench, "late");
    spool_begin(&spool, mem_dup(place));
    append_many(&spool, LONG);
    assert_true(spool.text.capacity == 0);
    assert_true(spool_write(&spool, early, false, &why));
    assert_int_equal(names_of(early), 1);
    spool_append(&spool, "end", 3);
    assert_true(spool_write(&spool, late, true, &why));
    assert_int_equal(names_of(late), 2);
    assert_holds(early, LONG, "");
    assert_holds(late, LONG, "end");
    spool_begin(&spool, mem_dup(place)); // what was placed stays as it is
    append_many(&spool, LONG);
    assert_holds(late, LONG, "end");
    spool_finish(&spool);
    free(late);
    free(early);
    free(place);
}

static void test_without_a_place_it_stays_in_memory(void **state)
{
    struct bench *bench = *state;
    struct failure why;
    struct spool spool = {0};
    char *to = support_path(bench, "to");
    append_many(&spool, LONG);
    assert_true(spool_write(&spool, to, true, &why));
    assert_holds(to, LONG, "");
    spool_finish(&spool);
    free(to);
}

static void test_what_cannot_be_kept_is_told(void **state)
{
    struct bench *bench = *state;
    struct failure why;
    struct spool spool = {0};
    char *to = support_path(bench, "to");
    spool_begin(&spool, support_path(bench, "no/such/folder"));
    append_many(&spool, LONG);
    assert_false(spool_write(&spool, to, true, &why));
    assert_non_null(strstr(why.text, "no such file"));
    assert_int_equal(access(to, F_OK), -1);
    spool_finish(&spool);
    free(to);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_a_short_one_stays_in_memory, bench_start, bench_stop),
        cmocka_unit_test_setup_teardown(test_a_long_one_goes_to_its_file, bench_start, bench_stop),
        cmocka_unit_test_setup_teardown(test_without_a_place_it_stays_in_memory, bench_start,
                                        bench_stop),
        cmocka_unit_test_setup_teardown(test_what_cannot_be_kept_is_told, bench_start, bench_stop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
