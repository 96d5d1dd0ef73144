// ${name} in texts.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "rustc/substitution.h"
#include "words.h"

#include <stdlib.h>

struct flag_row {
    const char *name;
    const char *flags; // values of --subst
    const char *text;
    const char *expected; // or the beginning of the failure
};

static const struct flag_row rows[] = {
    {"no rule", "", "${pwd} $x", "${pwd} $x"},
    {"pwd", "pwd=${pwd}", "--remap-path-prefix=${pwd}=.", "--remap-path-prefix=/w/d=."},
    {"pwd by another name", "here=${pwd}", "${here} ${pwd}", "/w/d ${pwd}"},
    {"only the whole of ${pwd} is special", "x=a${pwd}", "${x}", "a${pwd}"},
    {"every place", "a=1", "${a}${a} ${a}", "11 1"},
    {"an empty value", "a=", "<${a}>", "<>"},
    {"a value with '='", "a=b=c", "${a}", "b=c"},
    {"another name", "a=1", "${b} ${aa} {a} $a $ {a}", "${b} ${aa} {a} $a $ {a}"},
    {"two rules", "a=1 b=2", "${b}${a}", "21"},
    {"rules go in their order", "a=${b} b=2", "${a}", "2"},
    {"and never back", "b=2 a=${b}", "${a}", "${b}"},
    {"a value that holds its own name", "a=${a}x", "${a}", "${a}x"},
    {"the first rule of a name wins", "a=1 a=2", "${a}", "1"},
    {"empty text", "a=1", "", ""},
    {"an unclosed name", "a=1", "${a ${a}", "${a 1"},
    {"no '='", "pwd", "", "! --subst needs NAME=VALUE, not 'pwd'"},
    {"no name", "=x", "", "! --subst needs NAME=VALUE, not '=x'"},
    {"a later flag is bad", "a=1 b", "", "! --subst needs NAME=VALUE, not 'b'"},
};

static void row_holds(const struct flag_row *row)
{
    struct strlist flags = words_of(row->flags);
    struct substitutions rules = {0};
    struct failure why;
    struct bytes got = {0};
    if (substitutions_add_flags(&rules, &flags, "/w/d", &why)) {
        char *text = substitutions_apply(&rules, row->text);
        bytes_append_text(&got, text);
        free(text);
    } else {
        bytes_append_format(&got, "! %s", why.text);
    }
    assert_text(row->name, &got, row->expected);
    substitutions_finish(&rules);
    substitutions_finish(&rules);
    strlist_finish(&flags);
}

static void names_are_replaced(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        row_holds(&rows[i]);
    }
}

static void any_pattern_is_replaced(void **state)
{
    (void)state;
    struct substitutions rules = {0};
    char pattern[] = "aa";
    substitutions_add(&rules, "", "never");
    substitutions_add(&rules, pattern, "b");
    memset(pattern, 'x', 2);
    char *text = substitutions_apply(&rules, "aaaaa");
    assert_string_equal(text, "bba");
    free(text);
    substitutions_finish(&rules);
    text = substitutions_apply(&rules, "aaaaa");
    assert_string_equal(text, "aaaaa");
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_replaced),
        cmocka_unit_test(any_pattern_is_replaced),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
