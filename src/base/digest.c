#include "base/digest.h"

#include "base/bytes.h"

#include <stdint.h>
#include <string.h>

void digest_begin(struct digest_builder *builder)
{
    SHA256Init(&builder->context);
}

void digest_add(struct digest_builder *builder, const char *data, size_t len)
{
    uint64_t number = len;
    SHA256Update(&builder->context, (const uint8_t *)&number, sizeof number);
    SHA256Update(&builder->context, (const uint8_t *)data, len);
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
    struct digest result;
    SHA256Final(result.bytes, &builder->context);
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
