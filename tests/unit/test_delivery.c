// What a request takes from a compile, and where it goes.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "rustc/delivery.h"
#include "words.h"

struct delivery_row {
    const char *name;
    enum stage stage;
    enum command_outputs outputs;
    const char *words;    // what says where outputs go
    const char *rlib;     // --pipelining-rlib-path
    const char *expected; // artifacts as "link/x>/b/d/x(d/x)", "-" undelivered; then the folder
};

#define LIB "--crate-name=x --crate-type=lib -Cextra-filename=-1 "
#define PIPELINED "--emit=metadata=d/_pipeline/libx-1.rmeta --emit=dep-info,link --out-dir=d"
#define NOT_RMETA "libx-1.rmeta>-(d/libx-1.rmeta)"

static const struct delivery_row rows[] = {
    {"metadata takes the .rmeta only", STAGE_METADATA, OUTPUTS_LIBRARY, LIB PIPELINED, NULL,
     "x-1.d>-(d/x-1.d) libx-1.rlib>-(d/libx-1.rlib) "
     "libx-1.rmeta>/b/d/_pipeline/libx-1.rmeta(d/_pipeline/libx-1.rmeta) as 'd/'"},
    {"metadata without a path goes to --out-dir", STAGE_METADATA, OUTPUTS_LIBRARY,
     LIB "--emit=metadata,link --out-dir=d", NULL,
     "libx-1.rlib>-(d/libx-1.rlib) libx-1.rmeta>/b/d/libx-1.rmeta(d/libx-1.rmeta) "
     "as 'd/'"},
    {"metadata: other kinds with a path stay", STAGE_METADATA, OUTPUTS_LIBRARY,
     LIB "--emit=metadata=m,dep-info=i,link=l", NULL,
     "x-1.d>-(i) libx-1.rlib>-(l) libx-1.rmeta>/b/m(m) as ''"},

    {"full takes the rlib", STAGE_FULL, OUTPUTS_LIBRARY,
     LIB "--emit=dep-info,link,metadata "
         "--out-dir=d",
     NULL, "x-1.d>-(d/x-1.d) libx-1.rlib>/b/d/libx-1.rlib(d/libx-1.rlib) " NOT_RMETA " as 'd/'"},
    {"full takes other kinds with a path, but the .rmeta", STAGE_FULL, OUTPUTS_LIBRARY,
     LIB "--emit=dep-info=i.d,asm=/abs/s,link=l.rlib,metadata=m --out-dir=d", NULL,
     "x-1.s>/abs/s(/abs/s) x-1.d>/b/i.d(i.d) libx-1.rlib>/b/l.rlib(l.rlib) "
     "libx-1.rmeta>-(m) as 'd/'"},
    {"full: the rlib's own flag", STAGE_FULL, OUTPUTS_LIBRARY, LIB "--emit=link,metadata",
     "r/y.rlib", "libx-1.rlib>/b/r/y.rlib(r/y.rlib) libx-1.rmeta>-(libx-1.rmeta) as ''"},
    {"full: it says more than --out-dir", STAGE_FULL, OUTPUTS_LIBRARY,
     LIB "--emit=link --out-dir=d", "r/y.rlib", "libx-1.rlib>/b/r/y.rlib(r/y.rlib) as 'd/'"},
    {"full: --emit says more than that flag", STAGE_FULL, OUTPUTS_LIBRARY, LIB "--emit=link=l.rlib",
     "r/y.rlib", "libx-1.rlib>/b/l.rlib(l.rlib) as ''"},
    {"full without any place", STAGE_FULL, OUTPUTS_LIBRARY, LIB "--emit=link", NULL,
     "libx-1.rlib>/b/libx-1.rlib(libx-1.rlib) as ''"},

    {"full with more files than --emit names", STAGE_FULL, OUTPUTS_LIBRARY,
     LIB "--emit=link=l --out-dir=d -Csave-temps", NULL,
     "link/libx-1.rlib>/b/l(l) to /b/d as 'd/'"},

    {"all takes kinds with a path, and the folder", STAGE_ALL, OUTPUTS_PRIVATE,
     "--emit=link=p/prog,metadata=m,dep-info --out-dir=d", NULL,
     "link/prog>/b/p/prog(p/prog) metadata/m>/b/m(m) to /b/d as 'd/'"},
    {"all: only --out-dir", STAGE_ALL, OUTPUTS_PRIVATE, "--emit=link,dep-info --out-dir=/abs/d",
     NULL, " to /abs/d as '/abs/d/'"},
    {"all: -o", STAGE_ALL, OUTPUTS_PRIVATE, "-o d/e/prog", NULL, " to /b/d/e as 'd/e/'"},
    {"all: -o without a directory", STAGE_ALL, OUTPUTS_PRIVATE, "-o prog", NULL, " to /b/. as ''"},
    {"all: -o says more than --out-dir", STAGE_ALL, OUTPUTS_PRIVATE, "-o d/prog --out-dir=e", NULL,
     " to /b/d as 'd/'"},
    {"all: in the directory where it runs", STAGE_ALL, OUTPUTS_PRIVATE,
     "--emit=link=/w/d/prog --out-dir=/w/e", NULL,
     "link/prog>/b/d/prog(/p/d/prog) to /b/e as '/p/e/'"},
    {"all: -o with more slashes than needed", STAGE_ALL, OUTPUTS_PRIVATE, "-o d//e//prog", NULL,
     " to /b/d//e as 'd//e/'"},
    {"all: --out-dir with a slash behind", STAGE_ALL, OUTPUTS_PRIVATE, "--emit=link --out-dir=d/",
     NULL, " to /b/d/ as 'd/'"},
    {"all: no place", STAGE_ALL, OUTPUTS_PRIVATE, "x.rs", NULL, " to /b/. as ''"},
    {"all: stdout is not placed", STAGE_ALL, OUTPUTS_PRIVATE, "--emit=asm=-", NULL,
     " to /b/. as ''"},

    {"direct: the tool has placed everything", STAGE_ALL, OUTPUTS_DIRECT,
     "--emit=link=p/prog --out-dir=d", NULL, ""},
};

static void append_delivery(struct bytes *got, const struct delivery *delivery)
{
    for (size_t i = 0; i < delivery->artifact_count; i++) {
        const struct artifact *artifact = &delivery->artifacts[i];
        assert_ptr_equal(delivery_artifact(delivery, artifact->kind), artifact);
        if (strchr(artifact->from, '/') != NULL) { // a library's files have no folders
            assert_memory_equal(artifact->from, artifact->kind, strlen(artifact->kind));
        }
        bytes_append_format(got, "%s%s>%s(%s)", i == 0 ? "" : " ", artifact->from,
                            artifact->to == NULL ? "-" : artifact->to, artifact->written);
    }
    if (delivery->out_dir != NULL) {
        bytes_append_format(got, " to %s", delivery->out_dir);
    }
    if (delivery->written_out_dir != NULL) {
        bytes_append_format(got, " as '%s'", delivery->written_out_dir);
    }
}

static void row_holds(const struct delivery_row *row)
{
    struct strlist words = words_of(row->words);
    struct command command = {.outputs = row->outputs, .working_dir = mem_dup("/w")};
    struct flag_values startup = {0};
    struct flag_values request = {0};
    struct delivery delivery = {0};
    struct failure why;
    struct bytes got = {0};
    assert_true(crate_args_read(&command.crate, &words, &why));
    command.redirection = redirection_of(&command.crate);
    if (row->rlib != NULL) {
        strlist_push(&request.of[FLAG_PIPELINING_RLIB_PATH], row->rlib);
    }
    struct delivery_source source = {.stage = row->stage,
                                     .command = &command,
                                     .startup = &startup,
                                     .request = &request,
                                     .request_dir = "/b",
                                     .plain_dir = "/p"};
    assert_true(delivery_build(&delivery, &source, &why));
    append_delivery(&got, &delivery);
    assert_text(row->name, &got, row->expected);
    assert_null(delivery_artifact(&delivery, "no such kind"));
    delivery_finish(&delivery);
    delivery_finish(&delivery);
    flag_values_finish(&request);
    command_finish(&command);
    strlist_finish(&words);
}

static void only_what_is_declared_is_taken(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        row_holds(&rows[i]);
    }
}

struct files_row {
    const char *startup;
    const char *request;  // as words of a request
    const char *expected; // the files, or '!' and the failure
};

static const struct files_row files_rows[] = {
    {"", "", "- - - - - - -"},
    {"--output-file f --stdout-file o --stderr-file /e --touch-file d/t --copy-output a b", "",
     "- /b/f /b/o /e /b/d/t /b/a /b/b"},
    {"", "--output-file=g", "- /b/g - - - - -"},
    {"--output-file f", "--output-file=g", "- /b/g - - - - -"},
    {"", "--pipelining-rmeta-path=d/m", "/b/d/m - - - - - -"},
    {"", "--pipelining-rmeta-path=/d/m", "/d/m - - - - - -"},
    {"--copy-output a a", "", "!--copy-output: 'a' would be copied to itself"},
};

static void append_path(struct bytes *got, const char *path)
{
    bytes_append_format(got, "%s%s", got->len == 0 ? "" : " ", path == NULL ? "-" : path);
}

static void append_files(struct bytes *got, const struct delivery *delivery)
{
    append_path(got, delivery->expected_rmeta);
    append_path(got, delivery->output_file);
    append_path(got, delivery->stdout_file);
    append_path(got, delivery->stderr_file);
    append_path(got, delivery->touch_file);
    append_path(got, delivery->copy_from);
    append_path(got, delivery->copy_to);
}

static void files_row_holds(const struct files_row *row)
{
    struct strlist startup_words = words_of(row->startup);
    struct strlist request_words = words_of(row->request);
    struct command command = {.outputs = OUTPUTS_DIRECT, .working_dir = mem_dup("/b")};
    struct flag_values startup = {0};
    struct flag_values request = {0};
    struct delivery delivery = {0};
    struct failure why;
    struct bytes got = {0};
    size_t used = 0;
    assert_true(flags_read_startup(&startup_words, &startup, &used, &why));
    if (request_words.count > 0) {
        assert_true(flags_read_request_word(&request_words, 0, &request, &used, &why));
    }
    struct delivery_source source = {.command = &command,
                                     .startup = &startup,
                                     .request = &request,
                                     .request_dir = "/b",
                                     .plain_dir = "/b"};
    if (delivery_build(&delivery, &source, &why)) {
        append_files(&got, &delivery);
    } else {
        bytes_append_format(&got, "!%s", why.text);
    }
    assert_text(row->startup, &got, row->expected);
    delivery_finish(&delivery);
    command_finish(&command);
    flag_values_finish(&startup);
    flag_values_finish(&request);
    strlist_finish(&startup_words);
    strlist_finish(&request_words);
}

static void files_beside_the_outputs_are_absolute(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(files_rows); i++) {
        files_row_holds(&files_rows[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_what_is_declared_is_taken),
        cmocka_unit_test(files_beside_the_outputs_are_absolute),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
