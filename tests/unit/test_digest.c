// XXH3 over items.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/digest.h"
#include "words.h"

#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

// A row's items: words; "#3" is a count, "-" is an empty item.
static struct digest digest_of_items(const char *items)
{
    struct digest_builder builder;
    struct strlist words = words_of(items);
    digest_begin(&builder);
    for (size_t i = 0; i < words.count; i++) {
        const char *word = words.items[i];
        if (word[0] == '#') {
            digest_add_count(&builder, (size_t)strtoul(word + 1, NULL, 10));
        } else {
            digest_add_text(&builder, strcmp(word, "-") == 0 ? "" : word);
        }
    }
    strlist_finish(&words);
    return digest_end(&builder);
}

static const char *const all_different[] = {
    "",   "-",  "- -",  "abc",  "ab c", "a bc",  "a b c", "c ab", "bc a",
    "#0", "#1", "#2 a", "a #2", "#1 a", "abc -", "- abc", "#256", "#65536",
};

static void assert_pair(const char *left_items, const char *right_items, bool equal)
{
    struct digest left = digest_of_items(left_items);
    struct digest right = digest_of_items(right_items);
    if (digest_equal(&left, &right) != equal) {
        fail_msg("'%s' and '%s'", left_items, right_items);
    }
}

static void only_equal_items_are_equal(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(all_different); i++) {
        for (size_t j = 0; j < COUNT(all_different); j++) {
            assert_pair(all_different[i], all_different[j], i == j);
        }
    }
}

static void bytes_behind_a_nul_count(void **state)
{
    (void)state;
    struct digest left = digest_of("a\0b", 3);
    struct digest right = digest_of("a\0c", 3);
    struct digest again = digest_of("a\0b", 3);
    assert_false(digest_equal(&left, &right));
    assert_true(digest_equal(&left, &again));
}

// Names on the disk are digests: it must not matter how the items are handed to the hash.
static void the_hash_is_that_of_all_bytes_at_once(void **state)
{
    (void)state;
    static const size_t lens[] = {
        0,    1,   DIGEST_WAITING_BYTES - 17, 1,     7, DIGEST_WAITING_BYTES,
        9000, 300, DIGEST_WAITING_BYTES + 1,  20000, 0};
    static char item[20000];
    struct digest_builder builder;
    struct bytes all = {0};
    digest_begin(&builder);
    for (size_t i = 0; i < COUNT(lens); i++) {
        uint64_t len = lens[i];
        memset(item, (int)('a' + i), sizeof item);
        digest_add(&builder, item, lens[i]);
        bytes_append(&all, (const char *)&len, sizeof len);
        bytes_append(&all, item, lens[i]);
    }
    struct digest got = digest_end(&builder);
    XXH128_canonical_t expected;
    XXH128_canonicalFromHash(&expected, XXH3_128bits(all.data, all.len));
    assert_memory_equal(got.bytes, expected.digest, sizeof got.bytes);
    bytes_finish(&all);
}

static void text_is_its_bytes(void **state)
{
    (void)state;
    struct digest text = digest_of_items("abc");
    struct digest bytes = digest_of("abc", 3);
    assert_true(digest_equal(&text, &bytes));
}

// The first bytes of xxHash's own test vector for no data.
static void it_is_xxh3(void **state)
{
    (void)state;
    struct digest nothing = digest_of_items("");
    assert_int_equal(sizeof nothing.bytes, 16);
    assert_memory_equal(nothing.bytes, "\x99\xaa\x06\xd3\x01\x47\x98\xd8", 8);
}

static void one_differing_byte_is_seen_anywhere(void **state)
{
    (void)state;
    struct digest left = digest_of_items("abc");
    for (size_t i = 0; i < sizeof left.bytes; i++) {
        struct digest right = left;
        assert_true(digest_equal(&left, &right));
        right.bytes[i] ^= 1;
        assert_false(digest_equal(&left, &right));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_equal_items_are_equal),
        cmocka_unit_test(the_hash_is_that_of_all_bytes_at_once),
        cmocka_unit_test(bytes_behind_a_nul_count),
        cmocka_unit_test(text_is_its_bytes),
        cmocka_unit_test(it_is_xxh3),
        cmocka_unit_test(one_differing_byte_is_seen_anywhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
