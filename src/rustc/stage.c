#include "rustc/stage.h"

#include <stddef.h>

static const struct {
    enum flag_id flag; // FLAG_COUNT: none
    const char *name;
} stages[] = {
    [STAGE_ALL] = {FLAG_COUNT, "all"},
    [STAGE_METADATA] = {FLAG_PIPELINING_METADATA, "metadata"},
    [STAGE_FULL] = {FLAG_PIPELINING_FULL, "full"},
    [STAGE_CODEGEN] = {FLAG_PIPELINING_CODEGEN, "codegen"},
    [STAGE_LINK] = {FLAG_PIPELINING_LINK, "link"},
};

bool stage_read(const struct flag_values *flags, enum stage *ret_stage, struct failure *why)
{
    enum stage found = STAGE_ALL;
    for (size_t stage = STAGE_ALL + 1; stage < sizeof stages / sizeof stages[0]; stage++) {
        if (!flag_given(flags, stages[stage].flag)) {
            continue;
        }
        if (found != STAGE_ALL) {
            return failure_set(why, "%s and %s exclude each other", flag_name(stages[found].flag),
                               flag_name(stages[stage].flag));
        }
        found = (enum stage)stage;
    }
    *ret_stage = found;
    return true;
}

const char *stage_name(enum stage stage)
{
    return stages[stage].name;
}

enum flag_id stage_flag(enum stage stage)
{
    return stages[stage].flag;
}

bool stage_is_library(enum stage stage)
{
    return stage == STAGE_METADATA || stage == STAGE_FULL;
}

bool stage_is_late(enum stage stage)
{
    return stage == STAGE_FULL || stage == STAGE_LINK;
}

bool stage_takes_all(enum stage stage)
{
    return stage == STAGE_ALL || stage == STAGE_LINK;
}
