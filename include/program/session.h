/**
 * The open requests and the live compiles of a worker, or of a run with one request. It asks the
 * pipeline table what to do and does it; bytes, signals and the loop's life are not its own.
 */
#ifndef RELAY_PROGRAM_SESSION_H
#define RELAY_PROGRAM_SESSION_H

#include "base/failure.h"
#include "program/options.h"
#include "protocol/work.h"
#include "roots/sandbox.h"

#include <stdint.h>
#include <uv.h>

struct jobserver;
struct link_home;
struct reaper;
struct request;
struct root_settler;
struct said;
struct session;
struct state_dir;
struct trace;

/** What a session works with. All borrowed for its life. */
struct session_services {
    const struct options *options;
    char *const *inherited_env;
    const char *cwd;            /**< ours, absolute */
    enum sandbox_kind cwd_kind; /**< what it is to requests without a sandbox of their own */
    uv_loop_t *loop;
    struct jobserver *jobserver; /**< may be without tokens; NULL: each rustc has its own */
    struct reaper *reaper;
    struct root_settler *settler; /**< this and `links`: NULL if no request is sandboxed */
    struct state_dir *state;
    struct link_home *links;
    struct trace *trace;
    /** Shows what a compile of the request has just said; NULL: that comes with the answer. */
    void (*on_said)(void *owner, const struct request *request, struct said *said);
    void (*send)(void *owner, const struct work_response *response);
    void *owner;
};

struct session *session_create(const struct session_services *services);

/** A request or a cancel has come. Its inputs are sorted; it may be taken, and is then zeroed. */
void session_take(struct session *session, struct work_request *work);

/** A request has come that cannot be run: it is answered with the sentence. */
void session_refuse(struct session *session, int32_t request_id, const struct failure *why);

/** Drops all requests unanswered and kills all compiles. Accepts NULL. */
void session_destroy(struct session *session);

#endif
