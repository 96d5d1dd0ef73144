// The metadata of a crate in its two wrappings.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "archive_text.h"
#include "rustc/metadata.h"
#include "temp_dir.h"

#include <unistd.h>

struct content {
    const char *name;
    const char *members; // of an archive: "NAME DATA NAME DATA"; NULL for a raw file
    const char *raw;
};

// An object file around metadata looks like "ELF[…]" here.
static const struct content contents[] = {
    {"raw", NULL, "rust-metadata-1"},
    {"raw again", NULL, "rust-metadata-1"},
    {"raw 2", NULL, "rust-metadata-2"},
    {"raw longer", NULL, "rust-metadata-1+"},
    {"raw empty", NULL, ""},
    {"rlib", "lib.rmeta/ ELF[rust-metadata-1]ELF x.o/ code", NULL},
    {"rlib other code", "lib.rmeta/ ELF[rust-metadata-1]ELF x.o/ other", NULL},
    {"rlib other order", "/ symbols x.o/ odd y.o/ even lib.rmeta/ ELF[rust-metadata-1]ELF", NULL},
    {"rlib 2", "lib.rmeta/ ELF[rust-metadata-2]ELF x.o/ code", NULL},
    {"hollow", "lib.rmeta/ rust-metadata-1", NULL},
    {"no member", "x.o/ rust-metadata-1 lib.rmeta2/ x", NULL},
    {"empty member", "lib.rmeta/ - x.o/ rust-metadata-1", NULL},
    {"no members", "", NULL},
};

static void write_content(const char *dir, const struct content *content)
{
    if (content->raw != NULL) {
        temp_text(dir, content->name, content->raw);
        return;
    }
    struct bytes archive = archive_of(content->members);
    temp_bytes(dir, content->name, archive.data, archive.len);
    bytes_finish(&archive);
}

static int write_files(void **state)
{
    if (temp_dir_make(state) != 0) {
        return -1;
    }
    for (size_t i = 0; i < COUNT(contents); i++) {
        write_content(*state, &contents[i]);
    }
    return 0;
}

struct pair_row {
    const char *left;
    const char *right;
    const char *expected; // "same", "different", or a part of the failure
};

static const struct pair_row rows[] = {
    {"raw", "raw again", "same"},
    {"raw", "raw 2", "different"},
    {"raw", "raw longer", "different"},
    {"rlib", "rlib other code", "same"},
    {"rlib", "rlib other order", "same"},
    {"rlib", "rlib 2", "different"},
    {"raw", "rlib", "same"},
    {"raw again", "rlib other order", "same"},
    {"raw", "hollow", "same"},
    {"raw 2", "rlib", "different"},
    {"raw longer", "rlib", "different"},
    {"raw longer", "hollow", "different"},
    {"raw", "rlib 2", "different"},

    {"raw", "no member", "no member' holds no metadata"},
    {"rlib", "no member", "no member' holds no metadata"},
    {"raw", "empty member", "empty member' holds no metadata"},
    {"raw", "no members", "no members' holds no metadata"},
    {"raw", "raw empty", "raw empty' holds no metadata"},
    {"no member", "empty member", "holds no metadata"},
    {"raw", "missing", "missing': no such file or directory"},
    {"raw", ".", "cannot read the metadata '"},
};

static void append_comparison(struct bytes *got, const char *left, const char *right)
{
    bool same = false;
    struct failure why;
    if (metadata_same(left, right, &same, &why)) {
        bytes_append_text(got, same ? "same" : "different");
    } else {
        bytes_append_text(got, why.text);
    }
}

static void pair_holds(const char *dir, const char *left_name, const char *right_name,
                       const char *expected)
{
    char *left = path_join(dir, left_name);
    char *right = path_join(dir, right_name);
    struct bytes got = {0};
    append_comparison(&got, left, right);
    bool fails = strcmp(expected, "same") != 0 && strcmp(expected, "different") != 0;
    if (fails && strstr(bytes_text(&got), expected) != NULL) {
        bytes_finish(&got);
    }
    if (got.len > 0) {
        assert_text(right_name, &got, expected);
    }
    free(left);
    free(right);
}

static void wrappings_do_not_count(void **state)
{
    for (size_t i = 0; i < COUNT(rows); i++) {
        pair_holds(*state, rows[i].left, rows[i].right, rows[i].expected);
        pair_holds(*state, rows[i].right, rows[i].left, rows[i].expected);
    }
}

struct sum_row {
    const char *raw;
    const char *file;
    bool has;
};

static const struct sum_row sums[] = {
    {"raw", "raw again", true},     {"raw", "rlib", true},        {"raw", "rlib other order", true},
    {"raw", "hollow", true},        {"raw 2", "rlib 2", true},    {"raw", "raw 2", false},
    {"raw", "rlib 2", false},       {"raw 2", "rlib", false},     {"raw", "raw longer", false},
    {"raw longer", "rlib", false},  {"raw longer", "raw", false}, {"raw", "no member", false},
    {"raw", "empty member", false}, {"raw", "no members", false}, {"raw", "missing", false},
};

static void a_sum_stands_for_the_bytes(void **state)
{
    for (size_t i = 0; i < COUNT(sums); i++) {
        struct failure why;
        char *raw = path_join(*state, sums[i].raw);
        char *file = path_join(*state, sums[i].file);
        char *sum = metadata_sum(raw, &why);
        assert_non_null(sum);
        if (metadata_has_sum(file, sum) != sums[i].has) {
            fail_msg("%s in %s", sums[i].raw, sums[i].file);
        }
        free(sum);
        free(file);
        free(raw);
    }
}

static void what_is_no_sum_is_in_nothing(void **state)
{
    static const char *const texts[] = {"", "0 ", "x", "15", "99999999999999999999 ab", "-1 ab"};
    char *file = path_join(*state, "rlib");
    for (size_t i = 0; i < COUNT(texts); i++) {
        assert_false(metadata_has_sum(file, texts[i]));
    }
    free(file);
}

static void what_cannot_be_read_has_no_sum(void **state)
{
    struct failure why;
    char *file = path_join(*state, "missing");
    assert_null(metadata_sum(file, &why));
    assert_non_null(strstr(why.text, "missing': no such file"));
    free(file);
}

static void one_file_is_the_same(void **state)
{
    char *path = path_join(*state, "rlib");
    char *other = path_join(*state, "another name");
    assert_int_equal(link(path, other), 0);
    pair_holds(*state, "rlib", "rlib", "same");
    pair_holds(*state, "rlib", "another name", "same");
    free(path);
    free(other);
}

// Cut anywhere, an archive holds metadata only while the member is whole.
static void truncated_archives_are_seen(void **state)
{
    struct bytes whole = {0};
    struct failure why;
    char *path = path_join(*state, "rlib other order");
    char *cut = path_join(*state, "cut");
    assert_true(file_read(path, "archive", &whole, &why));
    for (size_t len = strlen("!<arch>\n"); len < whole.len - 1; len++) {
        temp_bytes(*state, "cut", whole.data, len);
        pair_holds(*state, "rlib", "cut", "cut' holds no metadata");
    }
    temp_bytes(*state, "cut", whole.data, whole.len - 1); // without the padding
    pair_holds(*state, "rlib", "cut", "same");
    free(cut);
    free(path);
    bytes_finish(&whole);
}

static const char *const bad_sizes[] = {"4294967295", "9999999999", "-1        ", "+77       "};

static void sizes_that_lie_are_seen(void **state)
{
    for (size_t i = 0; i < COUNT(bad_sizes); i++) {
        struct bytes archive = {0};
        bytes_append_text(&archive, "!<arch>\n");
        bytes_append_format(&archive, "%-48s%s`\nrust-metadata-1", "lib.rmeta/", bad_sizes[i]);
        temp_bytes(*state, "lying", archive.data, archive.len);
        pair_holds(*state, "raw", "lying", "lying' holds no metadata");
        bytes_finish(&archive);
    }
}

// The first byte of what is sought occurs at every place of a large archive.
static void a_needle_at_the_end_is_found(void **state)
{
    struct bytes archive = {0};
    struct bytes member = {0};
    for (size_t i = 0; i < 100000; i++) {
        bytes_append_text(&member, "rust-metadata-");
    }
    bytes_append_text(&member, "1");
    bytes_append_text(&archive, "!<arch>\n");
    append_member(&archive, "lib.rmeta/", member.data, member.len);
    temp_bytes(*state, "large", archive.data, archive.len);
    pair_holds(*state, "raw", "large", "same");
    pair_holds(*state, "raw 2", "large", "different");
    bytes_finish(&member);
    bytes_finish(&archive);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wrappings_do_not_count),
        cmocka_unit_test(a_sum_stands_for_the_bytes),
        cmocka_unit_test(what_is_no_sum_is_in_nothing),
        cmocka_unit_test(what_cannot_be_read_has_no_sum),
        cmocka_unit_test(one_file_is_the_same),
        cmocka_unit_test(truncated_archives_are_seen),
        cmocka_unit_test(sizes_that_lie_are_seen),
        cmocka_unit_test(a_needle_at_the_end_is_found),
    };
    return cmocka_run_group_tests(tests, write_files, temp_dir_remove);
}
