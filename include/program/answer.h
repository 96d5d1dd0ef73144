/**
 * What a request is told: exit code and text.
 */
#ifndef RELAY_PROGRAM_ANSWER_H
#define RELAY_PROGRAM_ANSWER_H

#include "base/bytes.h"
#include "base/failure.h"
#include "pipeline/action.h"
#include "program/compile.h"
#include "program/request.h"

#include <stdint.h>

struct answer {
    int32_t exit_code;
    bool was_cancelled;
    struct bytes text; /**< owned; ends with a newline unless empty */
};

void answer_finish(struct answer *answer);

/** Adds the sentence as a line of its own and makes the answer a failing one. */
void answer_fail(struct answer *answer, const struct failure *why);

/**
 * Answers a request whose compile has reached `outcome`: delivers the outputs on OUTCOME_DONE,
 * writes the files that the flags name, and takes what rustc said since the last answer. A failing
 * answer always has a reason.
 */
void answer_build(struct answer *answer, const struct request *request, struct compile *compile,
                  enum outcome outcome);

/** The same, told on our own standard output and error. Returns the exit code. */
int answer_show(const struct request *request, struct compile *compile, enum outcome outcome);

#endif
