// Pairs of metadata and rlib, and where the rlibs stand.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "rustc/dependencies.h"
#include "words.h"

#include <stdlib.h>

static struct dependencies dependencies_of(const char *text)
{
    struct dependencies list = {0};
    struct failure why;
    struct strlist pairs = words_of(text);
    assert_true(dependencies_read(&list, "/w", &pairs, &why));
    strlist_finish(&pairs);
    return list;
}

static void append_places(struct bytes *got, const struct dependencies *list)
{
    for (size_t i = 0; i < list->count; i++) {
        char *place = dependencies_place(list, i);
        bytes_append_format(got, "%s%s>%s:%s", i == 0 ? "" : " ", list->items[i].rmeta,
                            list->items[i].rlib, place);
        free(place);
    }
}

static void rlibs_of_one_folder_stay_together(void **state)
{
    (void)state;
    struct bytes got = {0};
    struct dependencies list = dependencies_of("m/a.rmeta=x/a.rlib b.rmeta=y/b.rlib "
                                               "m/c.rmeta=x/c.rlib d.rmeta=d.rlib e=/e.rlib");
    append_places(&got, &list);
    assert_text("places", &got,
                "m/a.rmeta>x/a.rlib:deps/0/a.rlib b.rmeta>y/b.rlib:deps/1/b.rlib "
                "m/c.rmeta>x/c.rlib:deps/0/c.rlib d.rmeta>d.rlib:deps/2/d.rlib "
                "e>/e.rlib:deps/3/e.rlib");
    assert_int_equal(list.folders.count, 4);
    dependencies_finish(&list);
    dependencies_finish(&list);
}

static void a_pair_has_two_halves(void **state)
{
    (void)state;
    static const char *const broken[] = {"a", "a=", "=b", "="};
    for (size_t i = 0; i < COUNT(broken); i++) {
        struct dependencies list = {0};
        struct failure why;
        struct strlist pairs = words_of(broken[i]);
        assert_false(dependencies_read(&list, "/w", &pairs, &why));
        assert_non_null(strstr(why.text, "--pipelining-dependency needs RMETA=RLIB, not '"));
        strlist_finish(&pairs);
        dependencies_finish(&list);
    }
}

static void paths_are_seen_from_the_working_directory(void **state)
{
    (void)state;
    struct dependencies list = dependencies_of("a=x/a.rlib b=/w/y/b.rlib");
    assert_int_equal(dependencies_find(&list, "/w", "x/a.rlib"), 0);
    assert_int_equal(dependencies_find(&list, "/w", "/w/x/a.rlib"), 0);
    assert_int_equal(dependencies_find(&list, "/w", "y/b.rlib"), 1);
    assert_int_equal(dependencies_find(&list, "/w", "./x/../x//a.rlib"), 0);
    assert_int_equal(dependencies_find(&list, "/w", "/v/../w/x/./a.rlib"), 0);
    assert_int_equal(dependencies_find(&list, "/w", "../w/y/b.rlib"), 1);
    assert_int_equal(dependencies_find(&list, "/w", "../x/a.rlib"), 2);
    assert_int_equal(dependencies_find(&list, "/w", "a.rlib"), 2);
    assert_int_equal(dependencies_find_folder(&list, "/w", "/w/x"), 0);
    assert_int_equal(dependencies_find_folder(&list, "/w", "y"), 1);
    assert_int_equal(dependencies_find_folder(&list, "/w", "./x/"), 0);
    assert_int_equal(dependencies_find_folder(&list, "/w", "/w/z/../y/."), 1);
    assert_int_equal(dependencies_find_folder(&list, "/w", "z"), 2);
    dependencies_finish(&list);
}

static void one_folder_in_several_spellings_is_one(void **state)
{
    (void)state;
    struct bytes got = {0};
    struct dependencies list = dependencies_of("./a=x/a.rlib b=./x/b.rlib c=/w/y/../x/c.rlib");
    append_places(&got, &list);
    assert_text("places", &got,
                "./a>x/a.rlib:deps/0/a.rlib b>./x/b.rlib:deps/0/b.rlib "
                "c>/w/y/../x/c.rlib:deps/0/c.rlib");
    assert_true(dependencies_name(&list, "a"));
    dependencies_finish(&list);
}

static void both_halves_are_names(void **state)
{
    (void)state;
    struct dependencies list = dependencies_of("z.rmeta=x/z.rlib a.rmeta=x/a.rlib");
    struct dependencies none = {0};
    assert_true(dependencies_name(&list, "z.rmeta"));
    assert_true(dependencies_name(&list, "x/a.rlib"));
    assert_false(dependencies_name(&list, "x"));
    assert_false(dependencies_name(&none, "x"));
    dependencies_finish(&list);
}

static void every_path_is_replaced(void **state)
{
    (void)state;
    struct bytes got = {0};
    struct dependencies list = dependencies_of("/w/a=/w/x/a.rlib b=c.rlib");
    struct substitutions rules = {0};
    substitutions_add(&rules, "/w", "/v");
    dependencies_replace(&list, &rules);
    append_places(&got, &list);
    assert_text("replaced", &got, "/v/a>/v/x/a.rlib:deps/0/a.rlib b>c.rlib:deps/1/c.rlib");
    assert_string_equal(list.folders.items[0], "/v/x");
    assert_true(dependencies_name(&list, "x/a.rlib"));
    assert_int_equal(dependencies_find(&list, "/v", "x/../x/a.rlib"), 0);
    substitutions_finish(&rules);
    dependencies_finish(&list);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rlibs_of_one_folder_stay_together),
        cmocka_unit_test(a_pair_has_two_halves),
        cmocka_unit_test(paths_are_seen_from_the_working_directory),
        cmocka_unit_test(one_folder_in_several_spellings_is_one),
        cmocka_unit_test(both_halves_are_names),
        cmocka_unit_test(every_path_is_replaced),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
