// What one request, or the command line, asks for.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "asked.h"
#include "rustc/substitution.h"
#include "temp_dir.h"

struct invocation_row {
    const char *name;
    const char *startup;
    const char *tool;
    const char *request;  // NULL: the command line
    const char *expected; // as append_invocation() writes it, or '!' and a part of the failure
};

#define LIB "--crate-name=x --crate-type=lib "
#define STAGED "--emit=link --out-dir=d --pipelining-key=k "
#define BUILT LIB "--emit=link=/p/libx.rlib,metadata=/p/libx.rmeta --out-dir=/p"

static const struct invocation_row stage_rows[] = {
    {"no stage", "", "rustc", "x.rs", "all private raw: rustc x.rs --emit=link --out-dir=/p/out"},
    {"a key alone is no stage", "", "rustc", "x.rs --pipelining-key=k",
     "all private raw: rustc x.rs --emit=link --out-dir=/p/out"},
    {"no words at all", "", "rustc", "", "all private raw: rustc --emit=link --out-dir=/p/out"},
    {"metadata", "", "rustc", LIB STAGED "--pipelining-metadata",
     "metadata k library raw: rustc " BUILT},
    {"full", "", "rustc", LIB STAGED "--pipelining-full", "full k library raw: rustc " BUILT},
    {"flags before the arguments", "", "rustc", "--pipelining-full " STAGED LIB,
     "full k library raw: rustc " BUILT},
    {"rlib", "", "rustc", "--crate-type rlib --crate-name x " STAGED "--pipelining-full",
     "full k library raw: rustc --crate-type rlib --crate-name x --emit=link=/p/libx.rlib,"
     "metadata=/p/libx.rmeta --out-dir=/p"},
    {"rustc by a path", "", "t/bin/rustc", "x.rs",
     "all private raw: t/bin/rustc x.rs --emit=link --out-dir=/p/out"},
    {"clippy", "", "clippy-driver", "x.rs",
     "all private raw: clippy-driver x.rs --emit=link --out-dir=/p/out"},
    {"another tool of a worker", "", "rustfmt", "--emit=files -o y x.rs",
     "all direct raw: rustfmt --emit=files -o y x.rs"},
    {"the command line", "", "rustc --emit=link -o y x.rs", NULL,
     "all direct raw: rustc --emit=link -o y x.rs"},
    {"flags behind -- are the tool's", "", "rustc --pipelining-full --env-file x.rs", NULL,
     "all direct raw: rustc --pipelining-full --env-file x.rs"},
    {"but not in its param file", "", "rustc @staged", NULL,
     "metadata k library raw: rustc " BUILT},
    {"a stage in a request's param file", "", "rustc", "@staged",
     "metadata k library raw: rustc " BUILT},

    {"what depends on its place", "", "rustc", "x.rs -Crpath -o y",
     "all in-place raw: rustc x.rs -Crpath -o y"},
    {"and is nobody else's", "", "rustc", "x.rs -Crpath -o y --pipelining-link --pipelining-key=k",
     "link in-place raw: rustc x.rs -Crpath -o y"},
    {"an rlib does not", "", "rustc", LIB STAGED "--pipelining-full -Crpath",
     "full k library raw: rustc " LIB "-Crpath --emit=link=/p/libx.rlib,metadata=/p/libx.rmeta "
     "--out-dir=/p"},
    {"a library's file to stdout", "", "rustc", LIB STAGED "--emit=mir=- --pipelining-full",
     "!crate x: --pipelining-metadata and --pipelining-full write --emit=mir to a file, not to "
     "'-'"},
    {"a name that leads elsewhere", "", "rustc",
     LIB STAGED "-Cextra-filename=/../y --pipelining-full", "!-Cextra-filename: 'x/../y'"},
    {"what cannot be hidden", "", "rustc",
     LIB STAGED "-Csplit-debuginfo=packed --remap-path-scope=macro --pipelining-full",
     "!-Csplit-debuginfo and a --remap-path-scope"},

    {"two stages", "", "rustc", LIB STAGED "--pipelining-full --pipelining-metadata",
     "!--pipelining-metadata and --pipelining-full exclude each other"},
    {"no key", "", "rustc", LIB "--pipelining-metadata",
     "!--pipelining-metadata needs --pipelining-key=KEY"},
    {"no key for the full request", "", "rustc", LIB "--pipelining-full",
     "!--pipelining-full needs --pipelining-key=KEY"},
    {"an empty key", "", "rustc",
     LIB "--pipelining-full --pipelining-key=", "!--pipelining-key must have 1 to 1024 bytes"},
    {"a key with /", "", "rustc", LIB "--pipelining-full --pipelining-key=a/b",
     "!--pipelining-key must not contain '/' or '..': 'a/b'"},
    {"an absolute key", "", "rustc", LIB "--pipelining-full --pipelining-key=/a",
     "!must not contain '/' or '..': '/a'"},
    {"..", "", "rustc", LIB "--pipelining-full --pipelining-key=..", "!'..': '..'"},
    {".. within", "", "rustc", LIB "--pipelining-full --pipelining-key=a..b", "!'..': 'a..b'"},
    {"two keys", "", "rustc", LIB STAGED "--pipelining-full --pipelining-key=k",
     "!--pipelining-key was given twice"},
    {"an unknown stage", "", "rustc", LIB STAGED "--pipelining-x",
     "!unknown flag '--pipelining-x'"},
    {"a missing value", "", "rustc", "x.rs --env-file", "!--env-file needs a value"},
    {"a stage at start-up", "--pipelining-full", "rustc", "x.rs", "!unknown flag"},

    {"no crate name", "", "rustc", "--crate-type=lib --pipelining-full --pipelining-key=k",
     "!--pipelining-metadata and --pipelining-full need --crate-name"},
    {"a binary", "", "rustc", "--crate-name=x --crate-type=bin --pipelining-full " STAGED,
     "!crate x: --pipelining-metadata and --pipelining-full are for one --crate-type, lib or rlib"},
    {"no crate type", "", "rustc", "--crate-name=x --pipelining-full " STAGED, "!crate x: "},
    {"two crate types", "", "rustc", LIB "--crate-type=cdylib --pipelining-full " STAGED,
     "!crate x: "},
    {"-o", "", "rustc", LIB "-o y --pipelining-full " STAGED, "!not -o"},
    {"a hollow rlib", "", "rustc",
     LIB "--emit=metadata=d/libx-hollow.rlib --pipelining-metadata --pipelining-key=k",
     "!--pipelining-metadata: it writes an .rmeta file, not 'd/libx-hollow.rlib'"},
    {"no tool", "", "", NULL, "!no tool to run"},
    {"a request is no tool", "", "", "rustc x.rs", "!no tool to run"},
    {"a guard is no tool", "--require-explicit-unstable-features true", "", "x.rs",
     "!no tool to run"},
};

#define PRIVATE(words) "all private raw: rustc " words " --emit=link --out-dir=/p/out"

static const struct invocation_row merge_rows[] = {
    {"the tool's words first", "", "rustc -O", "x.rs -g", PRIVATE("-O x.rs -g")},
    {"argument files: start-up, then request", "--arg-file a1", "rustc -O", "x.rs --arg-file a2 -g",
     PRIVATE("-O x.rs -g --cfg=1 -L BASE/l --cfg=2")},
    {"several argument files", "--arg-file a2 a1", "rustc", "x.rs --arg-file=a2",
     PRIVATE("x.rs --cfg=2 --cfg=1 -L BASE/l --cfg=2")},
    {"substitutions everywhere", "--subst pwd=${pwd} x=y", "rustc ${x}", "${x}${x} @subst",
     PRIVATE("y yy --remap-path-prefix=BASE=.")},
    {"none in a request", "", "rustc", "--subst x=y ${x}", PRIVATE("--subst x=y ${x}")},
    {"a flag file", "", "rustc", "--flagfile=nested", PRIVATE("a b c d")},
    {"a param file", "", "rustc", "@nested e", PRIVATE("a b c d e")},
    {"the tool in a param file", "", "@tool", "x.rs", PRIVATE("-O x.rs")},
    {"files of a param file's flags", "", "rustc", "@flags",
     PRIVATE("x.rs --cfg=2") " env [A=e2][B=e1]"},

    {"env files: start-up, then request", "--env-file e1", "rustc", "x.rs --env-file e2",
     PRIVATE("x.rs") " env [A=e2][B=e1]"},
    {"in that order only", "--env-file e2 e1", "rustc", "x.rs",
     PRIVATE("x.rs") " env [A=e1][B=e1]"},
    {"stamps, then substitutions", "--subst pwd=${pwd} --env-file e3", "rustc",
     "x.rs --stable-status-file s1 --volatile-status-file s2",
     PRIVATE("x.rs") " env [C=stable BASE][D=BASE/d]"},
    {"status files at start-up", "--env-file e3 --volatile-status-file s2", "rustc", "x.rs",
     PRIVATE("x.rs") " env [C=changing {L}][D=${pwd}/d]"},
    {"the request's status file wins", "--env-file e3 --stable-status-file s2", "rustc",
     "x.rs --stable-status-file s1", PRIVATE("x.rs") " env [C=stable ${pwd}][D=${pwd}/d]"},
    {"a missing env file", "--env-file none", "rustc", "x.rs", "!cannot read the env file '"},
    {"a missing argument file", "", "rustc", "--arg-file none", "!cannot read the argument file '"},
    {"a missing status file", "--stable-status-file none", "rustc", "x.rs",
     "!cannot read the status file '"},

    {"json", "--rustc-output-format json", "rustc -v", NULL, "all direct json: rustc -v"},
    {"rendered", "--rustc-output-format=rendered", "rustc -v", NULL,
     "all direct rendered: rustc -v"},
    {"the request's format wins", "--rustc-output-format json", "tool",
     "--rustc-output-format rendered x", "all direct rendered: tool x"},
    {"an unknown format", "", "rustc", "--rustc-output-format=short",
     "!--rustc-output-format is json or rendered, not 'short'"},
};

#define GUARD "--require-explicit-unstable-features "

static const struct invocation_row guard_rows[] = {
    {"asked for", GUARD "true", "rustc", "x.rs", PRIVATE("x.rs -Zallow-features=")},
    {"on the command line", GUARD "true", "rustc x.rs", NULL,
     "all direct raw: rustc x.rs -Zallow-features="},
    {"not asked for", "", "rustc", "x.rs", PRIVATE("x.rs")},
    {"false", GUARD "false", "rustc", "x.rs", PRIVATE("x.rs")},
    {"another value", GUARD "yes", "rustc", "x.rs",
     "!--require-explicit-unstable-features is true or false, not 'yes'"},
    {"features are named", GUARD "true", "rustc", "-Zallow-features=f x.rs",
     PRIVATE("-Zallow-features=f x.rs")},
    {"by the tool's words", GUARD "true", "rustc -Zallow-features=", "x.rs",
     PRIVATE("-Zallow-features= x.rs")},
    {"in two words", GUARD "true", "rustc", "-Z allow-features=f x.rs",
     PRIVATE("-Z allow-features=f x.rs")},
    {"in a param file", GUARD "true", "rustc", "@features", PRIVATE("-Zallow-features=f")},
    {"in an argument file", GUARD "true", "rustc", "--arg-file features",
     PRIVATE("-Zallow-features=f")},
    {"another -Z", GUARD "true", "rustc", "-Zfeatures x.rs",
     PRIVATE("-Zfeatures x.rs -Zallow-features=")},
};

static const char *const files[][2] = {
    {"staged", "--crate-name=x\n--crate-type=lib\n--pipelining-metadata\n--pipelining-key=k\n"},
    {"a1", "--cfg=1\n-L\nBASE/l\n"},
    {"a2", "--cfg=2\n"},
    {"subst", "--remap-path-prefix=${pwd}=.\n"},
    {"nested", "a\n@inner\nd\n"},
    {"inner", "b\n--flagfile=innermost\n"},
    {"innermost", "c\n"},
    {"tool", "rustc\n-O\n"},
    {"flags", "--env-file\ne1\n--env-file\ne2\nx.rs\n--arg-file\na2\n"},
    {"e1", "A=e1\nB=e1\n"},
    {"e2", "A=e2\n"},
    {"e3", "C={K}\nD=${pwd}/d\n"},
    {"s1", "K stable {L}\nL ${pwd}\n"},
    {"s2", "K changing {L}\n"},
    {"features", "-Zallow-features=f\n"},
};

static int write_files(void **state)
{
    if (temp_dir_make(state) != 0) {
        return -1;
    }
    for (size_t i = 0; i < COUNT(files); i++) {
        temp_text(*state, files[i][0], files[i][1]);
    }
    return 0;
}

// "full k library json: <argv> env <environment>" with /p as the private directory.
static void append_invocation(struct bytes *got, const struct invocation *invocation)
{
    static const char *const stages[] = {"all", "metadata", "full", "codegen", "link"};
    static const char *const outputs[] = {"direct", "in-place", "private", "library"};
    static const char *const formats[] = {"raw", "rendered", "json"};
    const struct command *command = &invocation->command;
    struct strlist argv = {0};
    bytes_append_text(got, stages[invocation->stage]);
    if (invocation->key != NULL) {
        bytes_append_format(got, " %s", invocation->key);
    }
    bytes_append_format(got, " %s %s: ", outputs[command->outputs], formats[command->format]);
    command_argv(command, "/p", NULL, &argv);
    append_line(got, &argv);
    strlist_finish(&argv);
    if (command->env.count > 0) {
        bytes_append_text(got, " env ");
        append_words(got, &command->env);
    }
}

// The directory's name changes from run to run: rows call it BASE.
static void hide_base(struct bytes *got, const char *request_dir)
{
    struct substitutions rules = {0};
    substitutions_add(&rules, request_dir, "BASE");
    char *text = substitutions_apply(&rules, bytes_text(got));
    bytes_consume(got, got->len);
    bytes_append_text(got, text);
    free(text);
    substitutions_finish(&rules);
}

static void row_holds(const struct invocation_row *row, const char *request_dir)
{
    struct asked asked = {row->startup, row->tool, row->request, request_dir, ""};
    struct invocation invocation = {0};
    struct failure why;
    struct bytes got = {0};
    if (asked_build(&asked, &invocation, &why)) {
        append_invocation(&got, &invocation);
        assert_string_equal(invocation.command.working_dir, request_dir);
        hide_base(&got, request_dir);
        assert_text(row->name, &got, row->expected);
    } else if (row->expected[0] != '!' || strstr(why.text, row->expected + 1) == NULL) {
        fail_msg("%s: %s", row->name, why.text);
    }
    invocation_finish(&invocation);
    invocation_finish(&invocation);
}

static void stages_and_keys_are_read(void **state)
{
    for (size_t i = 0; i < COUNT(stage_rows); i++) {
        row_holds(&stage_rows[i], *state);
    }
}

static void startup_and_request_are_merged(void **state)
{
    for (size_t i = 0; i < COUNT(merge_rows); i++) {
        row_holds(&merge_rows[i], *state);
    }
}

static void unstable_features_must_be_named(void **state)
{
    for (size_t i = 0; i < COUNT(guard_rows); i++) {
        row_holds(&guard_rows[i], *state);
    }
}

static void the_program_s_own_environment_is_the_base(void **state)
{
    struct asked asked = {"--env-file e1", "rustc", "x.rs", *state, "Z=1 A=own {K}=v"};
    struct invocation invocation = {0};
    struct failure why;
    struct bytes got = {0};
    assert_true(asked_build(&asked, &invocation, &why));
    append_words(&got, &invocation.command.env);
    assert_text("env", &got, "[A=e1][B=e1][Z=1][{K}=v]");
    invocation_finish(&invocation);
}

static bool key_is_taken(size_t len)
{
    struct bytes request = {0};
    struct invocation invocation = {0};
    struct failure why;
    bytes_append_text(&request, LIB "--pipelining-full --pipelining-key=");
    for (size_t i = 0; i < len; i++) {
        bytes_append_text(&request, "k");
    }
    struct asked asked = {"", "rustc", request.data, "/b", ""};
    bool good = asked_build(&asked, &invocation, &why);
    assert_true(!good || strlen(invocation.key) == len);
    invocation_finish(&invocation);
    bytes_finish(&request);
    return good;
}

static void keys_are_capped(void **state)
{
    (void)state;
    assert_true(key_is_taken(1));
    assert_true(key_is_taken(1024));
    assert_false(key_is_taken(1025));
}

// A3: the set of kinds is part of the crate's hash.
struct kinds_row {
    const char *metadata;
    const char *full;
    const char *kinds;
};

static const struct kinds_row kinds_rows[] = {
    {"--emit=metadata=d/_pipeline/x.rmeta --emit=dep-info,link", "--emit=dep-info,link",
     "dep-info,link,metadata"},
    {"--emit=metadata=m,link", "--emit=link=l", "link,metadata"},
    {"--emit=metadata", "--emit=link", "link,metadata"},
    {"", "", "link,metadata"},
    {"--emit=asm", "--emit=asm,metadata", "asm,link,metadata"},
    {"--emit=metadata --emit link --emit dep-info=x.d", "--emit=dep-info --emit=metadata=m",
     "dep-info,link,metadata"},
};

static void assert_kinds(const char *emits, const char *stage, const char *kinds)
{
    char *request = mem_format("%s%s --pipelining-key=k --out-dir=d %s", LIB, emits, stage);
    struct asked asked = {"", "rustc", request, "/b", ""};
    struct invocation invocation = {0};
    struct failure why;
    struct bytes got = {0};
    assert_true(asked_build(&asked, &invocation, &why));
    for (size_t i = 0; i < invocation.command.crate.emit_count; i++) {
        bytes_append_format(&got, "%s%s", i == 0 ? "" : ",",
                            invocation.command.crate.emits[i].kind);
    }
    assert_text(request, &got, kinds);
    invocation_finish(&invocation);
    free(request);
}

static void both_stages_emit_the_same_kinds(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(kinds_rows); i++) {
        assert_kinds(kinds_rows[i].metadata, "--pipelining-metadata", kinds_rows[i].kinds);
        assert_kinds(kinds_rows[i].full, "--pipelining-full", kinds_rows[i].kinds);
    }
}

// The requests that rules_rust makes: what each of them declares, and nothing else (A5).
static void a_request_takes_what_it_declares(void **state)
{
    (void)state;
    static const char *const requests[][2] = {
        {LIB "--out-dir=d --emit=metadata=d/_pipeline/libx.rmeta --emit=dep-info,link "
             "--pipelining-metadata --pipelining-key=k",
         "/b/d/_pipeline/libx.rmeta "},
        {LIB "--out-dir=d --emit=dep-info,link --pipelining-full --pipelining-key=k "
             "--pipelining-rlib-path=d/libx.rlib --pipelining-rmeta-path=d/_pipeline/libx.rmeta",
         "/b/d/libx.rlib expects /b/d/_pipeline/libx.rmeta"},
        {LIB "--out-dir=d --emit=dep-info,link", "and all to /b/d"},
    };
    for (size_t i = 0; i < COUNT(requests); i++) {
        struct asked asked = {"", "rustc", requests[i][0], "/b", ""};
        struct invocation invocation = {0};
        struct failure why;
        struct bytes got = {0};
        assert_true(asked_build(&asked, &invocation, &why));
        const struct delivery *delivery = &invocation.delivery;
        for (size_t j = 0; j < delivery->artifact_count; j++) {
            const char *to = delivery->artifacts[j].to;
            bytes_append_format(&got, "%s%s", to == NULL ? "" : to, to == NULL ? "" : " ");
        }
        bytes_append_format(&got, "%s%s", delivery->out_dir == NULL ? "" : "and all to ",
                            delivery->out_dir == NULL ? "" : delivery->out_dir);
        bytes_append_format(&got, "%s%s", delivery->expected_rmeta == NULL ? "" : "expects ",
                            delivery->expected_rmeta == NULL ? "" : delivery->expected_rmeta);
        assert_text(requests[i][0], &got, requests[i][1]);
        invocation_finish(&invocation);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stages_and_keys_are_read),
        cmocka_unit_test(startup_and_request_are_merged),
        cmocka_unit_test(unstable_features_must_be_named),
        cmocka_unit_test(the_program_s_own_environment_is_the_base),
        cmocka_unit_test(keys_are_capped),
        cmocka_unit_test(both_stages_emit_the_same_kinds),
        cmocka_unit_test(a_request_takes_what_it_declares),
    };
    return cmocka_run_group_tests(tests, write_files, temp_dir_remove);
}
