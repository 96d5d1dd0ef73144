/**
 * Every rule of joining: which request may have which compile. Pure: known facts in, a verdict out.
 * What is in doubt is a reason against it: then it is compiled afresh.
 */
#ifndef RELAY_PIPELINE_JOINING_H
#define RELAY_PIPELINE_JOINING_H

#include <stdbool.h>
#include <stddef.h>

/** What is known of a compile, here or in another worker, that a request of its identity may have.
 */
struct joining_compile {
    bool has_changed;       /**< may it have read something else than the request lists? */
    bool is_claimed;        /**< has somebody else taken what it made? */
    bool is_gone;           /**< is what it made not there any more? */
    bool needs_gate;        /**< is the request one of a linked crate, early or late? */
    bool has_gate;          /**< does the compile stop at a gate? */
    bool has_same_metadata; /**< was it made from, or did it make, the metadata that the request
                                 brings? */
};

/** Why a compile is not the one for a request. */
enum joining_doubt {
    JOINING_FITS, /**< it is */
    JOINING_CHANGED,
    JOINING_CLAIMED,
    JOINING_GONE,
    JOINING_UNGATED,
    JOINING_OTHER_METADATA
};

/** The first reason against it. */
enum joining_doubt joining_doubt_of(const struct joining_compile *compile);

/** What is known when a request comes. */
struct joining {
    bool has_identity; /**< does it say for sure what it compiles? */
    bool is_known;     /**< is a compile of its crate known? */
    bool is_same;      /**< of its identity? */
    bool has_died;     /**< killed by a signal, while nobody waited? */
    bool is_reached;   /**< has it made what the request wants? */
    enum joining_doubt doubt;
};

/** Why a request gets the compile it gets. */
enum verdict {
    VERDICT_ALONE,     /**< a new one: nobody can know whether another would do */
    VERDICT_FIRST,     /**< a new one: no compile of its crate was known */
    VERDICT_DIFFERENT, /**< a new one: one was known, of another identity */
    VERDICT_AFRESH,    /**< a new one: the one of its identity is in doubt */
    VERDICT_JOINED,    /**< it waits for a compile that was running */
    VERDICT_TAKEN,     /**< answered from a compile that had made what it wants */
    VERDICT_AGAIN      /**< the known compile had died by a signal: it is started once more */
};

enum verdict joining_verdict(const struct joining *facts);

/** Does the verdict need a new compile? */
bool joining_is_new(enum verdict verdict);

/** What is known when the early request of a linked crate comes. */
struct joining_early {
    const char *obstacle; /**< why rustc cannot be held before its linker; NULL: it can */
    bool is_bound;        /**< may its directory be emptied as soon as it is answered? */
    bool has_identity;
    bool has_program; /**< is our own executable known, which plays the linker? */
    bool is_known;    /**< is a compile of its identity known? */
    size_t held;      /**< how many are held at gates */
    size_t most;      /**< how many may be */
};

/** Why it is not worth a process, so that the late request does the whole work; NULL: it is. */
const char *joining_early_obstacle(const struct joining_early *early);

#endif
