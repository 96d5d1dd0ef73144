#include "program/session.h"

#include "base/mem.h"
#include "pipeline/joining.h"
#include "pipeline/pipeline.h"
#include "process/idle.h"
#include "program/answer.h"
#include "program/compile_set.h"
#include "program/deliver.h"
#include "program/events.h"
#include "program/launcher.h"
#include "program/request.h"
#include "roots/input_stamps.h"
#include "rustc/gating.h"
#include "store/state_dir.h"

#include <stdlib.h>

struct session {
    struct session_services services;
    struct request_reader reader;
    struct launcher launcher;
    struct pipeline *pipeline;
    struct request_set requests;
    struct compile_set compiles;
    struct idle *idle;          // since when no request is open while compiles wait at gates
    struct action_list actions; // what the table has told and is not done yet
};

static void on_started(void *owner, struct compile *compile);
static void on_not_started(void *owner, struct compile *compile, const struct failure *why);
static void on_metadata(void *owner, struct compile *compile);
static void on_asked(void *owner, struct compile *compile);
static void on_opened(void *owner, struct compile *compile);
static void on_ended(void *owner, struct compile *compile);
static void on_output(void *owner, struct compile *compile);
static void on_idle(void *owner);

static const struct compile_events compile_events = {
    .on_started = on_started,
    .on_not_started = on_not_started,
    .on_metadata = on_metadata,
    .on_asked = on_asked,
    .on_opened = on_opened,
    .on_ended = on_ended,
    .on_output = on_output,
};

struct session *session_create(const struct session_services *services)
{
    struct session *session = mem_zalloc(sizeof *session);
    session->services = *services;
    session->reader = (struct request_reader){.options = services->options,
                                              .inherited_env = services->inherited_env,
                                              .cwd = services->cwd,
                                              .cwd_kind = services->cwd_kind,
                                              .runs_once = services->on_said != NULL,
                                              .state_dir = services->state->dir,
                                              .links = services->links};
    struct compile_place place = {.loop = services->loop,
                                  .jobserver = services->jobserver,
                                  .reaper = services->reaper,
                                  .settler = services->settler,
                                  .state = services->state,
                                  .events = &compile_events,
                                  .owner = session};
    launcher_open(&session->launcher, &session->reader, &place);
    session->idle = idle_create(services->loop, services->options->gate_ms, on_idle, session);
    session->pipeline = pipeline_create(&services->options->limits);
    return session;
}

void session_destroy(struct session *session)
{
    if (session == NULL) {
        return;
    }
    idle_close(session->idle);
    compile_set_finish(&session->compiles);
    launcher_close(&session->launcher);
    request_set_finish(&session->requests);
    pipeline_destroy(session->pipeline);
    action_list_finish(&session->actions);
    free(session);
}

static void tell_not_started(struct session *session, struct compile *compile,
                             const struct failure *why, bool is_refused)
{
    enum ending ending = ENDING_BAD;
    if (compile_gated(compile) != NULL) {
        events_compile_ordinary(session->services.trace, compile, why->text);
        said_drop_waiting(compile_said(compile));
        ending = ENDING_UNFIT;
    } else if (!is_refused) {
        compile_say(compile, why->text);
    }
    pipeline_ended(session->pipeline, compile_facts(compile)->serial, ending, 0, &session->actions);
}

// What a request that nobody listens to any more still writes in place must not meet what the next
// one writes there.
static bool must_wait(const struct session *session, const struct compile *compile)
{
    const struct command *command = &compile_facts(compile)->command;
    return !command_is_redirected(command) &&
           compile_set_has_dying(&session->compiles, command->working_dir);
}

static void start(struct session *session, struct compile *compile)
{
    const struct compile_facts *facts = compile_facts(compile);
    struct failure why;
    bool is_refused = facts->state == COMPILE_REFUSED;
    if (must_wait(session, compile)) {
        compile_wait_for_place(compile);
    } else if (launcher_attach(compile, request_by_compile(&session->requests, facts->serial))) {
        events_compile_attached(session->services.trace, compile);
    } else if (!compile_start(compile, &why)) {
        tell_not_started(session, compile, &why, is_refused);
    } else if (facts->state == COMPILE_WAITS_TURN) {
        events_compile_waits(session->services.trace, compile);
    } else {
        events_compile_started(session->services.trace, compile);
        state_dir_make_ahead(session->services.state); // while the process starts
    }
}

static void restart(struct session *session, struct compile *compile)
{
    char *end = facts_describe_end(compile_facts(compile));
    bool is_lost = compile_facts(compile)->state == COMPILE_LOST;
    if (is_lost) {
        said_drop_waiting(compile_said(compile)); // its own rustc will say it, in its order
    }
    diagnostics_start_again(&compile_said(compile)->list);
    if (is_lost) {
        events_compile_ordinary(session->services.trace, compile, end); // nothing of ours died
    } else {
        char *sentence = mem_format("%s; it is compiled once more", end);
        compile_say(compile, sentence);
        free(sentence);
    }
    free(end);
    start(session, compile);
}

// A compile that does not get its rlibs is killed, and run again without a gate.
static void open_gate(struct session *session, const struct action *action)
{
    struct compile *compile = compile_set_find(&session->compiles, action->compile);
    struct failure why;
    if (!launcher_let_link(compile, request_by_serial(&session->requests, action->request), &why)) {
        events_compile_ordinary(session->services.trace, compile, why.text);
        compile_kill(compile);
    }
}

static void start_ordinary(struct session *session, const struct action *action)
{
    struct compile *compile = compile_set_find(&session->compiles, action->compile);
    launcher_make_ordinary(&session->launcher, compile,
                           request_by_serial(&session->requests, action->request));
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
    case ACTION_OPEN:
        open_gate(session, action);
        break;
    case ACTION_ORDINARY:
        start_ordinary(session, action);
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
    idle_set(session->idle,
             session->requests.first == NULL && pipeline_holds_gates(session->pipeline));
}

// The build was interrupted or has failed: nobody may ever come for them.
static void on_idle(void *owner)
{
    struct session *session = owner;
    pipeline_release_gates(session->pipeline, &session->actions);
    settle(session);
}

static void on_started(void *owner, struct compile *compile)
{
    const struct session *session = owner;
    events_compile_started(session->services.trace, compile);
}

static void on_not_started(void *owner, struct compile *compile, const struct failure *why)
{
    struct session *session = owner;
    tell_not_started(session, compile, why, false);
    settle(session);
}

static void on_output(void *owner, struct compile *compile)
{
    const struct session *session = owner;
    const struct session_services *services = &session->services;
    const struct request *request =
        request_by_compile(&session->requests, compile_facts(compile)->serial);
    if (services->on_said != NULL && request != NULL) {
        services->on_said(services->owner, request, compile_said(compile));
    }
}

static void on_metadata(void *owner, struct compile *compile)
{
    struct session *session = owner;
    events_compile_metadata(session->services.trace, compile);
    pipeline_metadata_ready(session->pipeline, compile_facts(compile)->serial, &session->actions);
    settle(session);
}

static void on_asked(void *owner, struct compile *compile)
{
    struct session *session = owner;
    events_compile_asked(session->services.trace, compile);
    pipeline_linker_asked(session->pipeline, compile_facts(compile)->serial, &session->actions);
    settle(session);
}

static void on_opened(void *owner, struct compile *compile)
{
    const struct session *session = owner;
    events_compile_opened(session->services.trace, compile);
}

// Each request that waits for what the other worker made may have been given other metadata; only a
// late one of a linked crate has brought what it needs itself.
static void check_remote(const struct session *session, struct compile *compile)
{
    const struct compile_facts *facts = compile_facts(compile);
    if (!facts->is_remote || !facts_succeeded(facts)) {
        return;
    }
    struct joining_compile known = {.is_gone = facts_are_hollow(facts), .has_same_metadata = true};
    bool fits = joining_doubt_of(&known) == JOINING_FITS;
    for (const struct request *request = session->requests.first; fits && request != NULL;
         request = request->next) {
        if (request->compile == facts->serial && request->invocation.stage != STAGE_LINK) {
            launcher_compare(compile, request, NULL, &known);
            fits = joining_doubt_of(&known) == JOINING_FITS;
        }
    }
    if (!fits) {
        compile_lose(compile);
    }
}

static bool is_over(const struct compile *compile)
{
    enum compile_state state = compile_facts(compile)->state;
    return state == COMPILE_ENDED || state == COMPILE_LOST;
}

// What was shown cannot be taken back: then it is not started again.
static enum ending ending_of(const struct session *session, const struct compile *compile)
{
    if (facts_are_unfit(compile_facts(compile))) {
        return ENDING_UNFIT;
    }
    if (facts_succeeded(compile_facts(compile))) {
        return ENDING_GOOD;
    }
    bool may_try_again =
        compile_facts(compile)->end.signal != 0 && session->services.on_said == NULL;
    return may_try_again ? ENDING_SIGNAL : ENDING_BAD;
}

// What rustc said of a compile that does not count is not told: the ordinary one will say it.
static void drop_unfit(const struct session *session, struct compile *compile)
{
    if (facts_are_unfit(compile_facts(compile))) {
        said_drop_waiting(compile_said(compile));
    }
    if (facts_are_unfit(compile_facts(compile)) && !compile_facts(compile)->end.killed) {
        char *end = facts_describe_end(compile_facts(compile));
        events_compile_ordinary(session->services.trace, compile, end);
        free(end);
    }
}

static void start_waiting(struct session *session)
{
    for (size_t i = 0; i < session->compiles.count; i++) {
        struct compile *compile = session->compiles.items[i];
        if (compile_facts(compile)->state == COMPILE_WAITS_PLACE) {
            start(session, compile);
        }
    }
    settle(session);
}

// The next build may ask for it with the digests of the first one.
static void check_inputs(struct session *session, struct compile *compile)
{
    if (pipeline_would_keep(session->pipeline, compile_facts(compile)->serial) &&
        input_stamps_differ(compile_inputs(compile))) {
        events_compile_changed(session->services.trace, compile);
        pipeline_changed(session->pipeline, compile_facts(compile)->serial, &session->actions);
    }
}

static void on_ended(void *owner, struct compile *compile)
{
    struct session *session = owner;
    uint64_t serial = compile_facts(compile)->serial;
    check_remote(session, compile);
    check_inputs(session, compile);
    events_compile_ended(session->services.trace, compile);
    drop_unfit(session, compile);
    pipeline_ended(session->pipeline, serial, ending_of(session, compile),
                   facts_disk_bytes(compile_facts(compile)), &session->actions);
    settle(session);
    start_waiting(session);
    struct compile *kept = compile_set_look(&session->compiles, serial);
    if (kept != NULL && is_over(kept)) {
        compile_keep(kept);
    }
}

// Is the compile that the request would join the one for it?
static enum joining_doubt doubt_of(struct session *session, const struct request *request,
                                   const struct work_request *work)
{
    uint64_t serial =
        pipeline_candidate(session->pipeline, request->invocation.key, &request->identity);
    if (serial == 0) {
        return JOINING_FITS;
    }
    struct compile *compile = compile_set_find(&session->compiles, serial);
    struct joining_compile known = {.has_changed = input_stamps_differ(compile_inputs(compile))};
    if (known.has_changed) {
        events_compile_changed(session->services.trace, compile);
    } else {
        known.is_claimed = !compile_reclaim(compile);
        launcher_compare(compile, request, work, &known);
    }
    return joining_doubt_of(&known);
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

static struct want want_of(struct session *session, const struct request *request,
                           const struct work_request *work)
{
    struct want want = {.request = request->serial,
                        .milestone = milestone_of(request->invocation.stage)};
    if (request->has_identity) {
        want.key = request->invocation.key;
        want.identity = &request->identity;
        want.is_bound = request->is_bound;
        want.doubt = doubt_of(session, request, work);
    }
    return want;
}

static void want(struct session *session, struct request *request, struct work_request *work)
{
    struct want want = want_of(session, request, work);
    enum verdict verdict =
        pipeline_want(session->pipeline, &want, &request->compile, &session->actions);
    uint64_t serial = request->serial;
    bool is_new = joining_is_new(verdict);
    if (is_new) {
        struct compile *compile = launcher_make(&session->launcher, request, work);
        compile_said(compile)->is_shown = session->services.on_said != NULL;
        compile_set_add(&session->compiles, compile);
    } else if (request->invocation.stage == STAGE_LINK) {
        request_keep(request, work); // it may have to compile after all
    }
    events_request_served(session->services.trace, request, verdict);
    settle(session);
    request = request_by_serial(&session->requests, serial);
    if (is_new && request != NULL) { // while its process starts
        launcher_list_inputs(compile_set_find(&session->compiles, request->compile), request, work);
    }
}

// Why the early request of a linked crate is not worth a process; NULL: it is.
static const char *obstacle_of(const struct session *session, const struct request *request)
{
    struct joining_early early = {.obstacle = gating_obstacle(&request->invocation.command),
                                  .is_bound = request->is_bound,
                                  .has_identity = request->has_identity,
                                  .has_program = session->launcher.program != NULL,
                                  .held = compile_set_gated(&session->compiles),
                                  .most = session->services.options->gate_count};
    early.is_known =
        request->has_identity &&
        pipeline_candidate(session->pipeline, request->invocation.key, &request->identity) != 0;
    return joining_early_obstacle(&early);
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
    send_answer(session, request, &answer);
    answer_finish(&answer);
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
    bool good = request_read(&session->reader, work, request, &why);
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
