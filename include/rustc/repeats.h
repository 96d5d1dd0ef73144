/**
 * Texts that were said and will be said a second time: each is passed over as often as it was
 * there. Time and memory are linear in the texts; a zeroed struct has none.
 */
#ifndef RELAY_RUSTC_REPEATS_H
#define RELAY_RUSTC_REPEATS_H

#include <stdbool.h>
#include <stddef.h>

struct repeat;

struct repeats {
    struct repeat *slots; /**< a hash table: twice as many as there are texts, and more */
    size_t slot_count;    /**< 0, or a power of two */
};

void repeats_finish(struct repeats *repeats);

/** Forgets all texts, and makes room for so many. */
void repeats_begin(struct repeats *repeats, size_t count);

/** Adds a text, of which only a digest is kept. A newline at its end does not count. */
void repeats_add(struct repeats *repeats, const char *text, size_t len);

/** Is it one of the texts, and is this not one time too many? */
bool repeats_take(struct repeats *repeats, const char *text, size_t len);

#endif
