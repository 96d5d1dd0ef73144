// The environment of a rustc.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "rustc/environment.h"
#include "temp_dir.h"
#include "words.h"

struct env_row {
    const char *name;
    const char *inherited;
    const char *first;  // text of the first env file, NULL without one
    const char *second; // of the second one
    const char *stable; // text of the status files, NULL without one
    const char *changing;
    const char *subst;
    const char *expected; // or '!' and a part of the failure
};

static const struct env_row rows[] = {
    {"nothing", "", NULL, NULL, NULL, NULL, "", ""},
    {"inherited, sorted", "B=2 A=1 AB=3", NULL, NULL, NULL, NULL, "", "[A=1][AB=3][B=2]"},
    {"inherited without a name", "A=1 =x junk", NULL, NULL, NULL, NULL, "", "[A=1]"},
    {"inherited twice", "A=1 A=2", NULL, NULL, NULL, NULL, "", "[A=2]"},
    {"a file adds", "A=1", "B=2\nC=x y\n", NULL, NULL, NULL, "", "[A=1][B=2][C=x y]"},
    {"a file overrides", "A=1 B=2", "A=3", NULL, NULL, NULL, "", "[A=3][B=2]"},
    {"the later file wins", "A=1", "A=2\nB=2", "A=3", NULL, NULL, "", "[A=3][B=2]"},
    {"a later line wins", "", "A=1\nA=2", NULL, NULL, NULL, "", "[A=2]"},
    {"whole names count", "AB=1 A=2", "A=3", NULL, NULL, NULL, "", "[A=3][AB=1]"},
    {"values with '='", "A=b=c", "D=e=f", NULL, NULL, NULL, "", "[A=b=c][D=e=f]"},
    {"empty values", "A=", "B=", NULL, NULL, NULL, "", "[A=][B=]"},
    {"values of two lines", "", "A=1\\\n2", NULL, NULL, NULL, "", "[A=1\n2]"},

    {"stamps", "A={KEY}", "B=x{KEY}{KEY}", NULL, "KEY v", NULL, "", "[A=v][B=xvv]"},
    {"a value has blanks", "", "A={K}", NULL, "K a b c", NULL, "", "[A=a b c]"},
    {"an empty value", "", "A=<{K}>", NULL, "K ", NULL, "", "[A=<>]"},
    {"the stable one first", "", "A={K}", NULL, "K stable", "K changing", "", "[A=stable]"},
    {"a stamp inside a stamp", "", "A={K}", NULL, "K {L}", "L v", "", "[A=v]"},
    {"only the volatile one", "", "A={K}{L}", NULL, NULL, "K 1\nL 2", "", "[A=12]"},
    {"unknown keys stay", "", "A={K}", NULL, "L 1", NULL, "", "[A={K}]"},
    {"names are not stamped", "", "{K}={K}", NULL, "K v", NULL, "", "[{K}=v]"},

    {"substitutions", "A=${pwd}", "B=${pwd}/x", NULL, NULL, NULL, "pwd=/w", "[A=/w][B=/w/x]"},
    {"after stamps", "", "A={K}", NULL, "K ${pwd}", NULL, "pwd=/w", "[A=/w]"},
    {"stamps do not see what is substituted", "", "A=${x}", NULL, "K v", NULL, "x={K}", "[A={K}]"},
    {"names are not substituted", "", "${x}=${x}", NULL, NULL, NULL, "x=y", "[${x}=y]"},

    {"a line without '='", "", "A=1\njunk", NULL, NULL, NULL, "", "!the line 'junk' is not NAME="},
    {"a line without a name", "", "=v", NULL, NULL, NULL, "", "!the line '=v' is not NAME=VALUE"},
};

// The path of a file with this text; NULL without one.
static const char *optional(const char *dir, const char *name, const char *text)
{
    return text == NULL ? NULL : temp_text(dir, name, text);
}

static void push_file(struct strlist *files, const char *path)
{
    if (path != NULL) {
        strlist_push(files, path);
    }
}

static void assert_got(const struct env_row *row, struct bytes *got)
{
    bool fails = row->expected[0] == '!';
    if (fails && strstr(bytes_text(got), row->expected + 1) != NULL) {
        bytes_finish(got);
        return;
    }
    assert_text(row->name, got, row->expected);
}

static void row_holds(const struct env_row *row, const char *dir)
{
    struct strlist inherited = words_of(row->inherited);
    struct strlist flags = words_of(row->subst);
    struct strlist files = {0};
    struct substitutions rules = {0};
    struct strlist env = {0};
    struct bytes got = {0};
    struct failure why;
    push_file(&files, optional(dir, "first", row->first));
    push_file(&files, optional(dir, "second", row->second));
    assert_true(substitutions_add_flags(&rules, &flags, "/", &why));
    struct environment_source source = {.inherited = strlist_argv(&inherited),
                                        .files = &files,
                                        .stable_status = optional(dir, "stable", row->stable),
                                        .volatile_status = optional(dir, "changing", row->changing),
                                        .substitutions = &rules};
    if (environment_build(&source, &env, &why)) {
        append_words(&got, &env);
    } else {
        bytes_append_text(&got, why.text);
    }
    assert_got(row, &got);
    strlist_finish(&env);
    substitutions_finish(&rules);
    strlist_finish(&files);
    strlist_finish(&flags);
    strlist_finish(&inherited);
}

static void environments_are_built(void **state)
{
    for (size_t i = 0; i < COUNT(rows); i++) {
        row_holds(&rows[i], *state);
    }
}

struct missing_row {
    const char *files;
    const char *stable;
    const char *changing;
    const char *what;
};

static const struct missing_row missing_rows[] = {
    {"/no/env", NULL, NULL, "cannot read the env file '/no/env'"},
    {"", "/no/stable", NULL, "cannot read the status file '/no/stable'"},
    {"", NULL, "/no/changing", "cannot read the status file '/no/changing'"},
};

static void missing_files_are_named(void **state)
{
    (void)state;
    char *const nothing[] = {NULL};
    struct substitutions rules = {0};
    for (size_t i = 0; i < COUNT(missing_rows); i++) {
        struct strlist files = words_of(missing_rows[i].files);
        struct environment_source source = {.inherited = nothing,
                                            .files = &files,
                                            .stable_status = missing_rows[i].stable,
                                            .volatile_status = missing_rows[i].changing,
                                            .substitutions = &rules};
        struct strlist env = {0};
        struct failure why;
        assert_false(environment_build(&source, &env, &why));
        assert_non_null(strstr(why.text, missing_rows[i].what));
        strlist_finish(&env);
        strlist_finish(&files);
    }
}

static void variables_are_capped(void **state)
{
    for (int count = ENVIRONMENT_MAX; count <= ENVIRONMENT_MAX + 1; count++) {
        char *const nothing[] = {NULL};
        struct substitutions rules = {0};
        struct strlist env = {0};
        struct strlist files = {0};
        struct failure why;
        struct bytes text = {0};
        for (int i = 0; i < count; i++) {
            bytes_append_format(&text, "V%d=\n", i);
        }
        strlist_push(&files, temp_text(*state, "many", bytes_text(&text)));
        struct environment_source source = {
            .inherited = nothing, .files = &files, .substitutions = &rules};
        assert_int_equal(environment_build(&source, &env, &why), count == ENVIRONMENT_MAX);
        assert_true(count == ENVIRONMENT_MAX || strstr(why.text, "more than 8192 variables"));
        bytes_finish(&text);
        strlist_finish(&files);
        strlist_finish(&env);
    }
}

static void values_are_found_and_set(void **state)
{
    (void)state;
    struct strlist env = words_of("A=1 AB=2 C=");
    struct bytes got = {0};
    assert_string_equal(environment_value(&env, "A"), "1");
    assert_string_equal(environment_value(&env, "AB"), "2");
    assert_string_equal(environment_value(&env, "C"), "");
    assert_null(environment_value(&env, "B"));
    assert_null(environment_value(&env, ""));
    environment_set(&env, "A", "x=y");
    environment_set(&env, "TMPDIR", "/t");
    append_words(&got, &env);
    assert_text("set", &got, "[A=x=y][AB=2][C=][TMPDIR=/t]");
    strlist_finish(&env);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(environments_are_built),
        cmocka_unit_test(missing_files_are_named),
        cmocka_unit_test(variables_are_capped),
        cmocka_unit_test(values_are_found_and_set),
    };
    return cmocka_run_group_tests(tests, temp_dir_make, temp_dir_remove);
}
