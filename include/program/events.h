/**
 * What the trace shows: one line in the viewer for each request and for each process.
 */
#ifndef RELAY_PROGRAM_EVENTS_H
#define RELAY_PROGRAM_EVENTS_H

#include "pipeline/pipeline.h"
#include "program/compile.h"
#include "program/request.h"
#include "protocol/work.h"
#include "store/trace.h"

void events_request_opened(struct trace *trace, const struct request *request);

/** Which compile serves it, and why that one. */
void events_request_served(struct trace *trace, const struct request *request,
                           enum verdict verdict);

/** It is an early request that needs no process: the late one does the whole work. */
void events_request_ordinary(struct trace *trace, const struct request *request,
                             const char *reason);

void events_request_cancelled(struct trace *trace, const struct request *request);

/** Its id came again: nobody will be answered. */
void events_request_abandoned(struct trace *trace, const struct request *request);

void events_request_answered(struct trace *trace, const struct request *request,
                             const struct work_response *response);

/** It waits for another worker's process. */
void events_compile_attached(struct trace *trace, const struct compile *compile);

/** It is not its turn yet to compute. */
void events_compile_waits(struct trace *trace, const struct compile *compile);

/** One for each process. */
void events_compile_started(struct trace *trace, const struct compile *compile);
void events_compile_metadata(struct trace *trace, const struct compile *compile);
/** Its linker was asked for, and waits. */
void events_compile_asked(struct trace *trace, const struct compile *compile);
/** Its linker runs. */
void events_compile_opened(struct trace *trace, const struct compile *compile);
/** What came of its gate does not count. */
void events_compile_ordinary(struct trace *trace, const struct compile *compile,
                             const char *reason);
/** Its process may have read something else than the requests that come now ask for. */
void events_compile_changed(struct trace *trace, const struct compile *compile);
void events_compile_ended(struct trace *trace, const struct compile *compile);

#endif
