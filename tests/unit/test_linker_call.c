// A call of the linker on its way between two processes.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "asked.h"
#include "rustc/linker_call.h"
#include "temp_dir.h"

#include <stdlib.h>

static void a_record_comes_back(void **state)
{
    struct linker_call record = {.command_sum = mem_dup("id"), .obstacle = mem_dup("two\nlines")};
    struct linker_call again = {0};
    struct failure why;
    strlist_push(&record.argv, "");
    strlist_push(&record.argv, "-o");
    strlist_push(&record.argv, PLACEHOLDER_PRIVATE "/a b\n");
    strlist_push(&record.env, "PATH=" PLACEHOLDER_SYSROOT ":" PLACEHOLDER_VALUE);
    strlist_push(&record.libraries, "1 ab");
    char *path = path_join(*state, "record");
    assert_true(linker_call_write(&record, path, &why));
    assert_true(linker_call_read(&again, path, &why));
    assert_string_equal(again.command_sum, "id");
    assert_string_equal(again.obstacle, "two\nlines");
    assert_int_equal(again.argv.count, 3);
    for (size_t i = 0; i < 3; i++) {
        assert_string_equal(again.argv.items[i], record.argv.items[i]);
    }
    assert_string_equal(again.env.items[0], record.env.items[0]);
    assert_string_equal(again.libraries.items[0], "1 ab");
    linker_call_finish(&again);
    linker_call_finish(&record);
    free(path);
}

struct broken_row {
    const char *text;
    size_t len;
};

#define TEXT(text) text, sizeof(text) - 1
#define FORMAT "rustc-relay link 2\0"

static const struct broken_row broken[] = {
    {TEXT("")},
    {TEXT("rustc-relay link 2")},
    {TEXT("rustc-relay link 3\0")},
    {TEXT("\0")},
    {TEXT(FORMAT "argument")},
    {TEXT(FORMAT "argument\0")},
    {TEXT(FORMAT "argument\0x")},
    {TEXT(FORMAT "argument\0x\0variable\0")},
    {TEXT(FORMAT "unknown\0x\0")},
    {TEXT(FORMAT "\0\0")},
};

static void what_is_broken_is_refused(void **state)
{
    for (size_t i = 0; i < COUNT(broken); i++) {
        struct linker_call record = {0};
        struct failure why;
        const char *path = temp_bytes(*state, "broken", broken[i].text, broken[i].len);
        if (linker_call_read(&record, path, &why)) {
            fail_msg("row %zu was read", i);
        }
        assert_non_null(strstr(why.text, "broken' is damaged"));
        linker_call_finish(&record);
    }
}

static void a_missing_one_is_named(void **state)
{
    (void)state;
    struct linker_call record = {0};
    struct failure why;
    assert_false(linker_call_read(&record, "/nowhere/record", &why));
    assert_non_null(strstr(why.text, "'/nowhere/record': no such file"));
}

struct sum_row {
    const char *name;
    const char *tool;
    const char *words;
    const char *dir;
    const char *env;
};

#define WORDS                                                                                      \
    "x.rs --crate-name=x --emit=link=d/x --extern=p=a/libp.rlib --pipelining-key=k "               \
    "--pipelining-dependency=m/libp.rmeta=a/libp.rlib --remap-path-prefix=${pwd}=. "

static const struct sum_row same[] = {
    {"plain", "t/rustc", WORDS "--pipelining-codegen --pipelining-objects=o", "/w", "A=1 PATH=/x"},
    {"stage", "t/rustc", WORDS "--pipelining-link --pipelining-objects=o", "/w", "A=1 PATH=/x"},
    {"place", "t/rustc", WORDS "--pipelining-link --pipelining-objects=o", "/v/w", "A=1 PATH=/x"},
    {"pwd", "t/rustc", WORDS "--pipelining-link --pipelining-objects=o", "/v/w", "A=1 PWD=/v/w"},
    {"runner", "t/rustc", WORDS "--pipelining-link --pipelining-objects=o", "/w",
     "A=1 PATH=/y HOME=/h TMPDIR=/t USER=u CARGO_MAKEFLAGS=-j"},
    {"folder", "t/rustc",
     "x.rs --crate-name=x --emit=link=e/x --extern=p=a/libp.rlib --pipelining-key=k "
     "--pipelining-dependency=n/libp.rmeta=a/libp.rlib --remap-path-prefix=${pwd}=. "
     "--pipelining-link --pipelining-objects=o",
     "/w", "A=1"},
};

static const struct sum_row different[] = {
    {"tool", "u/rustc", WORDS "--pipelining-link --pipelining-objects=o", "/w", "A=1"},
    {"content", "/bin/rustc", WORDS "--pipelining-link --pipelining-objects=o", "/w", "A=1"},
    {"option", "t/rustc", WORDS "-O --pipelining-link --pipelining-objects=o", "/w", "A=1"},
    {"kind", "t/rustc", WORDS "--emit=asm --pipelining-link --pipelining-objects=o", "/w", "A=1"},
    {"output", "t/rustc", WORDS "--emit=link=d/y --pipelining-link --pipelining-objects=o", "/w",
     "A=1"},
    {"library", "t/rustc",
     WORDS "--pipelining-dependency=q=r --pipelining-link --pipelining-objects=o", "/w", "A=1"},
    {"value", "t/rustc", WORDS "--pipelining-link --pipelining-objects=o", "/w", "A=2"},
    {"variable", "t/rustc", WORDS "--pipelining-link --pipelining-objects=o", "/w", "A=1 HOMES=1"},
    {"less", "t/rustc", WORDS "--pipelining-link --pipelining-objects=o", "/w", ""},
    {"path", "t/rustc", WORDS "-L/w/n --pipelining-link --pipelining-objects=o", "/v", "A=1"},
};

static char *sum_of_row(const struct sum_row *row)
{
    struct invocation invocation = {0};
    struct failure why;
    struct asked asked = {"--subst pwd=${pwd}", row->tool, row->words, row->dir, row->env};
    if (!asked_build(&asked, &invocation, &why)) {
        fail_msg("%s: %s", row->name, why.text);
    }
    char *sum = linker_call_command_sum(&invocation.command);
    invocation_finish(&invocation);
    return sum;
}

static void the_sum_is_of_what_is_compiled(void **state)
{
    (void)state;
    char *first = sum_of_row(&same[0]);
    for (size_t i = 1; i < COUNT(same); i++) {
        char *other = sum_of_row(&same[i]);
        if (strcmp(first, other) != 0) {
            fail_msg("%s: not the same", same[i].name);
        }
        free(other);
    }
    for (size_t i = 0; i < COUNT(different); i++) {
        char *other = sum_of_row(&different[i]);
        if (strcmp(first, other) == 0) {
            fail_msg("%s: the same", different[i].name);
        }
        free(other);
    }
    free(first);
}

// Another version at the same place.
static void the_content_of_the_tool_counts(void **state)
{
    struct sum_row row = {"tool", NULL, WORDS "--pipelining-link --pipelining-objects=o", "/w",
                          "A=1"};
    row.tool = temp_text(*state, "rustc", "one");
    char *one = sum_of_row(&row);
    temp_text(*state, "rustc", "two");
    char *two = sum_of_row(&row);
    assert_string_not_equal(one, two);
    free(two);
    free(one);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_record_comes_back),
        cmocka_unit_test(what_is_broken_is_refused),
        cmocka_unit_test(a_missing_one_is_named),
        cmocka_unit_test(the_sum_is_of_what_is_compiled),
        cmocka_unit_test(the_content_of_the_tool_counts),
    };
    return cmocka_run_group_tests(tests, temp_dir_make, temp_dir_remove);
}
