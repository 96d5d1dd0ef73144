// The command of a compile: arguments, folders and names of artifacts.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "rustc/command.h"
#include "words.h"

#include <stdlib.h>

static void command_of(struct command *command, enum command_outputs outputs, const char *text)
{
    struct strlist words = words_of(text);
    struct failure why;
    command->tool = mem_dup("bin/rustc");
    command->outputs = outputs;
    assert_true(crate_args_read(&command->crate, &words, &why));
    command->redirection = redirection_of(&command->crate);
    if (outputs == OUTPUTS_DIRECT) {
        strlist_push_all(&command->words, &words);
    }
    strlist_finish(&words);
}

#define LIBRARY "--crate-name=x --crate-type=lib -Cextra-filename=-1"

struct command_row {
    const char *name;
    enum command_outputs outputs;
    const char *words;
    const char *argv;    // behind the tool; the private directory is /p
    const char *folders; // below it
};

static const struct command_row rows[] = {
    {"direct", OUTPUTS_DIRECT, "x.rs --emit=a=b,link -o d/p --out-dir=d -O",
     "x.rs --emit=a=b,link -o d/p --out-dir=d -O", ""},

    {"private: no output is named", OUTPUTS_PRIVATE, "x.rs -O",
     "x.rs -O --emit=link --out-dir=/p/out", "out"},
    {"private: --out-dir", OUTPUTS_PRIVATE, "--out-dir=d/e x.rs --emit=link,dep-info",
     "x.rs --emit=dep-info,link --out-dir=/p/out", "out"},
    {"private: a kind with a path", OUTPUTS_PRIVATE, "x.rs --emit=link=d/e/lib,asm --out-dir d",
     "x.rs --emit=asm,link=/p/link/lib --out-dir=/p/out", "out link"},
    {"private: two kinds of one name", OUTPUTS_PRIVATE, "x.rs --emit=asm=a/x,mir=b/x",
     "x.rs --emit=asm=/p/asm/x,mir=/p/mir/x --out-dir=/p/out", "out asm mir"},
    {"private: -o", OUTPUTS_PRIVATE, "-o d/prog x.rs", "x.rs --emit=link -o /p/out/prog", "out"},
    {"private: -o and --out-dir", OUTPUTS_PRIVATE, "x.rs --out-dir=e -o prog",
     "x.rs --emit=link --out-dir=/p/out -o /p/out/prog", "out"},
    {"private: a kind to stdout", OUTPUTS_PRIVATE, "x.rs --emit=asm=-,link",
     "x.rs --emit=asm=-,link --out-dir=/p/out", "out"},
    {"private: all to stdout", OUTPUTS_PRIVATE, "x.rs --emit=asm -o -", "x.rs --emit=asm -o -",
     "out"},
    {"private: kinds that no rustc has", OUTPUTS_PRIVATE, "x.rs --emit=../../x=y,UP=z,link=l",
     "x.rs --emit=../../x=y,UP=z,link=/p/link/l --out-dir=/p/out", "out link"},
    {"private: the last of a kind counts", OUTPUTS_PRIVATE, "x.rs --emit=link=l --emit=link",
     "x.rs --emit=link --out-dir=/p/out", "out"},
    {"private: split debug information", OUTPUTS_PRIVATE, "x.rs -Csplit-debuginfo=packed -o d/l",
     "x.rs -Csplit-debuginfo=packed --emit=link -o /p/out/l --remap-path-prefix=/p/out=d", "out"},
    {"private: order stays", OUTPUTS_PRIVATE, "-C a --emit=link z.rs --out-dir=d -O -L y",
     "-C a z.rs -O -L y --emit=link --out-dir=/p/out", "out"},

    {"library", OUTPUTS_LIBRARY, LIBRARY " --emit=metadata=d/_pipeline/m,dep-info,link --out-dir=d",
     LIBRARY " --emit=dep-info=/p/x-1.d,link=/p/libx-1.rlib,"
             "metadata=/p/libx-1.rmeta --out-dir=/p",
     ""},
    {"library: its names count, not the paths", OUTPUTS_LIBRARY,
     LIBRARY " --emit=link=d/other.rlib", LIBRARY " --emit=link=/p/libx-1.rlib --out-dir=/p", ""},
    {"library: a kind without a name of its own", OUTPUTS_LIBRARY, LIBRARY " --emit=link,other",
     LIBRARY " --emit=link=/p/libx-1.rlib,other --out-dir=/p", ""},
    {"library: such a kind with a path", OUTPUTS_LIBRARY, LIBRARY " --emit=link,other=d/e",
     LIBRARY " --emit=link=/p/libx-1.rlib,other=/p/other --out-dir=/p", ""},
    {"library: what is made of each codegen unit has rustc's names", OUTPUTS_LIBRARY,
     LIBRARY " --emit=asm,obj=o,metadata=m --out-dir=d",
     LIBRARY " --emit=asm,metadata=/p/libx-1.rmeta,obj=/p/x-1.o --out-dir=/p", ""},
    {"library: with more files", OUTPUTS_LIBRARY, LIBRARY " --emit=link,metadata=m -Csave-temps",
     LIBRARY " -Csave-temps --emit=link=/p/link/libx-1.rlib,metadata=/p/metadata/libx-1.rmeta "
             "--out-dir=/p/out",
     "out link metadata"},
};

static void append_argv(struct bytes *got, const struct command *command)
{
    struct strlist argv = {0};
    command_argv(command, "/p", NULL, &argv);
    assert_string_equal(argv.items[0], "bin/rustc");
    assert_null(strlist_argv(&argv)[argv.count]);
    strlist_remove(&argv, 0);
    append_line(got, &argv);
    strlist_finish(&argv);
}

static void row_holds(const struct command_row *row)
{
    struct command command = {0};
    struct strlist expected = words_of(row->argv);
    struct strlist folders = {0};
    struct bytes line = {0};
    struct bytes got = {0};
    command_of(&command, row->outputs, row->words);
    append_argv(&got, &command);
    append_line(&line, &expected);
    assert_text(row->name, &got, bytes_text(&line));
    command_folders(&command, &folders);
    append_line(&got, &folders);
    assert_text(row->name, &got, row->folders);
    bytes_finish(&line);
    strlist_finish(&folders);
    strlist_finish(&expected);
    command_finish(&command);
    command_finish(&command);
}

static void outputs_are_redirected(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        row_holds(&rows[i]);
    }
}

static void what_is_temporary_has_a_place(void **state)
{
    (void)state;
    struct command command = {.outputs = OUTPUTS_PRIVATE};
    char *tmp = command_tmp_dir(&command, "/p");
    assert_string_equal(tmp, "/p/tmp");
    free(tmp);
    command.outputs = OUTPUTS_LIBRARY;
    tmp = command_tmp_dir(&command, "/p");
    assert_string_equal(tmp, "/p");
    free(tmp);
}

// Two requests of a crate say the same kinds in different words: rustc must see one command.
static void a_librarys_two_requests_are_one_command(void **state)
{
    (void)state;
    struct command metadata = {0};
    struct command full = {0};
    struct bytes left = {0};
    struct bytes right = {0};
    command_of(&metadata, OUTPUTS_LIBRARY,
               LIBRARY
               " --emit=metadata=d/_pipeline/libx-1.rmeta --emit=dep-info,link --out-dir=d");
    command_of(&full, OUTPUTS_LIBRARY,
               "--out-dir=e " LIBRARY " --emit=link,dep-info --emit metadata");
    append_argv(&left, &metadata);
    append_argv(&right, &full);
    assert_text("argv", &left, bytes_text(&right));
    bytes_finish(&right);
    command_finish(&metadata);
    command_finish(&full);
}

static void subjects_name_the_crate(void **state)
{
    (void)state;
    struct command command = {0};
    char *subject = command_subject(&command);
    assert_string_equal(subject, "no tool");
    free(subject);
    command_of(&command, OUTPUTS_DIRECT, "x.rs");
    subject = command_subject(&command);
    assert_string_equal(subject, "rustc");
    free(subject);
    command_finish(&command);
    command_of(&command, OUTPUTS_PRIVATE, "--crate-name foo x.rs");
    subject = command_subject(&command);
    assert_string_equal(subject, "crate foo");
    free(subject);
    command_finish(&command);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(outputs_are_redirected),
        cmocka_unit_test(what_is_temporary_has_a_place),
        cmocka_unit_test(a_librarys_two_requests_are_one_command),
        cmocka_unit_test(subjects_name_the_crate),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
