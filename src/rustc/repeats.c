#include "rustc/repeats.h"

#include "base/digest.h"
#include "base/mem.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { SLOTS_MIN = 16 };

struct repeat {
    struct digest text;
    size_t left;  // how often it may be passed over
    bool is_used; // is there a text?
};

void repeats_finish(struct repeats *repeats)
{
    free(repeats->slots);
    *repeats = (struct repeats){0};
}

void repeats_begin(struct repeats *repeats, size_t count)
{
    repeats_finish(repeats);
    size_t slot_count = SLOTS_MIN;
    while (slot_count / 2 < count) {
        slot_count *= 2;
    }
    repeats->slots = mem_zalloc_array(slot_count, sizeof repeats->slots[0]);
    repeats->slot_count = slot_count;
}

// The text's slot, or the free one where it would be. Half of all are free.
static struct repeat *find(const struct repeats *repeats, const char *text, size_t len,
                           struct digest *ret_digest)
{
    size_t counted = len > 0 && text[len - 1] == '\n' ? len - 1 : len;
    *ret_digest = digest_of(text, counted);
    uint64_t hash = 0;
    memcpy(&hash, ret_digest->bytes, sizeof hash);
    size_t at = (size_t)hash & (repeats->slot_count - 1);
    while (repeats->slots[at].is_used && !digest_equal(&repeats->slots[at].text, ret_digest)) {
        at = (at + 1) & (repeats->slot_count - 1);
    }
    return &repeats->slots[at];
}

void repeats_add(struct repeats *repeats, const char *text, size_t len)
{
    struct digest digest;
    struct repeat *slot = find(repeats, text, len, &digest);
    slot->text = digest;
    slot->is_used = true;
    slot->left++;
}

bool repeats_take(struct repeats *repeats, const char *text, size_t len)
{
    if (repeats->slot_count == 0) {
        return false;
    }
    struct digest digest;
    struct repeat *slot = find(repeats, text, len, &digest);
    bool repeated = slot->is_used && slot->left > 0;
    slot->left -= repeated ? 1 : 0;
    return repeated;
}
