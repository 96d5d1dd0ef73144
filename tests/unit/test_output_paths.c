// What a command's words and environment name below its working directory.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/bytes.h"
#include "rustc/output_paths.h"
#include "words.h"

#include <stdlib.h>

struct row {
    const char *words;
    const char *env;
    const char *paths; // with blanks between
};

static const struct row rows[] = {
    {"src/lib.rs -O", "HOME=/root", ""},
    {"-Clink-arg=-Wl,-Map=bazel-out/k8/bin/app.map,--gc-sections", "", "bazel-out/k8/bin/app.map"},
    {"-C link-args=-Wl,-Map=/root/tree/bazel-out/k8/a;maps/b", "", "bazel-out/k8/a maps/b"},
    {"-Zsplit-dwarf-out-dir=./bazel-out/k8/x/../dwo/", "", "bazel-out/k8/dwo"},
    {"--emit=link=bazel-out/k8/app,dep-info=bazel-out/k8/x/app.d", "",
     "bazel-out/k8/app bazel-out/k8/x/app.d"},
    {"--out-dir=out", "", "out"},
    {"-o bazel-out/k8/bin/app", "", "bazel-out/k8/bin/app"},
    {"", "OUT_DIR=/root/tree/bazel-out/k8/out", "bazel-out/k8/out"},
    {"", "CARGO_MANIFEST_DIR=/root/tree/crates/a", ""},
    {"-Za=bazel-out/k8 -Zb=bazel-out/k8", "C=bazel-out/k8", "bazel-out/k8"},
    // what is only read
    {"--extern=a=bazel-out/a/liba.rlib --extern b=bazel-out/b/libb.rlib", "", ""},
    {"-Ldependency=bazel-out/a -L native=bazel-out/b -Lbazel-out/c", "", ""},
    // no path below the working directory
    {"-Za=bazel-out -Zb=/root/tree/ -Zc=../x/y -Zd=/root/trees/x -Ze=x/../../y", "", ""},
};

static void test_what_is_named(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct command command = {0};
        struct strlist words = words_of(rows[i].words);
        struct strlist paths = {0};
        struct bytes text = {0};
        struct failure why;
        command.working_dir = mem_dup("/root/tree");
        assert_true(crate_args_read(&command.crate, &words, &why));
        strlist_push(&command.env, rows[i].env);
        output_paths_of(&command, &paths);
        for (size_t j = 0; j < paths.count; j++) {
            bytes_append_format(&text, "%s%s", j == 0 ? "" : " ", paths.items[j]);
        }
        assert_string_equal(bytes_text(&text), rows[i].paths);
        bytes_finish(&text);
        strlist_finish(&paths);
        strlist_finish(&words);
        command_finish(&command);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_what_is_named)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
