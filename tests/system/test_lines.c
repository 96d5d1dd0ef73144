#include "support.h"

#include "process/lines.h"

// What came out: each line in brackets, one without a newline with a bar.
static void note_line(void *owner, const char *line, size_t len, bool ends)
{
    struct bytes *seen = owner;
    bytes_append_text(seen, "[");
    bytes_append(seen, line, len);
    bytes_append_text(seen, ends ? "]" : "|");
}

static void note_length(void *owner, const char *line, size_t len, bool ends)
{
    (void)line;
    bytes_append_format(owner, "%zu%s ", len, ends ? "" : "|");
}

enum { PIECE = 64 * 1024 };

struct row {
    const char *input;
    size_t len;
    const char *expected;
    size_t expected_len;
};

#define ROW(in, out)                                                                               \
    {                                                                                              \
        in, sizeof(in) - 1, out, sizeof(out) - 1                                                   \
    }

static const struct row rows[] = {
    ROW("", ""),
    ROW("\n", "[]"),
    ROW("a", "[a|"),
    ROW("a\n", "[a]"),
    ROW("a\n\nb\r\nc", "[a][][b\r][c|"),
    ROW("\377\376\0x\n\033[1m\n", "[\377\376\0x][\033[1m]"),
};

static void feed_in_pieces(const struct row *row, size_t piece)
{
    struct lines lines = {0};
    struct bytes seen = {0};
    for (size_t at = 0; at < row->len; at += piece) {
        size_t left = row->len - at;
        lines_feed(&lines, row->input + at, left < piece ? left : piece, note_line, &seen);
    }
    lines_flush(&lines, note_line, &seen);
    assert_int_equal(seen.len, row->expected_len);
    assert_memory_equal(bytes_text(&seen), row->expected, row->expected_len);
    lines_finish(&lines);
    bytes_finish(&seen);
}

static void test_any_split_gives_the_same_lines(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        for (size_t piece = 1; piece <= rows[i].len + 1; piece++) {
            feed_in_pieces(&rows[i], piece);
        }
    }
}

static void test_a_line_over_the_cap_comes_in_pieces(void **state)
{
    (void)state;
    struct lines lines = {0};
    struct bytes seen = {0};
    size_t len = (size_t)LINES_MAX_BYTES + 5;
    char *data = mem_zalloc(len + 2);
    data[len] = '\n';
    data[len + 1] = 'z';
    lines_feed(&lines, data, len + 2, note_length, &seen);
    lines_flush(&lines, note_length, &seen);
    assert_string_equal(bytes_text(&seen), "4194304| 4194309 1| ");
    bytes_consume(&seen, seen.len);
    for (size_t at = 0; at < len + 1; at += PIECE) {
        size_t left = len + 1 - at;
        lines_feed(&lines, data + at, left < PIECE ? left : PIECE, note_length, &seen);
    }
    assert_string_equal(bytes_text(&seen), "4194304| 4194309 ");
    assert_true(lines.partial.capacity <= PIECE);
    free(data);
    lines_finish(&lines);
    bytes_finish(&seen);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_any_split_gives_the_same_lines),
        cmocka_unit_test(test_a_line_over_the_cap_comes_in_pieces),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
