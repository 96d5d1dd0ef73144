// One option of rustc in its spellings.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "rustc/option.h"
#include "words.h"

struct value_row {
    const char *words;
    const char *name;
    const char *expected; // "USED VALUE", or "-" for another word
};

static const struct value_row values[] = {
    {"-L x", "-L", "2 x"},
    {"-Lx", "-L", "1 x"},
    {"-L=x", "-L", "1 =x"}, // as rustc reads it
    {"--extern x", "--extern", "2 x"},
    {"--extern=x", "--extern", "1 x"},
    {"--extern=", "--extern", "1 "},
    {"--externs=x", "--extern", "-"},
    {"--extern", "--extern", "-"},
    {"-L", "-L", "-"},
    {"x", "-L", "-"},
};

static void append_value(struct bytes *got, const struct value_row *row)
{
    struct strlist words = words_of(row->words);
    size_t used = 0;
    const char *value = option_value(&words, 0, row->name, &used);
    if (value == NULL) {
        bytes_append_text(got, "-");
    } else {
        bytes_append_format(got, "%zu %s", used, value);
    }
    strlist_finish(&words);
}

static void values_are_found(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(values); i++) {
        struct bytes got = {0};
        append_value(&got, &values[i]);
        assert_text(values[i].words, &got, values[i].expected);
    }
}

struct setting_row {
    const char *word;
    const char *name;
    const char *expected; // the value, "" for none, "-" for another setting
};

static const struct setting_row settings[] = {
    {"-Clto", "lto", ""},
    {"-Clto=fat", "lto", "fat"},
    {"-Clto=", "lto", ""},
    {"--codegen=lto=thin", "lto", "thin"},
    {"-Clinker-plugin-lto=x", "linker-plugin-lto", "x"},
    {"-Clinker_plugin_lto=x", "linker-plugin-lto", "x"},
    {"-Clinker-plugin-lto", "linker", "-"},
    {"-Clinker=a=b", "linker", "a=b"},
    {"-Clink", "linker", "-"},
    {"-Zlto", "lto", "-"},
};

static void settings_are_found(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(settings); i++) {
        struct strlist words = words_of(settings[i].word);
        struct bytes got = {0};
        size_t used = 0;
        const char *value = NULL;
        const char *setting = option_codegen(&words, 0, &used);
        bool is = setting != NULL && option_setting_is(setting, settings[i].name, &value);
        bytes_append_text(&got, !is ? "-" : value == NULL ? "" : value);
        assert_text(settings[i].word, &got, settings[i].expected);
        strlist_finish(&words);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_are_found),
        cmocka_unit_test(settings_are_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
