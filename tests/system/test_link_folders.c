#include "support.h"

#include "roots/link_folders.h"

static void test_each_folder_comes_once(void **state)
{
    static const struct {
        const char *name;
        const char *folders; // with a blank behind each
    } rows[] = {
        {"Cargo.toml", ""},
        {"a/b", "a "},
        {"a/b-c/d", "a/b-c "},
        {"a/b-c/e", ""},
        {"a/b/", "a/b "}, // a folder itself
        {"a/b/c/d/e", "a/b/c a/b/c/d "},
        {"a/b/c/f", ""},
        {"a/b0", ""},
        {"a/bc/d", "a/bc "},
        {"a0/x/y", "a0 a0/x "},
        {"z", ""},
    };
    struct link_folders folders = {.len = 0};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct bytes found = {0};
        link_folders_enter(&folders, rows[i].name);
        const char *folder = NULL;
        while ((folder = link_folders_next(&folders)) != NULL) {
            bytes_append_format(&found, "%s ", folder);
        }
        assert_null(link_folders_next(&folders));
        assert_string_equal(bytes_text(&found), rows[i].folders);
        bytes_finish(&found);
    }
}

// Nobody need ask for all of them.
static void test_some_are_not_asked_for(void **state)
{
    struct link_folders folders = {.len = 0};
    (void)state;
    link_folders_enter(&folders, "a/b/c");
    assert_string_equal(link_folders_next(&folders), "a");
    link_folders_enter(&folders, "a/b/d");
    assert_null(link_folders_next(&folders));
    link_folders_enter(&folders, "a/c/d");
    assert_string_equal(link_folders_next(&folders), "a/c");
    assert_null(link_folders_next(&folders));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_folder_comes_once),
        cmocka_unit_test(test_some_are_not_asked_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
