/**
 * Chrome trace events in a file that is a whole JSON document at every moment: each event is
 * written with the closing bracket behind it, over the old one, in one pwrite(2). (Trace Event
 * Format: an array of objects; asynchronous events b, n, e with category and id)
 */
#ifndef RELAY_STORE_TRACE_H
#define RELAY_STORE_TRACE_H

#include "base/failure.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/** A zeroed struct is a trace that is off: events are dropped. */
struct trace {
    bool on;
    int fd;    /**< valid while `on` */
    off_t end; /**< where the closing bracket stands */
    bool any;  /**< is there an event before the bracket? */
};

enum trace_phase { TRACE_BEGIN, TRACE_INSTANT, TRACE_END };

/** What an event says besides its name: a text, or a number when `text` is NULL. */
struct trace_fact {
    const char *name; /**< NULL ends a list of facts */
    const char *text;
    int64_t number;
};

/** One event of the life of one thing. All borrowed. */
struct trace_event {
    enum trace_phase phase;
    const char *category;           /**< "request" or "compile" */
    uint64_t id;                    /**< the thing's serial */
    const char *name;               /**< what happens */
    const struct trace_fact *facts; /**< up to one without a name; may be NULL */
};

/**
 * Makes the file, for this user only; every `%p` in the name becomes the process id. An old file of
 * this user gives way; a link, or anything else, is refused and left as it is.
 */
bool trace_open(struct trace *trace, const char *name, struct failure *why);

/** Writes one event with the time of now (microseconds of the monotonic clock). */
void trace_write(struct trace *trace, const struct trace_event *event);

/** Accepts a zeroed trace. */
void trace_close(struct trace *trace);

#endif
