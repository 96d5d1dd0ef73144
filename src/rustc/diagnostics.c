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
    repeats_finish(&list->earlier);
    *list = (struct diagnostics){0};
}

static size_t *kept_bytes(struct diagnostics *list, bool is_error)
{
    return is_error ? &list->error_bytes : &list->other_bytes;
}

void diagnostics_drop_waiting(struct diagnostics *list)
{
    while (list->count > list->answered) {
        struct diagnostic *item = &list->items[--list->count];
        *kept_bytes(list, item->is_error) -= item->len + DIAGNOSTICS_ITEM_BYTES;
        free(item->text);
    }
    list->untold = (struct diagnostics_cut){0};
}

// What was not kept will be said again too.
void diagnostics_start_again(struct diagnostics *list)
{
    repeats_begin(&list->earlier, list->count);
    for (size_t i = 0; i < list->count; i++) {
        repeats_add(&list->earlier, list->items[i].text, list->items[i].len);
    }
    list->untold = (struct diagnostics_cut){0};
    list->cut = (struct diagnostics_cut){0};
}

static void add_to_cut(struct diagnostics_cut *cut, size_t bytes)
{
    cut->count++;
    cut->bytes += bytes;
}

static void keep(struct diagnostics *list, const char *text, size_t len, bool is_error)
{
    struct bytes item = {0};
    bytes_append(&item, text, len);
    if (text[len - 1] != '\n') {
        bytes_append(&item, "\n", 1);
    }
    size_t item_len = item.len;
    list->items = mem_reserve_one(list->items, list->count, sizeof list->items[0]);
    list->items[list->count++] =
        (struct diagnostic){.text = bytes_detach(&item), .len = item_len, .is_error = is_error};
    *kept_bytes(list, is_error) += item_len + DIAGNOSTICS_ITEM_BYTES;
}

bool diagnostics_add(struct diagnostics *list, const char *text, size_t len, bool is_error)
{
    if (len == 0 || repeats_take(&list->earlier, text, len)) {
        return false;
    }
    if (*kept_bytes(list, is_error) < DIAGNOSTICS_KEPT_MAX_BYTES) {
        keep(list, text, len, is_error);
    } else {
        add_to_cut(&list->untold, len);
        add_to_cut(&list->cut, len);
    }
    return true;
}

// Which of the waiting items go into an answer.
struct choice {
    bool *chosen; // one for each waiting item
    size_t room;  // bytes left
};

// Chooses among the errors, or among all others, what fits, in its order.
static void choose(const struct diagnostics *list, bool errors, struct choice *choice,
                   struct diagnostics_cut *cut)
{
    for (size_t i = list->answered; i < list->count; i++) {
        const struct diagnostic *item = &list->items[i];
        if (item->is_error != errors) {
            continue;
        }
        if (item->len <= choice->room) {
            choice->chosen[i - list->answered] = true;
            choice->room -= item->len;
        } else {
            add_to_cut(cut, item->len);
        }
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

// A first error that alone is too long is still the best thing to show: its beginning.
static void append_cut(const struct diagnostics *list, const struct diagnostic *shown,
                       size_t max_bytes, struct bytes *out, struct diagnostics_cut *cut)
{
    for (size_t i = list->answered; i < list->count; i++) {
        add_to_cut(cut, list->items[i].len);
    }
    if (max_bytes > 0) {
        bytes_append(out, shown->text, max_bytes - 1);
        bytes_append(out, "\n", 1);
        cut->bytes -= max_bytes - 1;
    }
}

static void append_chosen(const struct diagnostics *list, size_t max_bytes, struct bytes *out,
                          struct diagnostics_cut *cut)
{
    size_t waiting = list->count - list->answered;
    struct choice choice = {.chosen = mem_zalloc_array(waiting, sizeof choice.chosen[0]),
                            .room = max_bytes};
    choose(list, true, &choice, cut);
    choose(list, false, &choice, cut);
    for (size_t i = 0; i < waiting; i++) {
        const struct diagnostic *item = &list->items[list->answered + i];
        bytes_append(out, item->text, choice.chosen[i] ? item->len : 0);
    }
    free(choice.chosen);
}

static void append_cut_line(const struct diagnostics_cut *cut, struct bytes *out)
{
    if (cut->count > 0) {
        bytes_append_text(out, "rustc-relay: ... ");
        bytes_append_count(out, cut->bytes);
        bytes_append_text(out, " bytes cut (");
        bytes_append_count(out, cut->count);
        bytes_append_format(out, " diagnostic%s): more than is shown\n",
                            cut->count == 1 ? "" : "s");
    }
}

void diagnostics_answer(struct diagnostics *list, size_t max_bytes, struct bytes *out)
{
    const struct diagnostic *first = find_first(list);
    struct diagnostics_cut cut = list->untold;
    if (first != NULL && first->len > max_bytes) {
        append_cut(list, first, max_bytes, out, &cut);
    } else {
        append_chosen(list, max_bytes, out, &cut);
    }
    append_cut_line(&cut, out);
    list->untold = (struct diagnostics_cut){0};
    list->answered = list->count;
}

static void append_from(const struct diagnostics *list, size_t first,
                        const struct diagnostics_cut *cut, struct bytes *out)
{
    for (size_t i = first; i < list->count; i++) {
        bytes_append(out, list->items[i].text, list->items[i].len);
    }
    append_cut_line(cut, out);
}

void diagnostics_waiting(const struct diagnostics *list, struct bytes *out)
{
    append_from(list, list->answered, &list->untold, out);
}

void diagnostics_all(const struct diagnostics *list, struct bytes *out)
{
    append_from(list, 0, &list->cut, out);
}
