#include "rustc/diagnostics.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

void diagnostics_finish(struct diagnostics *list)
{
    for (size_t i = 0; i < list->count; i++) {
        free(list->items[i].text);
    }
    free(list->items);
    *list = (struct diagnostics){0};
}

void diagnostics_drop_waiting(struct diagnostics *list)
{
    while (list->count > list->answered) {
        struct diagnostic *item = &list->items[--list->count];
        list->total_bytes -= item->len;
        free(item->text);
    }
    list->dropped = 0;
}

void diagnostics_start_again(struct diagnostics *list)
{
    list->earlier = list->count;
}

static bool was_said_earlier(const struct diagnostics *list, const char *text, size_t len)
{
    for (size_t i = 0; i < list->earlier; i++) {
        const struct diagnostic *item = &list->items[i];
        bool closed = item->len == len + 1 && item->text[len] == '\n';
        if ((item->len == len || closed) && memcmp(item->text, text, len) == 0) {
            return true;
        }
    }
    return false;
}

void diagnostics_add(struct diagnostics *list, const char *text, size_t len, bool is_error)
{
    if (len == 0 || was_said_earlier(list, text, len)) {
        return;
    }
    if (list->total_bytes + len > DIAGNOSTICS_MAX_BYTES && !is_error) {
        list->dropped++;
        return;
    }
    if (list->count == list->capacity) {
        list->capacity = list->capacity == 0 ? 4 : list->capacity * 2;
        list->items = mem_grow_array(list->items, list->capacity, sizeof list->items[0]);
    }
    struct bytes item = {0};
    bytes_append(&item, text, len);
    if (text[len - 1] != '\n') {
        bytes_append(&item, "\n", 1);
    }
    size_t item_len = item.len;
    list->items[list->count++] =
        (struct diagnostic){.text = bytes_detach(&item), .len = item_len, .is_error = is_error};
    list->total_bytes += item_len;
}

// Which of the waiting items go into an answer.
struct choice {
    bool *chosen; // one for each waiting item
    size_t room;  // bytes left
    size_t left_out;
};

// Chooses among the errors, or among all others, what fits, in its order.
static void choose(const struct diagnostics *list, bool errors, struct choice *choice)
{
    for (size_t i = list->answered; i < list->count; i++) {
        const struct diagnostic *item = &list->items[i];
        if (item->is_error != errors) {
            continue;
        }
        bool fits = item->len <= choice->room;
        choice->chosen[i - list->answered] = fits;
        choice->room -= fits ? item->len : 0;
        choice->left_out += fits ? 0 : 1;
    }
}

// The first error, else the first item; NULL when nothing waits.
static const struct diagnostic *find_first(const struct diagnostics *list)
{
    for (size_t i = list->answered; i < list->count; i++) {
        if (list->items[i].is_error) {
            return &list->items[i];
        }
    }
    return list->answered < list->count ? &list->items[list->answered] : NULL;
}

// A first error that alone is too long is still the best thing to show: its beginning. Returns how
// many items were left out.
static size_t append_cut(const struct diagnostics *list, const struct diagnostic *shown,
                         size_t max_bytes, struct bytes *out)
{
    if (max_bytes > 0) {
        bytes_append(out, shown->text, max_bytes - 1);
        bytes_append(out, "\n", 1);
    }
    return list->count - list->answered;
}

static size_t append_chosen(const struct diagnostics *list, size_t max_bytes, struct bytes *out)
{
    size_t waiting = list->count - list->answered;
    struct choice choice = {.chosen = mem_zalloc_array(waiting, sizeof choice.chosen[0]),
                            .room = max_bytes};
    choose(list, true, &choice);
    choose(list, false, &choice);
    for (size_t i = 0; i < waiting; i++) {
        const struct diagnostic *item = &list->items[list->answered + i];
        bytes_append(out, item->text, choice.chosen[i] ? item->len : 0);
    }
    free(choice.chosen);
    return choice.left_out;
}

void diagnostics_answer(struct diagnostics *list, size_t max_bytes, struct bytes *out)
{
    const struct diagnostic *first = find_first(list);
    bool is_cut = first != NULL && first->len > max_bytes;
    size_t left_out =
        is_cut ? append_cut(list, first, max_bytes, out) : append_chosen(list, max_bytes, out);
    if (left_out + list->dropped > 0) {
        bytes_append_format(out,
                            "rustc-relay: %zu diagnostics are left out: the output is longer "
                            "than Bazel shows\n",
                            left_out + list->dropped);
    }
    list->dropped = 0;
    list->answered = list->count;
}

static void append_from(const struct diagnostics *list, size_t first, struct bytes *out)
{
    for (size_t i = first; i < list->count; i++) {
        bytes_append(out, list->items[i].text, list->items[i].len);
    }
}

void diagnostics_waiting(const struct diagnostics *list, struct bytes *out)
{
    append_from(list, list->answered, out);
}

void diagnostics_all(const struct diagnostics *list, struct bytes *out)
{
    append_from(list, 0, out);
}
