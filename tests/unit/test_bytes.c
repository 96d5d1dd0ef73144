// The growable buffer.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/bytes.h"

#include <stdlib.h>
#include <string.h>

static void a_zeroed_buffer_is_empty(void **state)
{
    (void)state;
    struct bytes buf = {0};
    assert_string_equal(bytes_text(&buf), "");
    bytes_consume(&buf, 3);
    assert_int_equal(buf.len, 0);
    bytes_finish(&buf);
    bytes_finish(&buf);
}

static void a_nul_is_always_behind(void **state)
{
    (void)state;
    struct bytes buf = {0};
    for (size_t i = 0; i < 1000; i++) {
        bytes_append(&buf, "x", 1);
        assert_int_equal(buf.len, i + 1);
        assert_int_equal(strlen(buf.data), i + 1);
        assert_in_range(buf.capacity, buf.len + 1, 4 * buf.len);
    }
    bytes_append(&buf, NULL, 0);
    assert_int_equal(buf.len, 1000);
    bytes_finish(&buf);
    assert_null(buf.data);
}

struct consume_row {
    size_t count;
    const char *rest;
};

static const struct consume_row consume_rows[] = {
    {0, "abcdef"}, {1, "bcdef"}, {5, "f"}, {6, ""}, {7, ""}, {SIZE_MAX, ""},
};

static void consuming_takes_the_front(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof consume_rows / sizeof consume_rows[0]; i++) {
        struct bytes buf = {0};
        bytes_append_text(&buf, "abcdef");
        bytes_consume(&buf, consume_rows[i].count);
        assert_string_equal(buf.data, consume_rows[i].rest);
        assert_int_equal(buf.len, strlen(consume_rows[i].rest));
        bytes_append_text(&buf, "!");
        assert_int_equal(buf.data[buf.len - 1], '!');
        bytes_finish(&buf);
    }
}

static void formats_are_appended(void **state)
{
    (void)state;
    struct bytes buf = {0};
    bytes_append_format(&buf, "%s", "");
    bytes_append_format(&buf, "%d-%s;", 7, "seven");
    bytes_append_format(&buf, "%0500d", 1);
    assert_int_equal(buf.len, strlen("7-seven;") + 500);
    assert_memory_equal(buf.data, "7-seven;000", 11);
    assert_string_equal(buf.data + buf.len - 2, "01");
    bytes_finish(&buf);
}

static void numbers_have_commas(void **state)
{
    (void)state;
    struct bytes buf = {0};
    static const size_t numbers[] = {0, 999, 1000, 12345, 1000000, 1234567890};
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        bytes_append_count(&buf, numbers[i]);
        bytes_append_text(&buf, " ");
    }
    assert_string_equal(buf.data, "0 999 1,000 12,345 1,000,000 1,234,567,890 ");
    bytes_finish(&buf);
}

static void reserved_room_can_be_written(void **state)
{
    (void)state;
    struct bytes buf = {0};
    bytes_append_text(&buf, "ab");
    memset(bytes_reserve(&buf, 300), 'c', 300);
    buf.len += 300;
    bytes_append_text(&buf, "d");
    assert_int_equal(strlen(buf.data), 303);
    bytes_finish(&buf);
}

static void detaching_leaves_nothing(void **state)
{
    (void)state;
    struct bytes buf = {0};
    char *empty = bytes_detach(&buf);
    assert_string_equal(empty, "");
    bytes_append_text(&buf, "text");
    char *text = bytes_detach(&buf);
    assert_string_equal(text, "text");
    assert_null(buf.data);
    assert_int_equal(buf.len + buf.capacity, 0);
    free(empty);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_zeroed_buffer_is_empty),  cmocka_unit_test(a_nul_is_always_behind),
        cmocka_unit_test(consuming_takes_the_front), cmocka_unit_test(formats_are_appended),
        cmocka_unit_test(numbers_have_commas),       cmocka_unit_test(reserved_room_can_be_written),
        cmocka_unit_test(detaching_leaves_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
