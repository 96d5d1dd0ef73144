// One hollow rlib for all who use a crate.
#include "support.h"

#include "gate/hollow_store.h"
#include "rustc/hollow.h"

#include <dirent.h>

struct place {
    char *dir;
    struct hollow_store store;
};

static int place_start(void **state)
{
    struct place *place = mem_zalloc(sizeof *place);
    place->dir = support_directory("/tmp");
    hollow_store_open(&place->store, place->dir);
    *state = place;
    return 0;
}

static int place_stop(void **state)
{
    struct place *place = *state;
    struct failure why;
    hollow_store_finish(&place->store);
    hollow_store_finish(&place->store); // a closed one, too
    assert(tree_remove(place->dir, &why));
    free(place->dir);
    free(place);
    return 0;
}

static char *path_in(const struct place *place, const char *name)
{
    return mem_format("%s/%s", place->dir, name);
}

// An .rmeta that says which it is; its path is owned by the caller.
static char *write_rmeta(const struct place *place, const char *name)
{
    char *path = path_in(place, name);
    support_write_file(path, name);
    return path;
}

static bool try_link(struct place *place, const char *rmeta, const char *digest, const char *to)
{
    struct failure why;
    char *path = path_in(place, to);
    struct hollow_source source = {.rmeta = rmeta, .digest = digest, .digest_len = strlen(digest)};
    bool good = hollow_store_link(&place->store, &source, path, &why);
    assert_true(good || strlen(why.text) > 0);
    free(path);
    return good;
}

// Links the crate of this name, with a digest, under the path `to`.
static void link_crate(struct place *place, const char *name, const char *digest, const char *to)
{
    char *rmeta = write_rmeta(place, name);
    assert_true(try_link(place, rmeta, digest, to));
    assert_int_equal(unlink(rmeta), 0);
    free(rmeta);
}

static void expect_holds(const struct place *place, const char *path_name, const char *name)
{
    char *path = path_in(place, path_name);
    char *text = support_read_file(path);
    assert_non_null(text);
    assert_true(strncmp(text, "!<arch>\nlib.rmeta/", 18) == 0);
    assert_non_null(strstr(text, name));
    free(text);
    free(path);
}

static nlink_t links_of(const struct place *place, const char *name)
{
    struct stat info;
    char *path = path_in(place, name);
    assert_int_equal(stat(path, &info), 0);
    free(path);
    return info.st_nlink;
}

static size_t count_stored(const struct place *place)
{
    size_t count = 0;
    char *path = path_in(place, "hollow");
    DIR *dir = opendir(path);
    for (struct dirent *entry; dir != NULL && (entry = readdir(dir)) != NULL;) {
        count += entry->d_name[0] != '.' ? 1 : 0;
    }
    if (dir != NULL) {
        closedir(dir);
    }
    free(path);
    return count;
}

static void test_one_file_for_one_digest(void **state)
{
    struct place *place = *state;
    assert_int_equal(count_stored(place), 0);
    link_crate(place, "one", "digest 1", "a.rlib");
    link_crate(place, "two", "digest 2", "folder/b.rlib");
    // Only the digest counts: the .rmeta is not even read.
    assert_true(try_link(place, "/missing", "digest 1", "folder/a.rlib"));
    expect_holds(place, "a.rlib", "one");
    expect_holds(place, "folder/a.rlib", "one");
    expect_holds(place, "folder/b.rlib", "two");
    assert_int_equal(links_of(place, "a.rlib"), 3);
    assert_int_equal(links_of(place, "folder/a.rlib"), 3);
    assert_int_equal(links_of(place, "folder/b.rlib"), 2);
    assert_int_equal(count_stored(place), 2);
    assert_int_equal(place->store.bytes, 2 * (68 + 4));
}

static void test_digests_are_bytes(void **state)
{
    struct place *place = *state;
    struct failure why;
    char *rmetas[] = {write_rmeta(place, "one"), write_rmeta(place, "two")};
    char *paths[] = {path_in(place, "a.rlib"), path_in(place, "b.rlib")};
    static const char *const digests[] = {"x\0/1", "x\0/2"};
    for (int i = 0; i < 2; i++) {
        struct hollow_source source = {.rmeta = rmetas[i], .digest = digests[i], .digest_len = 4};
        assert_true(hollow_store_link(&place->store, &source, paths[i], &why));
        free(rmetas[i]);
        free(paths[i]);
    }
    expect_holds(place, "a.rlib", "one");
    expect_holds(place, "b.rlib", "two");
}

static void test_no_digest_is_not_shared(void **state)
{
    struct place *place = *state;
    link_crate(place, "one", "", "folder/a.rlib");
    link_crate(place, "two", "", "b.rlib");
    expect_holds(place, "folder/a.rlib", "one");
    expect_holds(place, "b.rlib", "two");
    assert_int_equal(links_of(place, "folder/a.rlib"), 1);
    assert_int_equal(count_stored(place), 0);
    assert_int_equal(place->store.bytes, 0);
}

static void test_what_was_there_is_replaced(void **state)
{
    struct place *place = *state;
    link_crate(place, "one", "digest 1", "a.rlib");
    link_crate(place, "one", "digest 1", "keep.rlib");
    link_crate(place, "two", "digest 2", "a.rlib");
    expect_holds(place, "a.rlib", "two");
    expect_holds(place, "keep.rlib", "one");
    link_crate(place, "three", "", "keep.rlib");
    expect_holds(place, "keep.rlib", "three");
    assert_true(try_link(place, "/missing", "digest 1", "c.rlib"));
    expect_holds(place, "c.rlib", "one");
}

static void test_failures_leave_nothing(void **state)
{
    struct place *place = *state;
    char *empty = path_in(place, "empty");
    support_write_file(empty, "");
    assert_false(try_link(place, "/missing", "digest 1", "a.rlib"));
    assert_false(try_link(place, empty, "digest 2", "a.rlib"));
    assert_false(try_link(place, "/missing", "", "a.rlib"));
    assert_int_equal(count_stored(place), 0);
    assert_int_equal(place->store.bytes, 0);
    link_crate(place, "one", "digest 1", "a.rlib"); // it may come later
    expect_holds(place, "a.rlib", "one");
    free(empty);
}

static void test_a_store_that_was_deleted_is_made_anew(void **state)
{
    struct place *place = *state;
    struct failure why;
    char *stored = path_in(place, "hollow");
    link_crate(place, "one", "digest 1", "a.rlib");
    assert_true(tree_remove(stored, &why));
    link_crate(place, "one", "digest 1", "b.rlib");
    expect_holds(place, "a.rlib", "one");
    expect_holds(place, "b.rlib", "one");
    assert_int_equal(links_of(place, "b.rlib"), 2);
    free(stored);
}

static void remove_file(const struct place *place, const char *name)
{
    char *path = path_in(place, name);
    assert_int_equal(unlink(path), 0);
    free(path);
}

static void test_it_is_bounded(void **state)
{
    struct place *place = *state;
    link_crate(place, "old", "digest 1", "old.rlib");
    link_crate(place, "used", "digest 2", "used.rlib");
    remove_file(place, "old.rlib");
    place->store.bytes = HOLLOW_STORE_MAX_BYTES - 72; // what comes next has 72 bytes
    link_crate(place, "new", "digest 3", "new.rlib");
    assert_int_equal(count_stored(place), 3); // not beyond the bound yet
    assert_int_equal(place->store.bytes, HOLLOW_STORE_MAX_BYTES);
    link_crate(place, "newest", "digest 4", "newest.rlib");
    assert_int_equal(count_stored(place), 3);
    assert_int_equal(place->store.bytes, (68 + 4) + (68 + 4) + (68 + 6)); // used, new, newest
    assert_int_equal(links_of(place, "used.rlib"), 2);
    assert_int_equal(links_of(place, "newest.rlib"), 2);
    assert_false(try_link(place, "/missing", "digest 1", "old.rlib"));
    assert_true(try_link(place, "/missing", "digest 2", "again.rlib"));
}

#define ROW(test) cmocka_unit_test_setup_teardown(test, place_start, place_stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ROW(test_one_file_for_one_digest), ROW(test_digests_are_bytes),
        ROW(test_no_digest_is_not_shared), ROW(test_what_was_there_is_replaced),
        ROW(test_failures_leave_nothing),  ROW(test_a_store_that_was_deleted_is_made_anew),
        ROW(test_it_is_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
