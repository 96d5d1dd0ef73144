/**
 * Makes the compiles that requests need, and starts them: with a private root, with a gate, or by
 * taking over another worker's.
 */
#ifndef RELAY_PROGRAM_LAUNCHER_H
#define RELAY_PROGRAM_LAUNCHER_H

#include "base/failure.h"
#include "gate/hollow_store.h"
#include "pipeline/joining.h"
#include "program/compile.h"
#include "program/request.h"
#include "protocol/work.h"

#include <stdbool.h>

/** All borrowed but the store and the program's name. */
struct launcher {
    const struct request_reader *reader;
    struct compile_place place; /**< where compiles run and who hears of them */
    struct hollow_store hollow;
    char *program; /**< our own executable; NULL: not found, so there are no gates */
};

/** `place` without `program` and `hollow`, which are the launcher's own. The struct must stay where
 * it is. */
void launcher_open(struct launcher *launcher, const struct request_reader *reader,
                   const struct compile_place *place);

/** All compiles must be destroyed before. */
void launcher_close(struct launcher *launcher);

/**
 * The compile that will serve the request; its inputs are linked now, while its sandbox is still
 * its own. What fails is said by the compile, which then `refused`.
 */
struct compile *launcher_make(struct launcher *launcher, struct request *request,
                              const struct work_request *work);

/** Has it watch the inputs that all requests of its identity have; after its start, for which
 * nobody need wait so long. */
void launcher_list_inputs(const struct compile *compile, const struct request *request,
                          const struct work_request *work);

/** Will the compile take over another worker's? `request` is the one that it serves. */
bool launcher_attach(struct compile *compile, const struct request *request);

/** Gives the compile the rlibs that the late request brings, and opens its gate. */
bool launcher_let_link(const struct compile *compile, const struct request *late,
                       struct failure *why);

/** What came of the compile's gate does not count: makes it the late request's own, without one. */
void launcher_make_ordinary(struct launcher *launcher, struct compile *compile,
                            struct request *late);

/** What is known of the compile when this request would have it: all but whether it has changed and
 * whether somebody else has claimed it. */
void launcher_compare(const struct compile *compile, const struct request *request,
                      const struct work_request *work, struct joining_compile *known);

#endif
