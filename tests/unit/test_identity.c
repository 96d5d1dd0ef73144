// Which requests are the same compile.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "asked.h"
#include "rustc/identity.h"

#include <stdlib.h>

struct variant {
    const char *name;
    struct asked asked;
    const char *inputs; // "path#digest" each
};

#define STARTUP "--subst pwd=${pwd}"
#define TOOL "rustc"
#define ENV "A=1 RUSTC_BOOTSTRAP=1"
#define CRATE                                                                                      \
    "src/lib.rs --crate-name=x --crate-type=rlib --error-format=json --out-dir=d -Cmetadata=-1 "
#define METADATA                                                                                   \
    "--emit=metadata=d/_pipeline/libx.rmeta --emit=dep-info,link --pipelining-metadata "           \
    "--pipelining-key=k"
#define FULL                                                                                       \
    "--emit=dep-info,link --pipelining-full --pipelining-key=k "                                   \
    "--pipelining-rlib-path=d/libx.rlib --pipelining-rmeta-path=d/_pipeline/libx.rmeta"
#define SHARED "src/lib.rs#1 d/libdep.rmeta#2 rustc#3"
#define OWN_METADATA "d/_pipeline/libx.rmeta-0.params#p"
#define OWN_FULL "d/libx.rlib-0.params#q d/_pipeline/libx.rmeta#m"

static const struct variant metadata_request = {
    "the metadata request", {STARTUP, TOOL, CRATE METADATA, "/b", ENV}, SHARED " " OWN_METADATA};

static const struct variant same[] = {
    {"the same again", {STARTUP, TOOL, CRATE METADATA, "/b", ENV}, SHARED " " OWN_METADATA},
    {"the full request", {STARTUP, TOOL, CRATE FULL, "/b", ENV}, SHARED " " OWN_FULL},
    {"another order of inputs",
     {STARTUP, TOOL, CRATE FULL, "/b", ENV},
     "d/_pipeline/libx.rmeta#m rustc#3 d/libdep.rmeta#2 src/lib.rs#1 d/libx.rlib-0.params#q"},
    {"no param file, no metadata", {STARTUP, TOOL, CRATE FULL, "/b", ENV}, SHARED},
    {"other digests of its own inputs",
     {STARTUP, TOOL, CRATE FULL, "/b", ENV},
     SHARED " d/libx.rlib-0.params#other d/_pipeline/libx.rmeta#other"},
    {"another number of the param file",
     {STARTUP, TOOL, CRATE FULL, "/b", ENV},
     SHARED " d/libx.rlib-12.params#q"},
    {"another order of environment",
     {STARTUP, TOOL, CRATE FULL, "/b", "RUSTC_BOOTSTRAP=1 A=1"},
     SHARED},
    {"outputs elsewhere",
     {STARTUP, TOOL,
      CRATE "--out-dir=e --emit=link=e/libx.rlib,dep-info=e/x.d --pipelining-full "
            "--pipelining-key=k",
      "/b", ENV},
     SHARED " e/libx.rlib-0.params#q"},
    {"another key", {STARTUP, TOOL, CRATE FULL "2", "/b", ENV}, SHARED},
    {"other files beside the outputs",
     {STARTUP " --touch-file t", TOOL, CRATE FULL " --output-file=f", "/b", ENV},
     SHARED},
};

static const struct variant different[] = {
    {"another digest",
     {STARTUP, TOOL, CRATE FULL, "/b", ENV},
     "src/lib.rs#9 d/libdep.rmeta#2 rustc#3"},
    {"another tool's digest",
     {STARTUP, TOOL, CRATE FULL, "/b", ENV},
     "src/lib.rs#1 d/libdep.rmeta#2 rustc#9"},
    {"a missing input", {STARTUP, TOOL, CRATE FULL, "/b", ENV}, "src/lib.rs#1 rustc#3"},
    {"an extra input", {STARTUP, TOOL, CRATE FULL, "/b", ENV}, SHARED " src/m.rs#4"},
    {"an input renamed",
     {STARTUP, TOOL, CRATE FULL, "/b", ENV},
     "src/main.rs#1 d/libdep.rmeta#2 rustc#3"},
    {"two digests exchanged",
     {STARTUP, TOOL, CRATE FULL, "/b", ENV},
     "src/lib.rs#2 d/libdep.rmeta#1 rustc#3"},
    {"where path and digest part",
     {STARTUP, TOOL, CRATE FULL, "/b", ENV},
     "src/lib.r#s1 d/libdep.rmeta#2 rustc#3"},
    {"another value in the environment",
     {STARTUP, TOOL, CRATE FULL, "/b", "A=2 RUSTC_BOOTSTRAP=1"},
     SHARED},
    {"another name in the environment",
     {STARTUP, TOOL, CRATE FULL, "/b", "B=1 RUSTC_BOOTSTRAP=1"},
     SHARED},
    {"less environment", {STARTUP, TOOL, CRATE FULL, "/b", "A=1"}, SHARED},
    {"another argument", {STARTUP, TOOL, CRATE "-O " FULL, "/b", ENV}, SHARED},
    {"another order of arguments",
     {STARTUP, TOOL,
      "--crate-type=rlib --crate-name=x src/lib.rs --error-format=json --out-dir=d "
      "-Cmetadata=-1 " FULL,
      "/b", ENV},
     SHARED},
    {"another word of the tool's", {STARTUP, TOOL " -O", CRATE FULL, "/b", ENV}, SHARED},
    {"another tool", {STARTUP, "other/rustc", CRATE FULL, "/b", ENV}, SHARED},
    {"another working directory", {STARTUP, TOOL, CRATE FULL, "/c", ENV}, SHARED},
    {"another kind of output", {STARTUP, TOOL, CRATE "--emit=asm " FULL, "/b", ENV}, SHARED},

    {"another output's param file",
     {STARTUP, TOOL, CRATE FULL, "/b", ENV},
     SHARED " d/liby.rlib-0.params#q"},
    {"a param file of the other request",
     {STARTUP, TOOL, CRATE FULL, "/b", ENV},
     SHARED " " OWN_METADATA},
    {"no number in the param file's name",
     {STARTUP, TOOL, CRATE FULL, "/b", ENV},
     SHARED " d/libx.rlib-.params#q"},
    {"no param file's name",
     {STARTUP, TOOL, CRATE FULL, "/b", ENV},
     SHARED " d/libx.rlib-0.params.rs#q"},
    {"no dash in the param file's name",
     {STARTUP, TOOL, CRATE FULL, "/b", ENV},
     SHARED " d/libx.rlib0.params#q"},
    {"its name elsewhere",
     {STARTUP, TOOL, CRATE FULL, "/b", ENV},
     SHARED " e/d/libx.rlib-0.params#q"},
    {"another crate's metadata",
     {STARTUP, TOOL, CRATE FULL, "/b", ENV},
     SHARED " d/_pipeline/liby.rmeta#m"},
    {"the rlib itself as an input",
     {STARTUP, TOOL, CRATE FULL, "/b", ENV},
     SHARED " d/libx.rlib#r"},
};

#define PROGRAM                                                                                    \
    "src/main.rs --crate-name=x --crate-type=bin --emit=link=d/x --out-dir=d --pipelining-key=k "  \
    "--pipelining-stamp=d/x.stamp --pipelining-dependency=d/libdep.rmeta=d/libdep.rlib "
#define CODEGEN_INPUTS "src/main.rs#1 rustc#3 d/libdep.rmeta#2 d/x.stamp-0.params#p"
#define LINK_INPUTS "src/main.rs#1 rustc#3 d/libdep.rlib#4 d/x-0.params#q d/x.stamp#s"

static const struct variant codegen_request = {
    "the codegen request",
    {STARTUP, TOOL, PROGRAM "--pipelining-codegen", "/b", ENV},
    CODEGEN_INPUTS};

static const struct variant same_program[] = {
    {"the link request", {STARTUP, TOOL, PROGRAM "--pipelining-link", "/b", ENV}, LINK_INPUTS},
    // Their contents are compared when a request would join.
    {"other rlibs",
     {STARTUP, TOOL, PROGRAM "--pipelining-link", "/b", ENV},
     "src/main.rs#1 rustc#3 d/libdep.rlib#other"},
};

#define PORTABLE                                                                                   \
    "src/main.rs --crate-name=x --crate-type=bin --emit=link=d/x --out-dir=d --pipelining-key=k "  \
    "--pipelining-objects=d/x.o --pipelining-dependency=d/libdep.rmeta=d/libdep.rlib "

static const struct variant portable_request = {
    "the codegen request with objects",
    {STARTUP, TOOL, PORTABLE "--pipelining-codegen", "/b", ENV},
    "src/main.rs#1 d/libdep.rmeta#2 d/x.o-0.params#p"};

static const struct variant same_portable[] = {
    {"the link request with objects",
     {STARTUP, TOOL, PORTABLE "--pipelining-link", "/b", ENV},
     "src/main.rs#1 d/libdep.rlib#4 d/x-0.params#q d/x.o/record#r d/x.o/objects/out/x.o#s"},
    {"a directory as an input",
     {STARTUP, TOOL, PORTABLE "--pipelining-link", "/b", ENV},
     "src/main.rs#1 d/libdep.rlib#4 d/x.o#r"},
};

static const struct variant different_portable[] = {
    {"a file beside the directory",
     {STARTUP, TOOL, PORTABLE "--pipelining-link", "/b", ENV},
     "src/main.rs#1 d/libdep.rlib#4 d/x.other#r"},
    {"a directory elsewhere",
     {STARTUP, TOOL, PORTABLE "--pipelining-link", "/b", ENV},
     "src/main.rs#1 d/libdep.rlib#4 e/d/x.o/record#r"},
};

static const struct variant different_program[] = {
    {"another source",
     {STARTUP, TOOL, PROGRAM "--pipelining-link", "/b", ENV},
     "src/main.rs#9 rustc#3 d/libdep.rlib#4"},
    {"another library",
     {STARTUP, TOOL, PROGRAM "--pipelining-link --pipelining-dependency=a.rmeta=a.rlib", "/b", ENV},
     LINK_INPUTS},
    {"another input",
     {STARTUP, TOOL, PROGRAM "--pipelining-link", "/b", ENV},
     LINK_INPUTS " d/libmacro.so#5"},
    {"another name of the program",
     {STARTUP, TOOL, PROGRAM "--pipelining-link --emit=link=d/y", "/b", ENV},
     "src/main.rs#1 rustc#3 d/libdep.rlib#4"},
};

static const struct variant without[] = {
    {"no stage", {STARTUP, TOOL, PROGRAM, "/b", ENV}, LINK_INPUTS},
    {"no inputs", {STARTUP, TOOL, CRATE FULL, "/b", ENV}, ""},
    {"no inputs but its own", {STARTUP, TOOL, CRATE FULL, "/b", ENV}, OWN_FULL},
    {"an input without a digest", {STARTUP, TOOL, CRATE FULL, "/b", ENV}, SHARED " src/data#"},
    {"inputs without digests", {STARTUP, TOOL, CRATE FULL, "/b", ENV}, "src# rustc#"},
};

static struct input *inputs_of(const struct strlist *words)
{
    struct input *inputs = mem_zalloc_array(words->count, sizeof inputs[0]);
    for (size_t i = 0; i < words->count; i++) {
        char *hash = strchr(words->items[i], '#');
        assert_non_null(hash);
        *hash = '\0';
        inputs[i] = (struct input){words->items[i], hash + 1, strlen(hash + 1)};
    }
    return inputs;
}

static bool has_identity(const struct variant *variant, struct digest *ret_identity)
{
    struct invocation invocation = {0};
    struct failure why;
    struct strlist words = words_of(variant->inputs);
    struct input *inputs = inputs_of(&words);
    if (!asked_build(&variant->asked, &invocation, &why)) {
        fail_msg("%s: %s", variant->name, why.text);
    }
    input_sort(inputs, words.count);
    bool has = identity_of(&invocation, inputs, words.count, ret_identity);
    free(inputs);
    strlist_finish(&words);
    invocation_finish(&invocation);
    return has;
}

static struct digest identity_of_variant(const struct variant *variant)
{
    struct digest identity = {{0}};
    if (!has_identity(variant, &identity)) {
        fail_msg("%s has no identity", variant->name);
    }
    return identity;
}

static void assert_pair(const struct variant *left, const struct variant *right, bool equal)
{
    struct digest one = identity_of_variant(left);
    struct digest other = identity_of_variant(right);
    if (digest_equal(&one, &other) != equal) {
        fail_msg("%s %s %s", left->name, equal ? "is not" : "is", right->name);
    }
}

static void assert_all(const struct variant *variants, size_t count, bool equal)
{
    for (size_t i = 0; i < count; i++) {
        assert_pair(&variants[i], &metadata_request, equal);
    }
}

static void requests_of_one_compile_are_equal(void **state)
{
    (void)state;
    assert_all(same, COUNT(same), true);
}

static void requests_of_one_program_are_equal(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(same_program); i++) {
        assert_pair(&same_program[i], &codegen_request, true);
    }
    for (size_t i = 0; i < COUNT(same_portable); i++) {
        assert_pair(&same_portable[i], &portable_request, true);
    }
}

static void anything_else_makes_another_program(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(different_program); i++) {
        assert_pair(&different_program[i], &codegen_request, false);
    }
    for (size_t i = 0; i < COUNT(different_portable); i++) {
        assert_pair(&different_portable[i], &portable_request, false);
    }
    assert_pair(&codegen_request, &metadata_request, false);
}

static void anything_rustc_sees_makes_a_difference(void **state)
{
    (void)state;
    assert_all(different, COUNT(different), false);
}

static void different_ones_differ_from_each_other(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(different); i++) {
        for (size_t j = 0; j < i; j++) {
            assert_pair(&different[i], &different[j], false);
        }
    }
}

static void doubt_is_doubt(void **state)
{
    (void)state;
    struct digest ignored;
    for (size_t i = 0; i < COUNT(without); i++) {
        if (has_identity(&without[i], &ignored)) {
            fail_msg("%s has an identity", without[i].name);
        }
    }
}

// Without split debug information the output directory does not count.
static void the_folder_of_split_debug_information_counts(void **state)
{
    (void)state;
    const struct variant one = {
        "d", {STARTUP, TOOL, CRATE "-Csplit-debuginfo=packed " FULL, "/b", ENV}, SHARED};
    const struct variant other = {
        "e",
        {STARTUP, TOOL, CRATE "-Csplit-debuginfo=packed --out-dir=e " FULL, "/b", ENV},
        SHARED};
    assert_pair(&one, &other, false);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(doubt_is_doubt),
        cmocka_unit_test(the_folder_of_split_debug_information_counts),
        cmocka_unit_test(requests_of_one_compile_are_equal),
        cmocka_unit_test(requests_of_one_program_are_equal),
        cmocka_unit_test(anything_else_makes_another_program),
        cmocka_unit_test(anything_rustc_sees_makes_a_difference),
        cmocka_unit_test(different_ones_differ_from_each_other),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
