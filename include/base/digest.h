/**
 * SHA-256 over a sequence of items, each with its length, so that ("ab", "c") and ("a", "bc")
 * differ. The hash is libmd's.
 */
#ifndef RELAY_BASE_DIGEST_H
#define RELAY_BASE_DIGEST_H

#include <sha2.h>
#include <stdbool.h>
#include <stddef.h>

struct digest {
    unsigned char bytes[SHA256_DIGEST_LENGTH];
};

struct digest_builder {
    SHA2_CTX context;
};

void digest_begin(struct digest_builder *builder);

/** Adds one item: its length, then its bytes. */
void digest_add(struct digest_builder *builder, const char *data, size_t len);

/** Adds the text without its NUL as one item. */
void digest_add_text(struct digest_builder *builder, const char *text);

/** Adds a number as one item: how many items of a list follow. */
void digest_add_count(struct digest_builder *builder, size_t count);

/** The digest of everything added; the builder must be begun again before its next use. */
struct digest digest_end(struct digest_builder *builder);

/** The digest in hexadecimal digits, owned by the caller. */
char *digest_hex(const struct digest *digest);

bool digest_equal(const struct digest *left, const struct digest *right);

#endif
