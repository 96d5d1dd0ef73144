#include "program/session.h"

#include "base/mem.h"
#include "io/jobserver.h"
#include "io/private_root.h"
#include "io/state_dir.h"
#include "pipeline/pipeline.h"
#include "program/answer.h"
#include "program/compile_set.h"
#include "program/deliver.h"
#include "program/events.h"
#include "program/intake.h"
#include "program/request.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

struct session {
    struct session_services services;
    struct intake intake;
    struct pipeline *pipeline;
    struct request_set requests;
    struct compile_set compiles;
    struct action_list actions; // what the table has told and is not done yet
};

static void on_metadata(void *owner, struct compile *compile);
static void on_ended(void *owner, struct compile *compile);

static const struct compile_events compile_events = {
    .on_metadata = on_metadata,
    .on_ended = on_ended,
};

struct session *session_create(const struct session_services *services)
{
    struct session *session = mem_zalloc(sizeof *session);
    session->services = *services;
    session->intake = (struct intake){.options = services->options,
                                      .inherited_env = services->inherited_env,
                                      .cwd = services->cwd,
                                      .state_root = services->state->root};
    session->pipeline = pipeline_create(&services->options->limits);
    return session;
}

void session_destroy(struct session *session)
{
    if (session == NULL) {
        return;
    }
    compile_set_finish(&session->compiles);
    request_set_finish(&session->requests);
    pipeline_destroy(session->pipeline);
    action_list_finish(&session->actions);
    free(session);
}

static void say(struct compile *compile, const char *sentence)
{
    char *line = mem_format("rustc-relay: %s\n", sentence);
    diagnostics_add(&compile->said, line, strlen(line), true);
    free(line);
}

// A sandboxed request's inputs are linked now, while its sandbox is still its own.
static void give_root(struct session *session, struct compile *compile,
                      const struct request *request, const struct work_request *work)
{
    struct failure why;
    bool needed = false;
    struct private_root *root = intake_lease(&session->intake, work, request, &needed, &why);
    if (root != NULL) {
        compile_take_root(compile, root);
    } else if (needed) {
        compile->refused = true;
        say(compile, why.text);
    }
}

static void add_compile(struct session *session, struct request *request,
                        const struct work_request *work)
{
    struct compile_place place = {.loop = session->services.loop,
                                  .make_flags = session->services.jobserver->flags,
                                  .reaper = session->services.reaper,
                                  .state = session->services.state,
                                  .events = &compile_events,
                                  .owner = session};
    struct compile *compile =
        compile_create(request->compile, &request->invocation.command, &place);
    compile->keep_raw =
        request->invocation.stage == STAGE_ALL && request->invocation.delivery.output_file != NULL;
    compile_set_add(&session->compiles, compile);
    if (request->invocation.stage != STAGE_ALL) {
        char *name = digest_hex(&request->identity);
        compile_share(compile, name);
        compile->may_attach = request->invocation.stage == STAGE_FULL;
        free(name);
    }
    give_root(session, compile, request, work);
}

// The compile may have made other metadata than the one this request's dependants were given, which
// came from elsewhere (a cache, another worker): then it is not the compile to take.
static bool made_other_metadata(const struct request *request, const struct compile *compile)
{
    struct deliver_to to = {.stage = request->invocation.stage,
                            .delivery = &request->invocation.delivery,
                            .compile = compile};
    bool matches = true;
    struct failure ignored; // what cannot be read is said when the outputs are delivered
    return deliver_metadata_matches(&to, &matches, &ignored) && !matches;
}

// --- Performing what the table decides

static void start(struct session *session, struct compile *compile)
{
    struct failure why;
    if (!compile->refused && compile_attach(compile)) {
        events_compile_attached(session->services.trace, compile);
        return;
    }
    if (!compile_set_runs(&session->compiles)) {
        jobserver_refill(session->services.jobserver);
    }
    if (!compile->refused && compile_start(compile, &why)) {
        events_compile_started(session->services.trace, compile);
        return;
    }
    compile->end = (struct child_end){.exit_code = 1};
    if (!compile->refused) {
        say(compile, why.text);
    }
    pipeline_ended(session->pipeline, compile->serial, ENDING_BAD, 0, &session->actions);
}

static void restart(struct session *session, struct compile *compile)
{
    char *end = compile_describe_end(compile);
    char *sentence = mem_format("%s; it is compiled once more", end);
    diagnostics_start_again(&compile->said);
    say(compile, sentence);
    free(sentence);
    free(end);
    start(session, compile);
}

static void send_answer(struct session *session, struct request *request,
                        const struct answer *answer)
{
    struct work_response response = {.exit_code = answer->exit_code,
                                     .output = answer->text.data,
                                     .output_len = answer->text.len,
                                     .request_id = request->id,
                                     .was_cancelled = answer->was_cancelled};
    events_request_answered(session->services.trace, request, &response);
    // Bazel may use the id again as soon as it has read the response.
    request_close(&session->requests, request);
    session->services.send(session->services.owner, &response);
}

static void answer(struct session *session, const struct action *action)
{
    struct request *request = request_by_serial(&session->requests, action->request);
    struct answer answer = {0};
    answer_build(&answer, request, compile_set_find(&session->compiles, action->compile),
                 action->outcome);
    send_answer(session, request, &answer);
    answer_finish(&answer);
}

static void perform(struct session *session, const struct action *action)
{
    switch (action->kind) {
    case ACTION_START:
        start(session, compile_set_find(&session->compiles, action->compile));
        break;
    case ACTION_RESTART:
        restart(session, compile_set_find(&session->compiles, action->compile));
        break;
    case ACTION_ANSWER:
        answer(session, action);
        break;
    case ACTION_KILL:
        if (compile_kill(compile_set_find(&session->compiles, action->compile))) {
            pipeline_ended(session->pipeline, action->compile, ENDING_BAD, 0, &session->actions);
        }
        break;
    case ACTION_FORGET:
        compile_set_remove(&session->compiles, action->compile);
        break;
    }
}

// An action may make the table append further ones.
static void settle(struct session *session)
{
    for (size_t i = 0; i < session->actions.count; i++) {
        struct action action = session->actions.items[i];
        perform(session, &action);
    }
    session->actions.count = 0;
}

// --- What compiles report

static void on_metadata(void *owner, struct compile *compile)
{
    struct session *session = owner;
    events_compile_metadata(session->services.trace, compile);
    pipeline_metadata_ready(session->pipeline, compile->serial, &session->actions);
    settle(session);
}

// The request that took the compile over may know other metadata than the other worker made.
static void check_remote(const struct session *session, struct compile *compile)
{
    const struct request *request = request_by_compile(&session->requests, compile->serial);
    if (!compile->is_remote || request == NULL || !compile_succeeded(compile)) {
        return;
    }
    if (compile_is_hollow(compile) || made_other_metadata(request, compile)) {
        compile->is_lost = true;
        compile->end.signal = SIGKILL;
    }
}

static enum ending ending_of(const struct compile *compile)
{
    if (compile_succeeded(compile)) {
        return ENDING_GOOD;
    }
    return compile->end.signal != 0 ? ENDING_SIGNAL : ENDING_BAD;
}

static void on_ended(void *owner, struct compile *compile)
{
    struct session *session = owner;
    uint64_t serial = compile->serial;
    check_remote(session, compile);
    events_compile_ended(session->services.trace, compile);
    pipeline_ended(session->pipeline, serial, ending_of(compile), compile_disk_bytes(compile),
                   &session->actions);
    settle(session);
    struct compile *kept = compile_set_look(&session->compiles, serial);
    if (kept != NULL && kept->ended) {
        compile_tell_others(kept);
    }
}

// --- What requests ask for

// Would the request join a compile that cannot serve it?
static bool must_compile_afresh(const struct session *session, const struct request *request)
{
    uint64_t serial =
        pipeline_candidate(session->pipeline, request->invocation.key, &request->identity);
    if (serial == 0) {
        return false;
    }
    const struct compile *compile = compile_set_find(&session->compiles, serial);
    return compile_is_hollow(compile) || made_other_metadata(request, compile);
}

static struct want want_of(const struct session *session, const struct request *request)
{
    struct want want = {.request = request->serial, .milestone = MILESTONE_EXIT};
    if (request->invocation.stage != STAGE_ALL) {
        want.key = request->invocation.key;
        want.identity = &request->identity;
        want.afresh = must_compile_afresh(session, request);
    }
    if (request->invocation.stage == STAGE_METADATA) {
        want.milestone = MILESTONE_METADATA;
    }
    return want;
}

static void want(struct session *session, struct request *request, const struct work_request *work)
{
    struct want want = want_of(session, request);
    enum verdict verdict =
        pipeline_want(session->pipeline, &want, &request->compile, &session->actions);
    if (verdict <= VERDICT_AFRESH) {
        add_compile(session, request, work);
    }
    events_request_served(session->services.trace, request, verdict);
    settle(session);
}

static void refuse(struct session *session, struct request *request, struct failure *why)
{
    struct answer answer = {0};
    request_explain(request, why);
    answer_fail(&answer, why);
    send_answer(session, request, &answer);
    answer_finish(&answer);
}

// Bazel uses ids again in the next build, and does not tell when it gave a request up.
static struct request *open_request(struct session *session, int32_t id)
{
    struct request *older = request_by_id(&session->requests, id);
    if (older != NULL) {
        events_request_abandoned(session->services.trace, older);
        pipeline_abandon(session->pipeline, older->serial, &session->actions);
        request_close(&session->requests, older);
        settle(session);
    }
    return request_open(&session->requests, id);
}

// Bazel forgets a request whose wait was interrupted, drops the answer that comes then, and waits
// for one to its cancel, without a limit: seen as a build that hangs for want of a free worker. A
// second answer to one id is ignored; but without ids (singleplex) it would be taken for the next
// request's.
static void answer_late_cancel(struct session *session, int32_t id)
{
    struct work_response response = {.request_id = id, .was_cancelled = true};
    if (id != 0) {
        session->services.send(session->services.owner, &response);
    }
}

static void cancel(struct session *session, int32_t id)
{
    struct request *request = request_by_id(&session->requests, id);
    if (request == NULL) {
        answer_late_cancel(session, id);
    } else {
        events_request_cancelled(session->services.trace, request);
        pipeline_cancel(session->pipeline, request->serial, &session->actions);
        settle(session);
    }
}

void session_take(struct session *session, struct work_request *work)
{
    if (work->cancel) {
        cancel(session, work->request_id);
        return;
    }
    struct request *request = open_request(session, work->request_id);
    struct failure why;
    bool good = intake_read(&session->intake, work, request, &why);
    events_request_opened(session->services.trace, request);
    if (good) {
        want(session, request, work);
    } else {
        refuse(session, request, &why);
    }
}

void session_refuse(struct session *session, int32_t request_id, const struct failure *why)
{
    struct request *request = open_request(session, request_id);
    struct failure explained = *why;
    events_request_opened(session->services.trace, request);
    refuse(session, request, &explained);
}
