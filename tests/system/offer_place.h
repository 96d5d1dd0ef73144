/**
 * What the tests of offers share: a state directory, and what a worker does with an offer.
 */
#ifndef RELAY_TESTS_SYSTEM_OFFER_PLACE_H
#define RELAY_TESTS_SYSTEM_OFFER_PLACE_H

#include "support.h"

#include "store/offer.h"

/** No reaper here: it would wait for the processes that a test waits for itself. */
struct place {
    uv_loop_t loop;
    char *dir; /**< the state directory */
};

static inline int place_start(void **state)
{
    struct place *place = mem_zalloc(sizeof *place);
    struct failure why;
    alarm(60);                       // a test that hangs is a test that fails
    platform_become_subreaper(&why); // where that can be
    place->dir = support_directory("/tmp");
    assert_int_equal(uv_loop_init(&place->loop), 0);
    *state = place;
    return 0;
}

static inline int place_stop(void **state)
{
    struct place *place = *state;
    struct failure why;
    uv_run(&place->loop, UV_RUN_DEFAULT);
    assert(uv_loop_close(&place->loop) == 0);
    while (waitpid(-1, NULL, 0) > 0) {
    }
    assert(tree_remove(place->dir, &why));
    free(place->dir);
    free(place);
    alarm(0);
    return 0;
}

/** A compile's directory below the state directory. Owned by the caller. */
static inline char *make_dir(const struct place *place, const char *name)
{
    char *dir = mem_format("%s/%s", place->dir, name);
    assert_int_equal(mkdir(dir, S_IRWXU), 0);
    return dir;
}

static inline void publish(struct offer *offer, const struct place *place, const char *name,
                           const char *dir)
{
    struct failure why = {""};
    if (!offer_publish(offer, place->dir, name, dir, &why)) {
        fail_msg("%s", why.text);
    }
}

static inline void expect_found(const struct place *place, const char *name, const char *dir)
{
    char *found = offer_find(place->dir, name);
    if (dir == NULL) {
        assert_null(found);
        return;
    }
    char *real = realpath(dir, NULL);
    assert_non_null(found);
    assert_string_equal(found, real);
    free(real);
    free(found);
}

static inline void finish(struct offer *offer, int exit_code, const char *said)
{
    struct offer_result result = {.exit_code = exit_code};
    bytes_append_text(&result.said, said);
    offer_tell(offer, &result);
    bytes_finish(&result.said);
}

static inline void expect_result(const char *dir, int exit_code, const char *said)
{
    struct offer_result result = {0};
    assert_true(offer_read_result(dir, &result));
    assert_int_equal(result.exit_code, exit_code);
    assert_string_equal(bytes_text(&result.said), said);
    bytes_finish(&result.said);
}

static inline void expect_no_result(const char *dir)
{
    struct offer_result result = {0};
    assert_false(offer_read_result(dir, &result));
    assert_int_equal(result.said.len, 0);
    bytes_finish(&result.said);
}

#endif
