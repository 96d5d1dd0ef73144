// The list of flags, read in its three places.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "rustc/flags.h"
#include "words.h"

// "--subst[a=b][c=d]" for each flag that was given.
static void append_values(struct bytes *text, const struct flag_values *values)
{
    for (size_t id = 0; id < FLAG_COUNT; id++) {
        if (flag_given(values, (enum flag_id)id)) {
            bytes_append_format(text, " %s", flag_name((enum flag_id)id));
            append_words(text, &values->of[id]);
        }
    }
}

struct flag_row {
    const char *words;
    const char *expected; // how many words were read and the values, or '!' and the failure
};

static const struct flag_row startup_rows[] = {
    {"", "0"},
    {"--", "0"},
    {"-- rustc --subst", "0"},
    {"--subst pwd=${pwd} -- rustc", "2 --subst[pwd=${pwd}]"},
    {"--subst a=b c=d --subst e=f --", "5 --subst[a=b][c=d][e=f]"},
    {"--subst=a=b --subst=c=d", "2 --subst[a=b][c=d]"},
    {"--env-file a b --arg-file c", "5 --env-file[a][b] --arg-file[c]"},
    {"--stable-status-file s --volatile-status-file v",
     "4 --stable-status-file[s] --volatile-status-file[v]"},
    {"--rustc-output-format json --output-file f",
     "4 --rustc-output-format[json] --output-file[f]"},
    {"--stdout-file o --stderr-file e --touch-file t",
     "6 --stdout-file[o] --stderr-file[e] --touch-file[t]"},
    {"--touch-file -x", "2 --touch-file[-x]"},
    {"--touch-file=--x", "1 --touch-file[--x]"},
    {"--touch-file= --", "1 --touch-file[]"},
    {"--copy-output a b --", "3 --copy-output[a][b]"},
    {"--require-explicit-unstable-features true", "2 --require-explicit-unstable-features[true]"},
    {"--persistent_worker --wire json --state-dir=d",
     "4 --persistent_worker[] --wire[json] --state-dir[d]"},
    {"--trace t --keep-results 1 --keep-bytes 2", "6 --trace[t] --keep-results[1] --keep-bytes[2]"},
    {"--help --version", "2 --help[] --version[]"},

    {"rustc", "! unknown flag 'rustc'; --help lists the flags"},
    {"--unknown x", "! unknown flag '--unknown'; --help lists the flags"},
    {"--env-files x", "! unknown flag '--env-files'; --help lists the flags"},
    {"--env x", "! unknown flag '--env'; --help lists the flags"},
    {"--pipelining-metadata", "! unknown flag '--pipelining-metadata'; --help lists the flags"},
    {"--pipelining-key=k", "! unknown flag '--pipelining-key=k'; --help lists the flags"},
    {"--help x", "! unknown flag 'x'; --help lists the flags"},
    {"--env-file", "! --env-file needs a value: FILE"},
    {"--env-file -- x", "! --env-file needs a value: FILE"},
    {"--env-file --subst a=b", "! --env-file needs a value: FILE"},
    {"--touch-file a b", "! --touch-file takes one value, 2 were given"},
    {"--touch-file a --touch-file b", "! --touch-file was given twice"},
    {"--touch-file=a --touch-file=a", "! --touch-file was given twice"},
    {"--rustc-output-format json --rustc-output-format=json",
     "! --rustc-output-format was given twice"},
    {"--copy-output a", "! --copy-output takes two values, 1 were given"},
    {"--copy-output=a", "! --copy-output takes two values, 1 were given"},
    {"--copy-output a b c", "! --copy-output takes two values, 3 were given"},
    {"--copy-output a b --copy-output c d", "! --copy-output was given twice"},
    {"--help=x", "! --help takes no value"},
};

static void append_result(struct bytes *got, bool good, size_t used,
                          const struct flag_values *values, const struct failure *why)
{
    if (good) {
        bytes_append_format(got, "%zu", used);
        append_values(got, values);
    } else {
        bytes_append_format(got, "! %s", why->text);
    }
}

static void startup_flags_are_read(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(startup_rows); i++) {
        struct strlist words = words_of(startup_rows[i].words);
        struct flag_values values = {0};
        struct failure why;
        struct bytes got = {0};
        size_t used = 0;
        bool good = flags_read_startup(&words, &values, &used, &why);
        append_result(&got, good, used, &values, &why);
        assert_text(startup_rows[i].words, &got, startup_rows[i].expected);
        flag_values_finish(&values);
        flag_values_finish(&values);
        strlist_finish(&words);
    }
}

// Each row's first word is read.
static const struct flag_row request_rows[] = {
    {"--env-file a b", "2 --env-file[a]"},
    {"--env-file --x", "2 --env-file[--x]"},
    {"--env-file --", "2 --env-file[--]"},
    {"--env-file=a b", "1 --env-file[a]"},
    {"--arg-file a", "2 --arg-file[a]"},
    {"--stable-status-file a", "2 --stable-status-file[a]"},
    {"--volatile-status-file a", "2 --volatile-status-file[a]"},
    {"--rustc-output-format rendered", "2 --rustc-output-format[rendered]"},
    {"--output-file a", "2 --output-file[a]"},
    {"--pipelining-metadata x", "1 --pipelining-metadata[]"},
    {"--pipelining-full x", "1 --pipelining-full[]"},
    {"--pipelining-key=k x", "1 --pipelining-key[k]"},
    {"--pipelining-key k", "2 --pipelining-key[k]"},
    {"--pipelining-key=", "1 --pipelining-key[]"},
    {"--pipelining-key=a=b", "1 --pipelining-key[a=b]"},
    {"--pipelining-rlib-path=p", "1 --pipelining-rlib-path[p]"},
    {"--pipelining-rmeta-path=p", "1 --pipelining-rmeta-path[p]"},

    {"src/lib.rs", "0"},
    {"--crate-name x", "0"},
    {"--emit=link", "0"},
    {"--env-files x", "0"},
    {"--env-set A=b", "0"},
    {"-- x", "0"},
    {"--subst a=b", "0"},
    {"--stdout-file x", "0"},
    {"--stderr-file x", "0"},
    {"--touch-file x", "0"},
    {"--copy-output a b", "0"},
    {"--require-explicit-unstable-features true", "0"},
    {"--persistent_worker", "0"},
    {"--wire json", "0"},
    {"--help", "0"},
    {"--version", "0"},

    {"--env-file", "! --env-file needs a value: FILE"},
    {"--pipelining-key", "! --pipelining-key needs a value: KEY"},
    {"--pipelining-metadata=yes", "! --pipelining-metadata takes no value"},
    {"--pipelining-x", "! unknown flag '--pipelining-x'; --help lists the flags"},
    {"--pipelining-metadatas", "! unknown flag '--pipelining-metadatas'; --help lists the flags"},
    {"--pipelining-", "! unknown flag '--pipelining-'; --help lists the flags"},
};

static void request_words_are_read(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(request_rows); i++) {
        struct strlist words = words_of(request_rows[i].words);
        struct flag_values values = {0};
        struct failure why;
        struct bytes got = {0};
        size_t used = 99;
        bool good = flags_read_request_word(&words, 0, &values, &used, &why);
        append_result(&got, good, used, &values, &why);
        assert_text(request_rows[i].words, &got, request_rows[i].expected);
        flag_values_finish(&values);
        strlist_finish(&words);
    }
}

static void a_request_may_repeat_only_lists(void **state)
{
    (void)state;
    struct strlist words = words_of("--env-file a --env-file b --output-file c --output-file d");
    struct flag_values values = {0};
    struct failure why;
    size_t used = 0;
    assert_true(flags_read_request_word(&words, 0, &values, &used, &why));
    assert_true(flags_read_request_word(&words, 2, &values, &used, &why));
    assert_true(flags_read_request_word(&words, 4, &values, &used, &why));
    assert_false(flags_read_request_word(&words, 6, &values, &used, &why));
    assert_string_equal(why.text, "--output-file was given twice");
    assert_string_equal(flag_value(&values, FLAG_ENV_FILE), "b");
    assert_int_equal(values.of[FLAG_ENV_FILE].count, 2);
    assert_null(flag_value(&values, FLAG_ARG_FILE));
    assert_false(flag_given(&values, FLAG_ARG_FILE));
    flag_values_finish(&values);
    strlist_finish(&words);
}

static const struct flag_row worker_rows[] = {
    {"", "0"},
    {"--wire=json --trace t", "0 --wire[json] --trace[t]"},
    {"--state-dir d --keep-results 1 --keep-bytes=2 --help --version --persistent_worker",
     "0 --persistent_worker[] --state-dir[d] --keep-results[1] --keep-bytes[2] --help[] "
     "--version[]"},
    {"--subst a=b", "! unknown flag '--subst'; --help lists the flags"},
    {"--", "! unknown flag '--'; --help lists the flags"},
    {"x", "! unknown flag 'x'; --help lists the flags"},
    {"--wire", "! --wire needs a value: auto|json|proto"},
};

static void worker_flags_are_read(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(worker_rows); i++) {
        struct strlist words = words_of(worker_rows[i].words);
        struct flag_values values = {0};
        struct failure why;
        struct bytes got = {0};
        append_result(&got, flags_read_worker(&words, &values, &why), 0, &values, &why);
        assert_text(worker_rows[i].words, &got, worker_rows[i].expected);
        flag_values_finish(&values);
        strlist_finish(&words);
    }
}

// The line behind `line`, which must not be the last.
static const char *next_line(const char *line)
{
    const char *end = strchr(line, '\n');
    assert_non_null(end);
    return end + 1;
}

static void every_flag_is_described_by_two_lines(void **state)
{
    (void)state;
    struct bytes text = {0};
    flags_describe(&text);
    const char *line = bytes_text(&text);
    for (size_t id = 0; id < FLAG_COUNT; id++) {
        const char *name = flag_name((enum flag_id)id);
        size_t len = strlen(name);
        assert_memory_equal(line, "  --", 4);
        assert_int_equal(strncmp(line + 2, name, len), 0);
        assert_true(line[2 + len] == ' ' || line[2 + len] == '\n');
        line = next_line(line);
        assert_memory_equal(line, "      ", 6);
        assert_int_not_equal(line[6], '\n');
        line = next_line(line);
    }
    assert_string_equal(line, "");
    bytes_finish(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(startup_flags_are_read),
        cmocka_unit_test(request_words_are_read),
        cmocka_unit_test(a_request_may_repeat_only_lists),
        cmocka_unit_test(worker_flags_are_read),
        cmocka_unit_test(every_flag_is_described_by_two_lines),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
