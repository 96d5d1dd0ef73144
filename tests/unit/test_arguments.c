// From words and param files to rustc's arguments.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "rustc/arguments.h"
#include "temp_dir.h"
#include "words.h"

struct word_row {
    const char *name;
    const char *words;
    bool with_flags;
    const char *expected; // arguments, key and env files, or '!' and a part of the failure
};

static const struct word_row rows[] = {
    {"words stay", "src/lib.rs --crate-name=x -O", true, "[src/lib.rs][--crate-name=x][-O]"},
    {"flags are taken out", "a --pipelining-key=k b --env-file e c", true,
     "[a][b][c] key=k env=[e]"},
    {"but not the tool's", "a --pipelining-key=k --env-file e", false,
     "[a][--pipelining-key=k][--env-file][e]"},
    {"words are substituted", "${pwd}/a --x=${pwd}", false, "[/w/a][--x=/w]"},
    {"flags are substituted", "--env-file ${pwd}/e --pipelining-key=${pwd}", true,
     " key=/w env=[/w/e]"},

    {"a param file", "a @one b", true, "[a][1 a][2][b]"},
    {"a flag file", "a --flagfile=one b", true, "[a][1 a][2][b]"},
    {"both behind --", "@one --flagfile=one", false, "[1 a][2][1 a][2]"},
    {"its name is substituted", "@${one}", true, "[1 a][2]"},
    {"it is substituted", "@subst", true, "[/w][x/w/w]"},
    {"files in a file", "@nested", true, "[n][1 a][2][1 a][2][m]"},
    {"flags in a file", "@flags", true, "[f] key=k env=[e1][e2]"},
    {"also behind --", "@flags", false, "[f] key=k env=[e1][e2]"},
    {"also in a nested file", "@nested-flags", false, "[f] key=k env=[e1][e2]"},
    {"one key in all", "--pipelining-key=k @flags", true, "!--pipelining-key was given twice"},
    {"an empty file", "a @empty", true, "[a]"},
    {"continued lines", "@continued", true, "[a\nb]"},
    {"16 files deep", "@deep-1", true, "[end]"},
    {"17 files deep", "@deep-0", true, "!nested more than 16 deep"},
    {"files that name the next one often", "@many-0", true, "!more than 4096 param files"},
    {"a file that names itself", "@itself", true, "!nested more than 16 deep"},

    {"@ alone is a word", "@", true, "[@]"},
    {"@ within is a word", "a@one", true, "[a@one]"},
    {"--flagfile alone is a word", "--flagfile one", true, "[--flagfile][one]"},
    {"what cannot be read is rustc's affair", "a @missing b", true, "[a][@missing][b]"},
    {"in a file as well", "@names-missing", true, "[@missing]"},
    {"a directory", "@.", true, "[@.]"},
    {"--flagfile is our affair", "--flagfile=missing", true, "!cannot read the param file '"},
    {"it has a name", "--flagfile=missing", true, "missing': no such file or directory"},
    {"a broken flag in a file", "@broken", true, "!--env-file needs a value"},
    {"an unknown flag of ours in a file", "@unknown", false, "!unknown flag '--pipelining-x'"},
};

struct param_file {
    const char *name;
    const char *text;
};

static const struct param_file files[] = {
    {"one", "1 a\n2\n"},
    {"subst", "${pwd}\nx${pwd}${pwd}\n"},
    {"nested", "n\n@one\n--flagfile=one\nm\n"},
    {"flags", "--env-file\ne1\n--pipelining-key=k\nf\n--env-file=e2\n"},
    {"nested-flags", "@flags"},
    {"empty", ""},
    {"continued", "a\\\nb\n"},
    {"itself", "@itself"},
    {"many-0", "@many-1\n@many-1\n@many-1\n@many-1\n"},
    {"many-1", "@many-2\n@many-2\n@many-2\n@many-2\n"},
    {"many-2", "@many-3\n@many-3\n@many-3\n@many-3\n"},
    {"many-3", "@many-4\n@many-4\n@many-4\n@many-4\n"},
    {"many-4", "@many-5\n@many-5\n@many-5\n@many-5\n"},
    {"many-5", "@many-6\n@many-6\n@many-6\n@many-6\n"},
    {"many-6", "x\n"},
    {"names-missing", "@missing"},
    {"broken", "a\n--env-file\n"},
    {"unknown", "--pipelining-x\n"},
};

static int write_files(void **state)
{
    if (temp_dir_make(state) != 0) {
        return -1;
    }
    for (size_t i = 0; i < COUNT(files); i++) {
        temp_text(*state, files[i].name, files[i].text);
    }
    for (int depth = 0; depth < 16; depth++) {
        char *name = mem_format("deep-%d", depth);
        char *text = mem_format("@deep-%d", depth + 1);
        temp_text(*state, name, text);
        free(name);
        free(text);
    }
    temp_text(*state, "deep-16", "end");
    return 0;
}

static void append_arguments(struct bytes *got, const struct arguments *arguments)
{
    append_words(got, &arguments->words);
    const char *key = flag_value(&arguments->flags, FLAG_PIPELINING_KEY);
    if (key != NULL) {
        bytes_append_format(got, " key=%s", key);
    }
    if (flag_given(&arguments->flags, FLAG_ENV_FILE)) {
        bytes_append_text(got, " env=");
        append_words(got, &arguments->flags.of[FLAG_ENV_FILE]);
    }
}

static void row_holds(const struct word_row *row, const struct arguments_rules *rules)
{
    struct strlist words = words_of(row->words);
    struct arguments arguments = {0};
    struct failure why;
    struct bytes got = {0};
    bool good = arguments_add(&arguments, rules, &words, row->with_flags, &why);
    if (good) {
        append_arguments(&got, &arguments);
        assert_text(row->name, &got, row->expected);
    } else if (strstr(why.text, row->expected + (row->expected[0] == '!' ? 1 : 0)) == NULL) {
        fail_msg("%s: %s", row->name, why.text);
    }
    arguments_finish(&arguments);
    strlist_finish(&words);
}

static void words_become_arguments(void **state)
{
    struct substitutions substitutions = {0};
    substitutions_add(&substitutions, "${pwd}", "/w");
    substitutions_add(&substitutions, "${one}", "one");
    struct arguments_rules rules = {.substitutions = &substitutions, .request_dir = *state};
    for (size_t i = 0; i < COUNT(rows); i++) {
        row_holds(&rows[i], &rules);
    }
    substitutions_finish(&substitutions);
}

static void absolute_names_are_found(void **state)
{
    struct substitutions none = {0};
    struct arguments_rules rules = {.substitutions = &none, .request_dir = "/no/such"};
    struct strlist words = {0};
    struct arguments arguments = {0};
    struct failure why;
    struct bytes got = {0};
    strlist_push_take(&words, mem_format("@%s/one", (const char *)*state));
    assert_true(arguments_add(&arguments, &rules, &words, true, &why));
    append_arguments(&got, &arguments);
    assert_text("absolute", &got, "[1 a][2]");
    arguments_finish(&arguments);
    strlist_finish(&words);
}

// The lines of an --arg-file are arguments as they are: flags and @ mean nothing in them.
static void argument_files_are_appended(void **state)
{
    struct substitutions substitutions = {0};
    substitutions_add(&substitutions, "${pwd}", "/w");
    struct arguments_rules rules = {.substitutions = &substitutions, .request_dir = *state};
    struct arguments arguments = {0};
    struct failure why;
    struct bytes got = {0};
    const char *path = temp_text(*state, "args", "--cfg=a b\n\n-L${pwd}\n--env-file\n");
    strlist_push(&arguments.words, "first");
    assert_true(arguments_add_file(&arguments, &rules, path, &why));
    append_arguments(&got, &arguments);
    assert_text("args", &got, "[first][--cfg=a b][-L/w][--env-file]");
    assert_false(arguments_add_file(&arguments, &rules, "/no/args", &why));
    assert_non_null(strstr(why.text, "cannot read the argument file '/no/args'"));
    arguments_finish(&arguments);
    substitutions_finish(&substitutions);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_become_arguments),
        cmocka_unit_test(absolute_names_are_found),
        cmocka_unit_test(argument_files_are_appended),
    };
    return cmocka_run_group_tests(tests, write_files, temp_dir_remove);
}
