/**
 * Gives a request what it declared: places the artifacts of a compile, and does what the request's
 * flags ask for after the run.
 */
#ifndef RELAY_PROGRAM_DELIVER_H
#define RELAY_PROGRAM_DELIVER_H

#include "base/failure.h"
#include "program/compile_state.h"
#include "rustc/delivery.h"

#include <stdbool.h>

/** A request's place in a compile that has reached its milestone. All borrowed. */
struct deliver_to {
    enum stage stage;
    const struct delivery *delivery;
    const struct compile_facts *made;
    const char *request_dir; /**< where the request's files go; NULL: they are there already */
};

/**
 * Is the metadata that dependants used (--pipelining-rmeta-path) the one that this compile made?
 * True when the request names none, and while the compile has not made any.
 */
bool deliver_metadata_matches(const struct deliver_to *to, bool *ret_matches, struct failure *why);

/**
 * Checks the metadata and places what the request declared. Call it only while the request is open.
 * On failure `why` says what could not be placed, or that the metadata differs.
 */
bool deliver_outputs(const struct deliver_to *to, struct failure *why);

/** Makes the stamp of an early request, or a directory of objects that says there are none. */
bool deliver_stamp(const struct delivery *delivery, struct failure *why);

/** --touch-file and --copy-output. After a successful run only. */
bool deliver_afterwards(const struct delivery *delivery, struct failure *why);

#endif
