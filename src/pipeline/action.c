#include "pipeline/action.h"

#include "base/mem.h"

#include <stdlib.h>

void action_list_finish(struct action_list *actions)
{
    free(actions->items);
    *actions = (struct action_list){0};
}

void action_list_push(struct action_list *actions, struct action action)
{
    if (actions->count == actions->capacity) {
        actions->capacity = actions->capacity == 0 ? 8 : actions->capacity * 2;
        actions->items =
            mem_grow_array(actions->items, actions->capacity, sizeof actions->items[0]);
    }
    actions->items[actions->count++] = action;
}
