// What rustc's arguments say of a crate and of its outputs.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "rustc/crate_args.h"
#include "words.h"

#include <stdlib.h>

static void append_option(struct bytes *got, const char *name, const char *value)
{
    if (value != NULL && value[0] != '\0') {
        bytes_append_format(got, " %s=%s", name, value);
    }
}

// "emit=dep-info,link:p dir=d o=f name=x extra=-1 types=[lib] rest=[…]", only what there is.
static void append_args(struct bytes *got, const struct crate_args *args)
{
    bytes_append_text(got, "emit=");
    for (size_t i = 0; i < args->emit_count; i++) {
        const struct emit *emit = &args->emits[i];
        bytes_append_format(got, "%s%s", i == 0 ? "" : ",", emit->kind);
        bytes_append_format(got, "%s%s", emit->path == NULL ? "" : ":",
                            emit->path == NULL ? "" : emit->path);
    }
    append_option(got, "dir", args->out_dir);
    append_option(got, "o", args->output);
    append_option(got, "name", args->crate_name);
    append_option(got, "extra", args->extra_filename);
    if (args->crate_types.count > 0) {
        bytes_append_text(got, " types=");
        append_words(got, &args->crate_types);
    }
    if (args->rest.count > 0) {
        bytes_append_text(got, " rest=");
        append_words(got, &args->rest);
    }
}

struct args_row {
    const char *words;
    const char *expected;
};

static const struct args_row rows[] = {
    {"", "emit=link"},
    {"lib.rs", "emit=link rest=[lib.rs]"},

    {"--emit a", "emit=a"},
    {"--emit=a", "emit=a"},
    {"--emit a,b=p", "emit=a,b:p"},
    {"--emit=b=p,a", "emit=a,b:p"},
    {"--emit=b --emit=a", "emit=a,b"},
    {"--emit a --emit a", "emit=a"},
    {"--emit=a=p --emit=a", "emit=a"}, // as rustc does
    {"--emit=a --emit=a=p", "emit=a:p"},
    {"--emit=a=p,a=q", "emit=a:q"},
    {"--emit=a=p=q", "emit=a:p=q"},
    {"--emit=a=-", "emit=a:-"},
    {"--emit=metadata=d/_pipeline/libx.rmeta --emit=dep-info,link",
     "emit=dep-info,link,metadata:d/_pipeline/libx.rmeta"},
    {"x --emit", "emit=link rest=[x][--emit]"},
    {"--emits=a --emit-x b", "emit=link rest=[--emits=a][--emit-x][b]"},

    {"-o P", "emit=link o=P"},
    {"-oP", "emit=link o=P"},
    {"-o d/P x", "emit=link o=d/P rest=[x]"},
    {"-o=P", "emit=link o==P"}, // as rustc reads it
    {"-o", "emit=link rest=[-o]"},
    {"--out-dir D", "emit=link dir=D"},
    {"--out-dir=D", "emit=link dir=D"},
    {"--out-dir=D -o P", "emit=link dir=D o=P"},
    {"--out-dirs=D", "emit=link rest=[--out-dirs=D]"},

    {"-C extra-filename=-1", "emit=link extra=-1 rest=[-C][extra-filename=-1]"},
    {"-Cextra-filename=-1", "emit=link extra=-1 rest=[-Cextra-filename=-1]"},
    {"--codegen extra-filename=-1", "emit=link extra=-1 rest=[--codegen][extra-filename=-1]"},
    {"--codegen=extra-filename=-1", "emit=link extra=-1 rest=[--codegen=extra-filename=-1]"},
    {"-Cextra_filename=-1", "emit=link extra=-1 rest=[-Cextra_filename=-1]"}, // as rustc does
    {"-Cextra-filename=-1 -Cextra-filename=-2",
     "emit=link extra=-2 rest=[-Cextra-filename=-1][-Cextra-filename=-2]"},
    {"-Cmetadata=-1 -C opt-level=3", "emit=link rest=[-Cmetadata=-1][-C][opt-level=3]"},

    {"--crate-type lib", "emit=link types=[lib] rest=[--crate-type][lib]"},
    {"--crate-type=lib", "emit=link types=[lib] rest=[--crate-type=lib]"},
    {"--crate-type a,b", "emit=link types=[a][b] rest=[--crate-type][a,b]"},
    {"--crate-type=a --crate-type=b",
     "emit=link types=[a][b] rest=[--crate-type=a][--crate-type=b]"},
    {"--crate-name x", "emit=link name=x rest=[--crate-name][x]"},
    {"--crate-name=x", "emit=link name=x rest=[--crate-name=x]"},

    {"z -O --emit=a y --out-dir d x -o o w --crate-name c --cfg b -L a",
     "emit=a dir=d o=o name=c rest=[z][-O][y][x][w][--crate-name][c][--cfg][b][-L][a]"},
};

static void arguments_are_taken_apart(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct strlist words = words_of(rows[i].words);
        struct crate_args args = {0};
        struct failure why;
        struct bytes got = {0};
        assert_true(crate_args_read(&args, &words, &why));
        append_args(&got, &args);
        assert_text(rows[i].words, &got, rows[i].expected);
        crate_args_finish(&args);
        crate_args_finish(&args);
        strlist_finish(&words);
    }
}

static void an_empty_output_is_refused(void **state)
{
    (void)state;
    struct strlist words = words_of("-o");
    struct crate_args args = {0};
    struct failure why;
    strlist_push(&words, "");
    assert_false(crate_args_read(&args, &words, &why));
    assert_string_equal(why.text, "-o needs a file name");
    crate_args_finish(&args);
    strlist_finish(&words);
}

static void kinds_are_added(void **state)
{
    (void)state;
    struct strlist words = words_of("--emit=link=l,mir");
    struct crate_args args = {0};
    struct failure why;
    struct bytes got = {0};
    assert_true(crate_args_read(&args, &words, &why));
    assert_null(crate_args_emit(&args, "metadata"));
    assert_null(crate_args_emit(&args, "lin"));
    crate_args_need_emit(&args, "metadata");
    crate_args_need_emit(&args, "link");
    append_args(&got, &args);
    assert_text("added", &got, "emit=link:l,metadata,mir");
    crate_args_finish(&args);
    strlist_finish(&words);
}

struct library_row {
    const char *words;
    bool is_library;
};

static const struct library_row library_rows[] = {
    {"--crate-type=lib", true},
    {"--crate-type rlib", true},
    {"", false},
    {"--crate-type=bin", false},
    {"--crate-type=dylib", false},
    {"--crate-type=cdylib", false},
    {"--crate-type=staticlib", false},
    {"--crate-type=proc-macro", false},
    {"--crate-type=lib,cdylib", false},
    {"--crate-type=lib --crate-type=staticlib", false},
    {"--crate-type=", false},
    {"--test", false},
};

static void libraries_are_known(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(library_rows); i++) {
        struct strlist words = words_of(library_rows[i].words);
        struct crate_args args = {0};
        struct failure why;
        assert_true(crate_args_read(&args, &words, &why));
        assert_int_equal(crate_args_is_library(&args), library_rows[i].is_library);
        crate_args_finish(&args);
        strlist_finish(&words);
    }
}

// As rustc itself names them (seen: rustc 1.95 --crate-type=lib --emit=… -Cextra-filename=-1).
static const struct args_row name_rows[] = {
    {"link", "libx-1.rlib"},
    {"metadata", "libx-1.rmeta"},
    {"dep-info", "x-1.d"},
    {"asm", "x-1.s"},
    {"llvm-ir", "x-1.ll"},
    {"llvm-bc", "x-1.bc"},
    {"mir", "x-1.mir"},
    {"obj", "x-1.o"},
    {"thin-link-bitcode", "x-1.indexing.o"},
    {"", NULL},
};

static void outputs_of_a_library_have_names(void **state)
{
    (void)state;
    struct strlist words = words_of("--crate-name=x --crate-type=lib -Cextra-filename=-1");
    struct crate_args args = {0};
    struct failure why;
    assert_true(crate_args_read(&args, &words, &why));
    for (size_t i = 0; i < COUNT(name_rows); i++) {
        char *name = crate_args_library_output(&args, name_rows[i].words);
        assert_int_equal(name == NULL, name_rows[i].expected == NULL);
        if (name != NULL) {
            assert_string_equal(name, name_rows[i].expected);
        }
        free(name);
    }
    crate_args_finish(&args);
    strlist_finish(&words);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(arguments_are_taken_apart),
        cmocka_unit_test(an_empty_output_is_refused),
        cmocka_unit_test(kinds_are_added),
        cmocka_unit_test(libraries_are_known),
        cmocka_unit_test(outputs_of_a_library_have_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
