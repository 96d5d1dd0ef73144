// Walks through archives, also through broken ones.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "archive_text.h"
#include "rustc/archive.h"

#include <stdlib.h>

// "[name:data]…"; '|' where no member came any more.
static void append_walk(struct bytes *got, const char *data, size_t len)
{
    struct archive archive;
    struct archive_member member;
    if (!archive_begin(&archive, data, len)) {
        bytes_append_text(got, "no archive");
        return;
    }
    while (archive_next(&archive, &member)) {
        bytes_append_format(got, "[%.*s:%.*s]", (int)member.name_len, member.name, (int)member.len,
                            member.data);
    }
}

struct walk_row {
    const char *members;
    const char *expected;
};

static const struct walk_row rows[] = {
    {"", ""},
    {"a/ data", "[a:data]"},
    {"a/ odd b/ even c/ -", "[a:odd][b:even][c:]"},
    {"sixteen-bytes-16 x", "[sixteen-bytes-16:x]"},
    {"/ symbols /SYM64/ symbols a/ x", "[a:x]"},
    {"// one.rcgu.o/two.rcgu.o/ /0 x /11 y", "[one.rcgu.o:x][two.rcgu.o:y]"},
    {"// one-without-end /4 x", "[without-end:x]"},
    {"// one/ /4 x /99999 y /999999999999999 z", "[:x][:y][:z]"},
    {"/0 x", "[:x]"},
};

static void members_are_walked(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct bytes archive = archive_of(rows[i].members);
        struct bytes got = {0};
        append_walk(&got, archive.data, archive.len);
        assert_text(rows[i].members, &got, rows[i].expected);
        bytes_finish(&archive);
    }
}

// In memory of its own, so that the sanitizers see what is read behind it.
static void walk_cut(const struct bytes *whole, size_t len, const char *expected)
{
    char *cut = mem_zalloc(len == 0 ? 1 : len);
    struct bytes got = {0};
    memcpy(cut, whole->data, len);
    append_walk(&got, cut, len);
    assert_text("cut", &got, expected);
    free(cut);
}

static void what_is_cut_ends_the_walk(void **state)
{
    (void)state;
    struct bytes whole = archive_of("a/ 1234 b/ 567");
    for (size_t len = 0; len < whole.len; len++) {
        const char *expected = len < 8                 ? "no archive"
                               : len < 8 + 64          ? ""
                               : len < 8 + 64 + 60 + 3 ? "[a:1234]"
                                                       : "[a:1234][b:567]";
        walk_cut(&whole, len, expected);
    }
    bytes_finish(&whole);
}

static const char *const sizes_that_lie[] = {"9999999999", "4294967295", "-1        ",
                                             "-64       "};

static void a_size_that_lies_ends_the_walk(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(sizes_that_lie); i++) {
        struct bytes archive = archive_of("a/ 1234");
        bytes_append_format(&archive, "%-48s%s`\n", "b/", sizes_that_lie[i]);
        walk_cut(&archive, archive.len, "[a:1234]");
        bytes_finish(&archive);
    }
}

static void names_are_compared_whole(void **state)
{
    (void)state;
    struct archive_member member = {.name = "lib.rmeta2", .name_len = 9};
    assert_true(archive_is_named(&member, ARCHIVE_METADATA));
    member.name_len = 10;
    assert_false(archive_is_named(&member, ARCHIVE_METADATA));
    member.name_len = 3;
    assert_false(archive_is_named(&member, ARCHIVE_METADATA));
}

static void a_head_is_written(void **state)
{
    (void)state;
    struct bytes got = {0};
    assert_true(archive_append_head(&got, "lib.rmeta", 1234567));
    assert_text("head", &got,
                "!<arch>\n"
                "lib.rmeta/      0           0     0     644     1234567   `\n");
    assert_true(archive_append_head(&got, "lib.rmeta", 9999999999));
    bytes_finish(&got);
    assert_false(archive_append_head(&got, "lib.rmeta", 10000000000));
    bytes_finish(&got);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(members_are_walked),
        cmocka_unit_test(what_is_cut_ends_the_walk),
        cmocka_unit_test(a_size_that_lies_ends_the_walk),
        cmocka_unit_test(names_are_compared_whole),
        cmocka_unit_test(a_head_is_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
