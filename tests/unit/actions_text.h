// What the pipeline table told the worker, as one line of text.
#ifndef RELAY_TESTS_ACTIONS_TEXT_H
#define RELAY_TESTS_ACTIONS_TEXT_H

#include "base/bytes.h"
#include "pipeline/action.h"

// "start 1, answer 2 done by 1, kill 1"; empties the list.
static inline void append_actions(struct bytes *text, struct action_list *actions)
{
    static const char *const kinds[] = {"start",  "restart", "open",  "ordinary",
                                        "answer", "kill",    "forget"};
    static const char *const outcomes[] = {"done", "failed", "cancelled"};
    for (size_t i = 0; i < actions->count; i++) {
        const struct action *action = &actions->items[i];
        bytes_append_format(text, "%s%s", i == 0 ? "" : ", ", kinds[action->kind]);
        if (action->kind == ACTION_ANSWER) {
            bytes_append_format(text, " %llu %s by", (unsigned long long)action->request,
                                outcomes[action->outcome]);
        }
        bytes_append_format(text, " %llu", (unsigned long long)action->compile);
        if (action->kind == ACTION_OPEN || action->kind == ACTION_ORDINARY) {
            bytes_append_format(text, " for %llu", (unsigned long long)action->request);
        }
    }
    actions->count = 0;
}

#endif
