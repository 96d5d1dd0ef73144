#include "base/input.h"

#include "base/mem.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

// A part of the list that is sorted: Bazel's list is a few of them, one behind the other.
struct run {
    const struct input *start;
    const struct input *end;
};

static bool is_before(const struct input *left, const struct input *right)
{
    return strcmp(left->path, right->path) < 0;
}

static const struct input *run_end(const struct input *start, const struct input *end)
{
    const struct input *last = start;
    while (last + 1 < end && !is_before(last + 1, last)) {
        last++;
    }
    return last + 1;
}

// Of two that are equal the left one comes first.
static void merge(struct run left, struct run right, struct input *to)
{
    while (left.start < left.end && right.start < right.end) {
        struct run *from = is_before(right.start, left.start) ? &right : &left;
        *to++ = *from->start++;
    }
    size_t rest = (size_t)(left.end - left.start);
    memcpy(to, left.start, rest * sizeof to[0]);
    memcpy(to + rest, right.start, (size_t)(right.end - right.start) * sizeof to[0]);
}

// Merges each two neighbours. Returns how many runs there are then.
static size_t merge_pairs(const struct input *from, struct input *to, size_t count)
{
    const struct input *end = from + count;
    size_t runs = 0;
    for (const struct input *start = from; start < end; runs++) {
        struct run left = {.start = start, .end = run_end(start, end)};
        struct run right = {.start = left.end, .end = left.end};
        if (right.start < end) {
            right.end = run_end(right.start, end);
        }
        merge(left, right, to + (start - from));
        start = right.end;
    }
    return runs;
}

void input_sort(struct input *inputs, size_t count)
{
    if (count < 2 || run_end(inputs, inputs + count) == inputs + count) {
        return;
    }
    struct input *other = mem_grow_array(NULL, count, sizeof other[0]);
    struct input *from = inputs;
    struct input *to = other;
    size_t runs = count;
    while (runs > 1) {
        runs = merge_pairs(from, to, count);
        struct input *merged = to;
        to = from;
        from = merged;
    }
    if (from != inputs) {
        memcpy(inputs, from, count * sizeof inputs[0]);
    }
    free(other);
}
