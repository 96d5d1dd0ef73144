// Which options tie rustc's outputs to their place, or make more of them.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "rustc/redirection.h"
#include "words.h"

#include <stdlib.h>

struct redirection_row {
    const char *words;
    const char *expected; // "in-place", "more", "splits", or nothing
};

static const struct redirection_row rows[] = {
    {"x.rs -O -Copt-level=3 --emit=link=a/b -L dependency=c --cfg print", ""},

    {"-Crpath", "in-place"},
    {"-C rpath=yes", "in-place"},
    {"--codegen rpath", "in-place"},
    {"-Crpath=no", ""},
    {"-Crpath -C rpath=off", ""},
    {"-Crpath=off -Crpath", "in-place"},
    {"-Crpaths -Zrpath", ""},
    {"-Zno-link", "in-place"},
    {"-Z link_only=yes", "in-place"},
    {"-Zunpretty=expanded", "in-place"},
    {"-Zno-codegen", ""},
    {"--print=link-args", "in-place"},
    {"--print link-args", "in-place"},
    {"--emit=dep-info=-", "in-place"},
    {"--emit=mir=-", ""},

    {"-Csave-temps", "more"},
    {"-C save_temps=no", ""},
    {"-Zllvm-time-trace", "more"},
    {"-Csplit-debuginfo=packed", "more splits"},
    {"-C split_debuginfo=unpacked", "more splits"},
    {"-Csplit-debuginfo=packed -Csplit-debuginfo=off", ""},
    {"-Csplit-debuginfo=packed --remap-path-scope=macro,object", "more splits"},
    {"-Csplit-debuginfo=packed --remap-path-scope debuginfo", "more splits"},
    {"-Csplit-debuginfo=packed --remap-path-scope=macro", "in-place more splits"},
    {"-Csplit-debuginfo=packed -Zremap-path-scope=diagnostics", "in-place more splits"},
    {"-Csplit-debuginfo=packed --out-dir=a=b", "in-place more splits"},
    {"--remap-path-scope=macro", ""},

    {"-o d/..", "in-place"},
    {"-o d/", "in-place"},
    {"-o .", "in-place"},
    {"-o ..x", ""},
    {"--emit=mir=d/..", "in-place"},
    {"--emit=link=", "in-place"},
    {"-Cextra-filename=/../x", "in-place"},
    {"--crate-name=../x", "in-place"},
};

static struct crate_args args_of(const char *text)
{
    struct strlist words = words_of(text);
    struct crate_args args = {0};
    struct failure why;
    assert_true(crate_args_read(&args, &words, &why));
    strlist_finish(&words);
    return args;
}

static void options_are_known(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct crate_args args = args_of(rows[i].words);
        struct redirection redirection = redirection_of(&args);
        struct strlist words = {0};
        struct bytes got = {0};
        if (redirection.in_place) {
            strlist_push(&words, "in-place");
        }
        if (redirection.leaves_more) {
            strlist_push(&words, "more");
        }
        if (redirection.splits) {
            strlist_push(&words, "splits");
        }
        append_line(&got, &words);
        assert_text(rows[i].words, &got, rows[i].expected);
        strlist_finish(&words);
        crate_args_finish(&args);
    }
}

static const struct redirection_row remaps[] = {
    {"--out-dir=d/e", "d/e"},
    {"-o d/e/prog", "d/e"},
    {"-o prog", ""},
    {"", ""},
    {"--out-dir=d/e --remap-path-prefix=d=x", "x/e"},
    {"--out-dir=d/e --remap-path-prefix d/=x", "x/e"},
    {"--out-dir=d/e --remap-path-prefix=d/e=x", "x"},
    {"--out-dir=de --remap-path-prefix=d=x", "de"},
    {"--out-dir=/w/d --remap-path-prefix=/w=.", "./d"},
    {"--out-dir=/w/d --remap-path-prefix=/=x", "x/w/d"},
    {"--out-dir=/w/d/e --remap-path-prefix=/w=", "d/e"},
    {"--out-dir=/w --remap-path-prefix=/w=", ""},
    {"--out-dir=d/e --remap-path-prefix=d=x/", "x/e"},
    {"--out-dir=d --remap-path-prefix=d=x --remap-path-prefix=d=y", "y"},
    {"--out-dir=d --remap-path-prefix=d=y --remap-path-prefix=e=x", "y"},
};

static void split_files_are_named_as_in_a_plain_run(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(remaps); i++) {
        struct crate_args args = args_of(remaps[i].words);
        struct bytes got = {0};
        char *word = redirection_remap(&args, "/p/out");
        char *expected = mem_format("--remap-path-prefix=/p/out=%s", remaps[i].expected);
        bytes_append_text(&got, word);
        assert_text(remaps[i].words, &got, expected);
        free(expected);
        free(word);
        crate_args_finish(&args);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(options_are_known),
        cmocka_unit_test(split_files_are_named_as_in_a_plain_run),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
