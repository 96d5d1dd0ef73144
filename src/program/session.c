#include "program/session.h"

#include "base/mem.h"
#include "program/deliver.h"
#include "program/events.h"
#include "program/intake.h"
#include "program/performer.h"
#include "roots/input_stamps.h"
#include "rustc/gating.h"
#include "store/state_dir.h"

#include <stdlib.h>

struct session {
    struct session_services services;
    struct intake intake;
    struct performer performer;
};

struct session *session_create(const struct session_services *services)
{
    struct session *session = mem_zalloc(sizeof *session);
    session->services = *services;
    session->intake = (struct intake){.options = services->options,
                                      .inherited_env = services->inherited_env,
                                      .cwd = services->cwd,
                                      .cwd_kind = sandbox_kind_of_cwd(services->cwd),
                                      .state_root = services->state->root,
                                      .links = services->links};
    performer_open(&session->performer, &session->services, &session->intake);
    return session;
}

void session_destroy(struct session *session)
{
    if (session != NULL) {
        performer_close(&session->performer);
        free(session);
    }
}

// Would the request join a compile that cannot serve it?
static bool must_compile_afresh(const struct session *session, const struct request *request,
                                const struct work_request *work)
{
    uint64_t serial = pipeline_candidate(session->performer.pipeline, request->invocation.key,
                                         &request->identity);
    if (serial == 0) {
        return false;
    }
    struct compile *compile = compile_set_find(&session->performer.compiles, serial);
    if (input_stamps_differ(compile->inputs)) {
        events_compile_changed(session->services.trace, compile);
        return true;
    }
    return !compile_reclaim(compile) || launcher_differs(compile, request, work);
}

static enum milestone milestone_of(enum stage stage)
{
    static const enum milestone milestones[] = {[STAGE_ALL] = MILESTONE_EXIT,
                                                [STAGE_METADATA] = MILESTONE_METADATA,
                                                [STAGE_FULL] = MILESTONE_EXIT,
                                                [STAGE_CODEGEN] = MILESTONE_LINK,
                                                [STAGE_LINK] = MILESTONE_EXIT};
    return milestones[stage];
}

static struct want want_of(const struct session *session, const struct request *request,
                           const struct work_request *work)
{
    struct want want = {.request = request->serial,
                        .milestone = milestone_of(request->invocation.stage)};
    if (request->has_identity) {
        want.key = request->invocation.key;
        want.identity = &request->identity;
        want.is_bound = request->is_bound;
        want.afresh = must_compile_afresh(session, request, work);
    }
    return want;
}

static void want(struct session *session, struct request *request, struct work_request *work)
{
    struct want want = want_of(session, request, work);
    enum verdict verdict = pipeline_want(session->performer.pipeline, &want, &request->compile,
                                         &session->performer.actions);
    if (verdict <= VERDICT_AFRESH) {
        compile_set_add(&session->performer.compiles,
                        launcher_make(&session->performer.launcher, request, work));
    } else if (request->invocation.stage == STAGE_LINK) {
        request_keep(request, work); // it may have to compile after all
    }
    events_request_served(session->services.trace, request, verdict);
    performer_settle(&session->performer);
}

// Why the early request of a linked crate is not worth a process; NULL: it is.
static const char *obstacle_of(const struct session *session, const struct request *request)
{
    const char *obstacle = gating_obstacle(&request->invocation.command);
    if (obstacle != NULL) {
        return obstacle;
    }
    if (request->is_bound) {
        return "its directory may be emptied as soon as it is answered";
    }
    if (!request->has_identity) {
        return "not every one of its inputs has a digest";
    }
    if (session->performer.launcher.program == NULL) {
        return "the program's own file is not known";
    }
    bool is_new = pipeline_candidate(session->performer.pipeline, request->invocation.key,
                                     &request->identity) == 0;
    size_t held = compile_set_gated(&session->performer.compiles);
    bool has_room = !is_new || held < session->services.options->gate_count;
    return has_room ? NULL : "enough other ones are held at their gates";
}

// The late request does the whole work.
static void answer_stamp(struct session *session, struct request *request, const char *reason)
{
    struct answer answer = {0};
    struct failure why;
    events_request_ordinary(session->services.trace, request, reason);
    if (!deliver_stamp(&request->invocation.delivery, &why)) {
        request_explain(request, &why);
        answer_fail(&answer, &why);
    }
    performer_answer(&session->performer, request, &answer);
    answer_finish(&answer);
}

static void refuse(struct session *session, struct request *request, struct failure *why)
{
    struct answer answer = {0};
    request_explain(request, why);
    answer_fail(&answer, why);
    performer_answer(&session->performer, request, &answer);
    answer_finish(&answer);
}

// Bazel uses ids again in the next build, and does not tell when it gave a request up.
static struct request *open_request(struct session *session, int32_t id)
{
    struct request *older = request_by_id(&session->performer.requests, id);
    if (older != NULL) {
        events_request_abandoned(session->services.trace, older);
        pipeline_abandon(session->performer.pipeline, older->serial, &session->performer.actions);
        request_close(&session->performer.requests, older);
        performer_settle(&session->performer);
    }
    return request_open(&session->performer.requests, id);
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
    struct request *request = request_by_id(&session->performer.requests, id);
    if (request == NULL) {
        answer_late_cancel(session, id);
    } else {
        events_request_cancelled(session->services.trace, request);
        pipeline_cancel(session->performer.pipeline, request->serial, &session->performer.actions);
        performer_settle(&session->performer);
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
    const char *obstacle = NULL;
    if (good && request->invocation.stage == STAGE_CODEGEN) {
        obstacle = obstacle_of(session, request);
    }
    if (!good) {
        refuse(session, request, &why);
    } else if (obstacle != NULL) {
        answer_stamp(session, request, obstacle);
    } else {
        want(session, request, work);
    }
}

void session_refuse(struct session *session, int32_t request_id, const struct failure *why)
{
    struct request *request = open_request(session, request_id);
    struct failure explained = *why;
    events_request_opened(session->services.trace, request);
    refuse(session, request, &explained);
}
