// What holds a linked crate at a gate, and what stands in the way.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "asked.h"
#include "rustc/gating.h"

#include <stdlib.h>

#define STAGE                                                                                      \
    " --crate-name=x --emit=link=d/x --pipelining-codegen --pipelining-key=k "                     \
    "--pipelining-stamp=s --pipelining-dependency=m/libp.rmeta=a/libp.rlib "                       \
    "--pipelining-dependency=m/libq.rmeta=b/libq.rlib"

static struct invocation invocation_of(const char *words)
{
    struct invocation invocation = {0};
    struct failure why;
    char *request = mem_format("x.rs %s" STAGE, words);
    struct asked asked = {"--subst pwd=${pwd}", "rustc", request, "/w", ""};
    if (!asked_build(&asked, &invocation, &why)) {
        fail_msg("%s: %s", words, why.text);
    }
    free(request);
    return invocation;
}

struct obstacle_row {
    const char *words;
    const char *expected; // part of the reason, or "none"
};

static const struct obstacle_row obstacles[] = {
    {"--crate-type=bin", "none"},
    {"--crate-type bin", "none"},
    {"--crate-type=proc-macro", "none"},
    {"--crate-type=cdylib", "none"},
    {"--crate-type=dylib,cdylib", "none"},
    {"--test", "none"},
    {"--test --crate-type=rlib", "none"},
    {"", "do not name the crate type"},
    {"--crate-type=staticlib", "no linker makes"},
    {"--crate-type=cdylib --crate-type=staticlib", "no linker makes"},
    {"--crate-type=rlib", "no linker makes"},
    {"--crate-type=bin -Clto", "LTO"},
    {"--crate-type=bin -C lto=fat", "LTO"},
    {"--crate-type=bin --codegen=lto=thin", "LTO"},
    {"--crate-type=bin --codegen lto=yes", "LTO"},
    {"--crate-type=bin -Clto=off", "none"},
    {"--crate-type=bin -Clto=no", "none"},
    {"--crate-type=bin -Clinker-plugin-lto", "linker's LTO"},
    {"--crate-type=bin -Clinker_plugin_lto=/plugin.so", "linker's LTO"},
    {"--crate-type=bin -Clinker-plugin-lto=no", "none"},
    {"--crate-type=bin -Zno-link", "-Z option"},
    {"--crate-type=bin -Z link-only", "-Z option"},
    {"--crate-type=bin -Zno_codegen", "-Z option"},
    {"--crate-type=bin -Zthreads=2", "none"},
    {"--crate-type=bin --print=link-args", "prints"},
    {"--crate-type=bin --target=t", "linker is not known"},
    {"--crate-type=bin --target t -Clinker=ld", "none"},
    {"--crate-type=bin -Cembed-bitcode=no -Copt-level=3", "none"},
};

static void obstacles_are_seen(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(obstacles); i++) {
        struct invocation invocation = invocation_of(obstacles[i].words);
        const char *reason = gating_obstacle(&invocation.command);
        if (strstr(reason == NULL ? "none" : reason, obstacles[i].expected) == NULL) {
            fail_msg("%s: %s", obstacles[i].words, reason == NULL ? "none" : reason);
        }
        invocation_finish(&invocation);
    }
}

static const struct obstacle_row record_obstacles[] = {
    {"--crate-type=bin", "none"},
    {"--crate-type=bin -Clto", "LTO"},
    {"--crate-type=bin -Csplit-debuginfo=packed", "debug information"},
    {"--crate-type=bin -C split_debuginfo=unpacked", "debug information"},
    {"--crate-type=bin -Csplit-debuginfo=off", "none"},
    {"--crate-type=bin -Csplit-debuginfo=packed -Csplit-debuginfo=off", "none"},
    {"--crate-type=bin --target=x86_64-unknown-linux-gnu -Clinker=ld", "none"},
    {"--crate-type=bin --target aarch64-apple-darwin -Clinker=ld", "after the link"},
};

static void what_follows_the_linker_is_an_obstacle(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(record_obstacles); i++) {
        struct invocation invocation = invocation_of(record_obstacles[i].words);
        const char *reason = gating_record_obstacle(&invocation.command);
        if (strstr(reason == NULL ? "none" : reason, record_obstacles[i].expected) == NULL) {
            fail_msg("%s: %s", record_obstacles[i].words, reason == NULL ? "none" : reason);
        }
        invocation_finish(&invocation);
    }
}

static void only_a_redirected_command_that_links_can_be_held(void **state)
{
    (void)state;
    struct invocation invocation = invocation_of("--crate-type=bin");
    invocation.command.outputs = OUTPUTS_DIRECT;
    assert_string_equal(gating_obstacle(&invocation.command),
                        "its tool cannot be told to write elsewhere");
    invocation.command.outputs = OUTPUTS_PRIVATE;
    free(invocation.command.crate.emits[0].kind);
    invocation.command.crate.emits[0].kind = mem_dup("metadata");
    assert_string_equal(gating_obstacle(&invocation.command), "it does not link");
    invocation_finish(&invocation);
}

struct text_row {
    const char *words;
    const char *expected;
};

static const struct text_row linkers[] = {
    {"", "cc"},
    {"-Clinker=/usr/bin/gcc", "/usr/bin/gcc"},
    {"-C linker=a -C linker=tools/ld", "tools/ld"},
    {"-Clinker=", "cc"},
    {"-Clinker-flavor=gnu-cc", "cc"},
};

static void the_last_linker_counts(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(linkers); i++) {
        struct invocation invocation = invocation_of(linkers[i].words);
        assert_string_equal(gating_linker(&invocation.command), linkers[i].expected);
        invocation_finish(&invocation);
    }
}

#define GATE "-Clinker=/p/gate/bin/cc"
#define BOTH " -Ldependency=/p/deps/0 -Ldependency=/p/deps/1 "

static const struct text_row rewritten[] = {
    {"-O", "x.rs -O --crate-name=x" BOTH GATE},
    {"--extern=p=a/libp.rlib", "x.rs --extern=p=/p/deps/0/libp.rlib --crate-name=x" BOTH GATE},
    {"--extern q=b/libq.rlib", "x.rs --extern=q=/p/deps/1/libq.rlib --crate-name=x" BOTH GATE},
    {"--extern=priv,noprelude:q=/w/b/libq.rlib",
     "x.rs --extern=priv,noprelude:q=/p/deps/1/libq.rlib --crate-name=x" BOTH GATE},
    {"--extern=proc_macro --extern=m=a/libm.so",
     "x.rs --extern=proc_macro --extern=m=a/libm.so --crate-name=x" BOTH GATE},
    {"-Ldependency=b -Ldependency=c -Ldependency=a",
     "x.rs -Ldependency=/p/deps/1 -Ldependency=c -Ldependency=/p/deps/0 --crate-name=x " GATE},
    {"-L dependency=/w/a", "x.rs -Ldependency=/p/deps/0 --crate-name=x "
                           "-Ldependency=/p/deps/1 " GATE},
    {"-Lcrate=a -Lnative=a", "x.rs -Lcrate=/p/deps/0 -Lnative=a --crate-name=x "
                             "-Ldependency=/p/deps/1 " GATE},
    {"-La -L all=b", "x.rs -L/p/deps/0 -Lnative=a -L/p/deps/1 -Lnative=b --crate-name=x " GATE},
    {"-Clinker=ld -C linker=ld -Clinker-flavor=f",
     "x.rs -Clinker-flavor=f --crate-name=x" BOTH GATE},
    {"-C opt-level=3 -L", "x.rs -C opt-level=3 -L --crate-name=x" BOTH GATE},
};

static void libraries_and_linker_are_taken_from_the_private_directory(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(rewritten); i++) {
        struct invocation invocation = invocation_of(rewritten[i].words);
        struct strlist argv = {0};
        struct bytes got = {0};
        gating_argv(&invocation.command, "/p", "/p/gate/bin/cc", &argv);
        append_line(&got, &argv);
        assert_text(rewritten[i].words, &got, rewritten[i].expected);
        strlist_finish(&argv);
        invocation_finish(&invocation);
    }
}

static void the_whole_command_is_redirected(void **state)
{
    (void)state;
    struct invocation invocation = invocation_of("--crate-type=bin");
    struct strlist argv = {0};
    struct bytes got = {0};
    struct strlist rest = {0};
    gating_argv(&invocation.command, "/p", "/p/gate/bin/cc", &rest);
    command_argv(&invocation.command, "/p", &rest, &argv);
    strlist_finish(&rest);
    append_line(&got, &argv);
    assert_text("gated", &got,
                "rustc x.rs --crate-type=bin --crate-name=x" BOTH GATE
                " --emit=link=/p/link/x --out-dir=/p/out");
    strlist_finish(&argv);
    invocation_finish(&invocation);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(obstacles_are_seen),
        cmocka_unit_test(what_follows_the_linker_is_an_obstacle),
        cmocka_unit_test(only_a_redirected_command_that_links_can_be_held),
        cmocka_unit_test(the_last_linker_counts),
        cmocka_unit_test(libraries_and_linker_are_taken_from_the_private_directory),
        cmocka_unit_test(the_whole_command_is_redirected),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
