// What is a command line, and what goes into argument files.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/mem.h"
#include "rustc/command_line.h"
#include "words.h"

#include <stdlib.h>
#include <string.h>

enum { SYSTEM = 2 * 1024 * 1024, LONG = COMMAND_LINE_WORD_MAX_BYTES };

static void push_long(struct strlist *list, const char *start, size_t len)
{
    char *word = mem_zalloc(len + 1);
    memset(word, 'x', len);
    memcpy(word, start, strlen(start));
    strlist_push_take(list, word);
}

struct split_row {
    const char *words; // with '|' between them
    const char *argv;
    const char *texts;
};

static const struct split_row rows[] = {
    {"tool", "[tool]", ""},
    {"tool|a", "[tool][a]", ""},
    {"tool|a|b|c", "[tool][a][@p.0]", "[b\nc\n]"},
    {"tool|rustc||c", "[tool][rustc][@p.0]", "[\nc\n]"},
    {"tool|a|b|n\nl|c|d|@f|e", "[tool][a][@p.0][n\nl][@p.1][@f][@p.2]", "[b\n][c\nd\n][e\n]"},
    {"tool|n\nl|b|cr\r|\xff", "[tool][n\nl][@p.0][cr\r][\xff]", "[b\n]"},
    {"tool|a|x@y|c\rd|\xc3\xa9", "[tool][a][@p.0]", "[x@y\nc\rd\n\xc3\xa9\n]"},
};

static void push_words(struct strlist *list, const char *text)
{
    for (;;) {
        size_t len = strcspn(text, "|");
        strlist_push_take(list, mem_dup_len(text, len));
        if (text[len] == '\0') {
            return;
        }
        text += len + 1;
    }
}

static void words_are_split(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct strlist words = {0};
        struct strlist argv = {0};
        struct strlist texts = {0};
        struct bytes got = {0};
        push_words(&words, rows[i].words);
        command_line_split(&words, "p.", &argv, &texts);
        append_words(&got, &argv);
        assert_text(rows[i].words, &got, rows[i].argv);
        append_words(&got, &texts);
        assert_text(rows[i].words, &got, rows[i].texts);
        strlist_finish(&texts);
        strlist_finish(&argv);
        strlist_finish(&words);
    }
}

static void a_long_second_word_goes_to_the_file(void **state)
{
    (void)state;
    struct strlist words = {0};
    struct strlist argv = {0};
    struct strlist texts = {0};
    strlist_push(&words, "tool");
    push_long(&words, "--cfg=", LONG);
    command_line_split(&words, "p.", &argv, &texts);
    assert_int_equal(argv.count, 2);
    assert_string_equal(argv.items[1], "@p.0");
    strlist_finish(&texts);
    strlist_finish(&argv);
    strlist_finish(&words);
}

struct size_row {
    size_t words, word_len; // beside the tool
    size_t variable_len;
    bool is_short;
    const char *why; // part of the sentence; NULL: the system takes it
};

static const struct size_row sizes[] = {
    {1, 1, 1, true, NULL},
    {1, LONG - 1, 1, true, NULL},
    {1, LONG, 1, false, "argument 1 ('--cfg=xxxx"},
    {5, 100 * 1024, 1, true, NULL},
    {6, 100 * 1024, 1, false, NULL},
    {1, 1, LONG - 1, true, NULL},
    {1, 1, LONG, false, "environment variable NAME has 131072 bytes"},
    {20, 100 * 1024, 100 * 1024, false, "the system takes 2097152"},
};

static void sizes_are_told(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(sizes); i++) {
        struct strlist argv = {0};
        struct strlist env = {0};
        struct failure why = {.text = ""};
        strlist_push(&argv, "/bin/rustc");
        for (size_t word = 0; word < sizes[i].words; word++) {
            push_long(&argv, sizes[i].word_len < 6 ? "x" : "--cfg=", sizes[i].word_len);
        }
        push_long(&env, sizes[i].variable_len < 6 ? "x" : "NAME=", sizes[i].variable_len);
        struct command_line line = {.argv = &argv, .env = &env, .max_bytes = SYSTEM};
        assert_int_equal(command_line_is_short(&line), sizes[i].is_short);
        assert_int_equal(command_line_check(&line, &why), sizes[i].why == NULL);
        if (sizes[i].why != NULL && strstr(why.text, sizes[i].why) == NULL) {
            fail_msg("row %zu: %s", i, why.text);
        }
        strlist_finish(&env);
        strlist_finish(&argv);
    }
}

static void a_small_system_has_a_small_limit(void **state)
{
    (void)state;
    struct strlist argv = {0};
    struct strlist env = {0};
    strlist_push(&argv, "rustc");
    push_long(&argv, "x", 100 * 1024);
    struct command_line line = {.argv = &argv, .env = &env, .max_bytes = 128 * 1024};
    assert_false(command_line_is_short(&line));
    line.max_bytes = SYSTEM;
    assert_true(command_line_is_short(&line));
    strlist_finish(&argv);
}

static void the_tools_that_read_files_are_known(void **state)
{
    (void)state;
    assert_true(command_line_reads_files("/x/bin/rustc"));
    assert_true(command_line_reads_files("fake_rustc"));
    assert_true(command_line_reads_files("clippy-driver"));
    assert_true(command_line_reads_files("bin/rustdoc"));
    assert_false(command_line_reads_files("/rustc/cc"));
    assert_false(command_line_reads_files("sccache"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_are_split),
        cmocka_unit_test(a_long_second_word_goes_to_the_file),
        cmocka_unit_test(sizes_are_told),
        cmocka_unit_test(a_small_system_has_a_small_limit),
        cmocka_unit_test(the_tools_that_read_files_are_known),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
