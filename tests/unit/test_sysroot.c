// Where a rustc has its libraries.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "asked.h"
#include "rustc/sysroot.h"
#include "temp_dir.h"

#include <stdlib.h>
#include <unistd.h>

static int make_toolchain(void **state)
{
    static const char *const folders[] = {"t",    "t/bin",   "t/lib", "t/lib/rustlib",
                                          "bare", "bare/bin"};
    if (temp_dir_make(state) != 0) {
        return -1;
    }
    for (size_t i = 0; i < COUNT(folders); i++) {
        char *path = path_join(*state, folders[i]);
        assert_int_equal(mkdir(path, 0700), 0);
        free(path);
    }
    chmod(temp_text(*state, "t/bin/rustc", ""), 0700);
    char *alias = path_join(*state, "alias");
    assert_int_equal(symlink("t/bin/rustc", alias), 0);
    free(alias);
    temp_text(*state, "bare/bin/rustc", "");
    return 0;
}

struct sysroot_row {
    const char *tool; // DIR stands for the test's directory
    const char *words;
    const char *env;
    const char *expected; // below the test's directory; "": unknown
};

static const struct sysroot_row rows[] = {
    {"DIR/t/bin/rustc", "x.rs", "", "t"},
    {"t/bin/rustc", "x.rs", "", "t"},
    {"alias", "x.rs", "PATH=/nowhere:DIR", "t"},
    {"./alias", "x.rs", "", "t"},
    {"rustc", "x.rs", "PATH=/nowhere:DIR/t/bin", "t"},
    {"rustc", "x.rs", "PATH=DIR/bare/bin", ""},
    {"rustc", "x.rs", "", ""},
    {"bare/bin/rustc", "x.rs", "", ""},
    {"bare/bin/rustc", "x.rs --sysroot=t", "", "t"},
    {"bare/bin/rustc", "x.rs --sysroot bare --sysroot DIR/t", "", "t"},
    {"t/bin/rustc", "x.rs --sysroot=bare", "", ""},
};

static char *with_dir(const char *text, const char *dir)
{
    struct substitutions rules = {0};
    substitutions_add(&rules, "DIR", dir);
    char *result = substitutions_apply(&rules, text);
    substitutions_finish(&rules);
    return result;
}

static void row_holds(const struct sysroot_row *row, const char *dir)
{
    char *tool = with_dir(row->tool, dir);
    char *words = with_dir(row->words, dir);
    char *env = with_dir(row->env, dir);
    struct asked asked = {"", tool, words, dir, env};
    struct invocation invocation = {0};
    struct failure why;
    assert_true(asked_build(&asked, &invocation, &why));
    char *sysroot = sysroot_of(&invocation.command);
    char *expected = row->expected[0] == '\0' ? mem_dup("") : path_join(dir, row->expected);
    assert_string_equal(sysroot, expected);
    free(expected);
    free(sysroot);
    invocation_finish(&invocation);
    free(env);
    free(words);
    free(tool);
}

static void it_is_found_as_rustc_does(void **state)
{
    for (size_t i = 0; i < COUNT(rows); i++) {
        row_holds(&rows[i], *state);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_found_as_rustc_does),
    };
    return cmocka_run_group_tests(tests, make_toolchain, temp_dir_remove);
}
