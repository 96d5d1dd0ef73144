// Which stage a request's flags name.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "rustc/stage.h"
#include "words.h"

struct stage_row {
    const char *words;
    const char *expected; // the stage's name, or the sentence
    bool is_library;
    bool is_late;
    bool takes_all;
};

static const struct stage_row rows[] = {
    {"", "all", false, false, true},
    {"--pipelining-key=k", "all", false, false, true},
    {"--pipelining-metadata", "metadata", true, false, false},
    {"--pipelining-full", "full", true, true, false},
    {"--pipelining-codegen", "codegen", false, false, false},
    {"--pipelining-link", "link", false, true, true},
    {"--pipelining-codegen --pipelining-link",
     "--pipelining-codegen and --pipelining-link exclude each other", false, false, false},
    {"--pipelining-link --pipelining-metadata",
     "--pipelining-metadata and --pipelining-link exclude each other", false, false, false},
};

static void read_all(const char *text, struct flag_values *values)
{
    struct strlist words = words_of(text);
    struct failure why;
    for (size_t i = 0; i < words.count;) {
        size_t used = 0;
        assert_true(flags_read_request_word(&words, i, values, &used, &why));
        i += used;
    }
    strlist_finish(&words);
}

static void row_holds(const struct stage_row *row)
{
    struct flag_values values = {0};
    struct failure why;
    struct bytes got = {0};
    enum stage stage = STAGE_ALL;
    read_all(row->words, &values);
    bool good = stage_read(&values, &stage, &why);
    bytes_append_text(&got, good ? stage_name(stage) : why.text);
    assert_text(row->words, &got, row->expected);
    if (good) {
        assert_int_equal(stage_is_library(stage), row->is_library);
        assert_int_equal(stage_is_late(stage), row->is_late);
        assert_int_equal(stage_takes_all(stage), row->takes_all);
    }
    if (good && stage != STAGE_ALL) {
        assert_string_equal(flag_name(stage_flag(stage)), row->words);
    }
    flag_values_finish(&values);
}

static void stages_are_read(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        row_holds(&rows[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(stages_are_read)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
