/**
 * What the tests of link trees share: a tree that is given its inputs as words.
 */
#ifndef RELAY_TESTS_SYSTEM_LINK_WORDS_H
#define RELAY_TESTS_SYSTEM_LINK_WORDS_H

#include "fixture.h"

#include "roots/link_tree.h"

enum { ENTRIES_MAX = 16 };

// name and digest, in turn
typedef const char *const words[2 * ENTRIES_MAX];

static inline bool try_update(const struct fixture *fixture, words list, struct failure *why)
{
    struct manifest wanted = {0};
    for (size_t i = 0; list[i] != NULL; i += 2) {
        manifest_add(&wanted, (struct manifest_entry){.name = list[i],
                                                      .digest = list[i + 1],
                                                      .digest_len = strlen(list[i + 1])});
    }
    bool good = link_tree_update(fixture->root, fixture->sandbox, false, &wanted, why);
    manifest_finish(&wanted);
    return good;
}

static inline void update(const struct fixture *fixture, words list)
{
    struct failure why = {""};
    if (!try_update(fixture, list, &why)) {
        fail_msg("%s", why.text);
    }
}

static inline void expect_real_link(const struct fixture *fixture, const char *name,
                                    const char *real)
{
    char *target = fixture_path(fixture, real);
    fixture_expect_link(fixture->root, name, target);
    free(target);
}

#endif
