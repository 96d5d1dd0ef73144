#include "program/compile_set.h"

#include "base/mem.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

void compile_set_finish(struct compile_set *set)
{
    for (size_t i = 0; i < set->count; i++) {
        compile_destroy(set->items[i]);
    }
    free(set->items);
    *set = (struct compile_set){0};
}

void compile_set_add(struct compile_set *set, struct compile *take_compile)
{
    set->items = mem_grow_array(set->items, set->count + 1, sizeof set->items[0]);
    set->items[set->count++] = take_compile;
}

static size_t index_of(const struct compile_set *set, uint64_t serial)
{
    size_t index = 0;
    while (index < set->count && compile_facts(set->items[index])->serial != serial) {
        index++;
    }
    return index;
}

struct compile *compile_set_look(const struct compile_set *set, uint64_t serial)
{
    size_t index = index_of(set, serial);
    return index < set->count ? set->items[index] : NULL;
}

struct compile *compile_set_find(const struct compile_set *set, uint64_t serial)
{
    struct compile *compile = compile_set_look(set, serial);
    assert(compile != NULL);
    return compile;
}

void compile_set_remove(struct compile_set *set, uint64_t serial)
{
    size_t index = index_of(set, serial);
    assert(index < set->count);
    compile_destroy(set->items[index]);
    set->items[index] = set->items[--set->count];
}

bool compile_set_has_dying(const struct compile_set *set, const char *working_dir)
{
    for (size_t i = 0; i < set->count; i++) {
        const struct compile_facts *facts = compile_facts(set->items[i]);
        if (facts->state == COMPILE_DYING && !command_is_redirected(&facts->command) &&
            strcmp(facts->command.working_dir, working_dir) == 0) {
            return true;
        }
    }
    return false;
}

size_t compile_set_gated(const struct compile_set *set)
{
    size_t count = 0;
    for (size_t i = 0; i < set->count; i++) {
        count += compile_holds_gate(set->items[i]) ? 1 : 0;
    }
    return count;
}
