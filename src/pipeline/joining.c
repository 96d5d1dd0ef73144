#include "pipeline/joining.h"

enum joining_doubt joining_doubt_of(const struct joining_compile *compile)
{
    if (compile->has_changed) {
        return JOINING_CHANGED;
    }
    if (compile->is_claimed) {
        return JOINING_CLAIMED;
    }
    if (compile->is_gone) {
        return JOINING_GONE;
    }
    if (compile->needs_gate && !compile->has_gate) {
        return JOINING_UNGATED;
    }
    return compile->has_same_metadata ? JOINING_FITS : JOINING_OTHER_METADATA;
}

enum verdict joining_verdict(const struct joining *facts)
{
    if (!facts->has_identity) {
        return VERDICT_ALONE;
    }
    if (!facts->is_known) {
        return VERDICT_FIRST;
    }
    if (!facts->is_same) {
        return VERDICT_DIFFERENT;
    }
    if (facts->doubt != JOINING_FITS) {
        return VERDICT_AFRESH;
    }
    if (facts->has_died) {
        return VERDICT_AGAIN;
    }
    return facts->is_reached ? VERDICT_TAKEN : VERDICT_JOINED;
}

bool joining_is_new(enum verdict verdict)
{
    switch (verdict) {
    case VERDICT_ALONE:
    case VERDICT_FIRST:
    case VERDICT_DIFFERENT:
    case VERDICT_AFRESH:
        return true;
    case VERDICT_JOINED:
    case VERDICT_TAKEN:
    case VERDICT_AGAIN:
        break;
    }
    return false;
}

const char *joining_early_obstacle(const struct joining_early *early)
{
    if (early->obstacle != NULL) {
        return early->obstacle;
    }
    if (early->is_bound) {
        return "its working directory may be emptied as soon as it is answered";
    }
    if (!early->has_identity) {
        return "not every one of its inputs has a digest";
    }
    if (!early->has_program) {
        return "the file of rustc-relay's own program is not known";
    }
    if (!early->is_known && early->held >= early->most) {
        return "as many linked crates wait for their libraries as --keep-gates allows";
    }
    return NULL;
}
