#include "base/digest.h"

#include <stdint.h>
#include <string.h>
#include <xxhash.h>

void digest_begin(struct digest_builder *builder)
{
    *builder = (struct digest_builder){0};
}

void digest_add(struct digest_builder *builder, const char *data, size_t len)
{
    uint64_t number = len;
    bytes_append(&builder->text, (const char *)&number, sizeof number);
    bytes_append(&builder->text, data, len);
}

void digest_add_text(struct digest_builder *builder, const char *text)
{
    digest_add(builder, text, strlen(text));
}

void digest_add_count(struct digest_builder *builder, size_t count)
{
    uint64_t number = count;
    digest_add(builder, (const char *)&number, sizeof number);
}

struct digest digest_end(struct digest_builder *builder)
{
    XXH128_canonical_t canonical;
    XXH128_canonicalFromHash(&canonical,
                             XXH3_128bits(bytes_text(&builder->text), builder->text.len));
    struct digest result;
    memcpy(result.bytes, canonical.digest, sizeof result.bytes);
    bytes_finish(&builder->text);
    return result;
}

char *digest_hex(const struct digest *digest)
{
    struct bytes text = {0};
    for (size_t i = 0; i < sizeof digest->bytes; i++) {
        bytes_append_format(&text, "%02x", digest->bytes[i]);
    }
    return bytes_detach(&text);
}

bool digest_equal(const struct digest *left, const struct digest *right)
{
    return memcmp(left->bytes, right->bytes, sizeof left->bytes) == 0;
}
