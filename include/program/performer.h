/**
 * Does what the pipeline table decides, and tells the table what compiles report.
 */
#ifndef RELAY_PROGRAM_PERFORMER_H
#define RELAY_PROGRAM_PERFORMER_H

#include "pipeline/pipeline.h"
#include "program/answer.h"
#include "program/compile_set.h"
#include "program/launcher.h"
#include "program/request.h"

struct idle;
struct session_services;

/** The table, and what it decides about. Its owner adds requests and asks the table. */
struct performer {
    const struct session_services *services; /**< borrowed */
    struct launcher launcher;
    struct pipeline *pipeline;
    struct request_set requests;
    struct compile_set compiles;
    struct idle *idle;          /**< since when no request is open while compiles wait at gates */
    struct action_list actions; /**< what the table has told and is not done yet */
};

/** Opens a zeroed one, which must stay where it is. All is borrowed for its life. */
void performer_open(struct performer *performer, const struct session_services *services,
                    const struct intake *intake);

/** Drops all requests unanswered and kills all compiles. */
void performer_close(struct performer *performer);

/** Does what the table has told so far, and what it tells meanwhile. */
void performer_settle(struct performer *performer);

/** Sends the answer and closes the request. */
void performer_answer(struct performer *performer, struct request *request,
                      const struct answer *answer);

#endif
