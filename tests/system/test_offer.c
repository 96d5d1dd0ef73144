#include "offer_place.h"

#include "base/file.h"

// --- Finding

static void test_what_is_published_is_found(void **state)
{
    struct place *place = *state;
    struct offer offer = {0};
    char *dir = make_dir(place, "1");
    expect_found(place, "name", NULL);
    publish(&offer, place, "name", dir);
    expect_found(place, "name", dir);
    expect_found(place, "other", NULL);
    finish(&offer, 0, "");
    expect_found(place, "name", dir); // its result can be taken
    offer_withdraw(&offer);
    expect_found(place, "name", NULL);
    offer_withdraw(&offer);
    free(dir);
}

// It stays right when the output base moves, and is short enough to need no block on the disk.
static void test_a_link_leads_from_where_it_is(void **state)
{
    struct place *place = *state;
    struct offer offer = {0};
    char *worker = make_dir(place, "worker-1");
    char *dir = make_dir(place, "worker-1/2");
    char *link = mem_format("%s/shared/name", place->dir);
    publish(&offer, place, "name", dir);
    assert_true(file_is_link_to(AT_FDCWD, link, "../worker-1/2"));
    offer_unlink(place->dir, "name", dir);
    assert_false(file_is_link_to(AT_FDCWD, link, "../worker-1/2"));
    offer_withdraw(&offer);
    free(link);
    free(dir);
    free(worker);
}

static void test_a_younger_compile_replaces_an_older_one(void **state)
{
    struct place *place = *state;
    struct offer older = {0};
    struct offer younger = {0};
    char *dirs[] = {make_dir(place, "1"), make_dir(place, "2")};
    publish(&older, place, "name", dirs[0]);
    publish(&younger, place, "name", dirs[1]);
    expect_found(place, "name", dirs[1]);
    offer_withdraw(&older);
    expect_found(place, "name", dirs[1]);
    offer_withdraw(&younger);
    expect_found(place, "name", NULL);
    free(dirs[0]);
    free(dirs[1]);
}

static void test_what_cannot_be_published(void **state)
{
    struct place *place = *state;
    struct offer offer = {0};
    struct failure why;
    char *missing = mem_format("%s/%s", place->dir, "missing");
    assert_false(offer_publish(&offer, place->dir, "name", missing, &why));
    assert_non_null(strstr(why.text, missing));
    char *dir = make_dir(place, "1");
    char *obstacle = mem_format("%s/%s", place->dir, "shared");
    support_write_file(obstacle, "");
    assert_false(offer_publish(&offer, place->dir, "name", dir, &why));
    assert_non_null(strstr(why.text, obstacle));
    assert_null(offer.link);
    // Nothing is done for what was never offered.
    finish(&offer, 0, "");
    expect_no_result(dir);
    offer_withdraw(&offer);
    free(missing);
    free(obstacle);
    free(dir);
}

static void test_only_one_claims_it_and_not_before_its_end(void **state)
{
    struct place *place = *state;
    struct offer offer = {0};
    char *dir = make_dir(place, "1");
    char *mine = make_dir(place, "2");
    char *yours = make_dir(place, "3");
    assert_false(offer_is_told(&offer));
    publish(&offer, place, "name", dir);
    assert_false(offer_is_told(&offer));
    assert_false(offer_claim(dir, mine)); // it runs
    finish(&offer, 7, "said");
    assert_true(offer_is_told(&offer));
    assert_true(offer_claim(dir, mine));
    assert_false(offer_claim(dir, yours));
    expect_result(mine, 7, "said");
    offer_withdraw(&offer);
    free(dir);
    free(mine);
    free(yours);
}

static void test_the_link_to_what_was_claimed_is_removed(void **state)
{
    struct place *place = *state;
    struct offer offer = {0};
    char *dir = make_dir(place, "1");
    char *other = make_dir(place, "2");
    publish(&offer, place, "name", dir);
    finish(&offer, 0, "");
    offer_unlink(place->dir, "name", other); // not what the link leads to
    expect_found(place, "name", dir);
    offer_unlink(place->dir, "name", dir);
    expect_found(place, "name", NULL);
    offer_withdraw(&offer);
    free(dir);
    free(other);
}

static void test_links_to_what_is_gone_are_swept(void **state)
{
    struct place *place = *state;
    struct offer dead = {0};
    struct offer live = {0};
    struct failure why;
    offer_sweep(place->dir); // nobody has shared anything yet
    char *dirs[] = {make_dir(place, "1"), make_dir(place, "2")};
    publish(&dead, place, "dead", dirs[0]);
    publish(&live, place, "live", dirs[1]);
    assert_true(tree_remove(dirs[0], &why));
    offer_sweep(place->dir);
    char *link = mem_format("%s/%s", place->dir, "shared/dead");
    struct stat info;
    assert_int_equal(lstat(link, &info), -1);
    expect_found(place, "live", dirs[1]);
    offer_withdraw(&dead);
    offer_withdraw(&live);
    free(link);
    free(dirs[0]);
    free(dirs[1]);
}

// --- Results

static void write_result(const char *dir, const char *data, size_t len)
{
    char *path = mem_format("%s/relay.result", dir);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, S_IRUSR | S_IWUSR);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, data, len), (ssize_t)len);
    close(fd);
    free(path);
}

static void test_what_is_said_are_bytes(void **state)
{
    static const char said[] = "\0\n\xff 1 2 3\n";
    struct place *place = *state;
    struct offer offer = {0};
    struct offer_result result = {.exit_code = 9};
    char *dir = make_dir(place, "1");
    publish(&offer, place, "name", dir);
    bytes_append(&result.said, said, sizeof said);
    offer_tell(&offer, &result);
    bytes_finish(&result.said);
    result = (struct offer_result){0};
    assert_true(offer_read_result(dir, &result));
    assert_int_equal(result.exit_code, 9);
    assert_int_equal(result.said.len, sizeof said);
    assert_memory_equal(result.said.data, said, sizeof said);
    bytes_finish(&result.said);
    offer_withdraw(&offer);
    free(dir);
}

static void test_a_result_that_is_not_whole_is_none(void **state)
{
    static const char whole[] = "ended 101 12\nerror: two\n\n";
    static const char *const foreign[] = {"",
                                          "\n",
                                          "ended 0\n",
                                          "ended a b\n",
                                          "ended 0 0",
                                          "ended 0 -1\nx",
                                          "ended 0 1\n\n\n",
                                          "ended 1 2 3\nab",
                                          "0 0\n"};
    struct place *place = *state;
    char *dir = make_dir(place, "1");
    for (size_t len = 0; len < sizeof whole - 1; len++) {
        write_result(dir, whole, len);
        expect_no_result(dir);
    }
    write_result(dir, whole, sizeof whole);
    expect_no_result(dir); // a byte more
    write_result(dir, whole, sizeof whole - 1);
    expect_result(dir, 101, "error: two\n\n");
    for (size_t i = 0; i < sizeof foreign / sizeof foreign[0]; i++) {
        write_result(dir, foreign[i], strlen(foreign[i]));
        expect_no_result(dir);
    }
    free(dir);
}

#define ROW(test) cmocka_unit_test_setup_teardown(test, place_start, place_stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ROW(test_what_is_published_is_found),
        ROW(test_a_link_leads_from_where_it_is),
        ROW(test_a_younger_compile_replaces_an_older_one),
        ROW(test_what_cannot_be_published),
        ROW(test_only_one_claims_it_and_not_before_its_end),
        ROW(test_the_link_to_what_was_claimed_is_removed),
        ROW(test_links_to_what_is_gone_are_swept),
        ROW(test_what_is_said_are_bytes),
        ROW(test_a_result_that_is_not_whole_is_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
