#include "program/performer.h"

#include "base/mem.h"
#include "process/idle.h"
#include "program/compile_result.h"
#include "program/events.h"
#include "program/session.h"
#include "roots/input_stamps.h"
#include "store/state_dir.h"

#include <signal.h>
#include <stdlib.h>

static void on_started(void *owner, struct compile *compile);
static void on_not_started(void *owner, struct compile *compile, const struct failure *why);
static void on_metadata(void *owner, struct compile *compile);
static void on_asked(void *owner, struct compile *compile);
static void on_opened(void *owner, struct compile *compile);
static void on_ended(void *owner, struct compile *compile);
static void on_idle(void *owner);

static const struct compile_events compile_events = {
    .on_started = on_started,
    .on_not_started = on_not_started,
    .on_metadata = on_metadata,
    .on_asked = on_asked,
    .on_opened = on_opened,
    .on_ended = on_ended,
};

void performer_open(struct performer *performer, const struct session_services *services,
                    const struct intake *intake)
{
    struct compile_place place = {.loop = services->loop,
                                  .jobserver = services->jobserver,
                                  .reaper = services->reaper,
                                  .keeper = services->keeper,
                                  .state = services->state,
                                  .events = &compile_events,
                                  .owner = performer};
    performer->services = services;
    launcher_open(&performer->launcher, intake, &place);
    performer->idle = idle_create(services->loop, services->options->gate_ms, on_idle, performer);
    performer->pipeline = pipeline_create(&services->options->limits);
}

void performer_close(struct performer *performer)
{
    idle_close(performer->idle);
    compile_set_finish(&performer->compiles);
    launcher_close(&performer->launcher);
    request_set_finish(&performer->requests);
    pipeline_destroy(performer->pipeline);
    action_list_finish(&performer->actions);
}

static void tell_not_started(struct performer *performer, struct compile *compile,
                             const struct failure *why)
{
    compile->end = (struct child_end){.exit_code = 1};
    enum ending ending = ENDING_BAD;
    if (compile->gated != NULL) {
        events_compile_ordinary(performer->services->trace, compile, why->text);
        said_drop_waiting(&compile->said);
        ending = ENDING_UNFIT;
    } else if (!compile->refused) {
        launcher_say(compile, why->text);
    }
    pipeline_ended(performer->pipeline, compile->serial, ending, 0, &performer->actions);
}

// What a request that nobody listens to any more still writes in place must not meet what the next
// one writes there.
static bool must_wait(const struct performer *performer, const struct compile *compile)
{
    return !command_is_redirected(&compile->command) &&
           compile_set_has_dying(&performer->compiles, compile->command.working_dir);
}

static void start(struct performer *performer, struct compile *compile)
{
    struct failure why;
    compile->waits_for_place = must_wait(performer, compile);
    if (compile->waits_for_place) {
        return;
    }
    if (launcher_attach(compile, request_by_compile(&performer->requests, compile->serial))) {
        events_compile_attached(performer->services->trace, compile);
        return;
    }
    if (compile->refused) {
        failure_set(&why, "its inputs cannot be linked");
    } else if (compile_start(compile, &why)) {
        if (compile_waits_for_turn(compile)) {
            events_compile_waits(performer->services->trace, compile);
        } else {
            events_compile_started(performer->services->trace, compile);
        }
        return;
    }
    tell_not_started(performer, compile, &why);
}

static void restart(struct performer *performer, struct compile *compile)
{
    char *end = compile_describe_end(compile);
    if (compile->is_lost) {
        said_drop_waiting(&compile->said); // its own rustc will say it, in its order
    }
    diagnostics_start_again(&compile->said.list);
    if (compile->is_lost) {
        events_compile_ordinary(performer->services->trace, compile, end); // nothing of ours died
    } else {
        char *sentence = mem_format("%s; it is compiled once more", end);
        launcher_say(compile, sentence);
        free(sentence);
    }
    free(end);
    start(performer, compile);
}

// A compile that does not get its rlibs is killed, and run again without a gate.
static void open_gate(struct performer *performer, const struct action *action)
{
    struct compile *compile = compile_set_find(&performer->compiles, action->compile);
    struct failure why;
    if (!launcher_let_link(compile, request_by_serial(&performer->requests, action->request),
                           &why)) {
        events_compile_ordinary(performer->services->trace, compile, why.text);
        compile_kill(compile);
    }
}

static void start_ordinary(struct performer *performer, const struct action *action)
{
    struct compile *compile = compile_set_find(&performer->compiles, action->compile);
    launcher_make_ordinary(&performer->launcher, compile,
                           request_by_serial(&performer->requests, action->request));
    start(performer, compile);
}

void performer_answer(struct performer *performer, struct request *request,
                      const struct answer *answer)
{
    struct work_response response = {.exit_code = answer->exit_code,
                                     .output = answer->text.data,
                                     .output_len = answer->text.len,
                                     .request_id = request->id,
                                     .was_cancelled = answer->was_cancelled};
    events_request_answered(performer->services->trace, request, &response);
    // Bazel may use the id again as soon as it has read the response.
    request_close(&performer->requests, request);
    performer->services->send(performer->services->owner, &response);
}

static void answer(struct performer *performer, const struct action *action)
{
    struct request *request = request_by_serial(&performer->requests, action->request);
    struct answer answer = {0};
    answer_build(&answer, request, compile_set_find(&performer->compiles, action->compile),
                 action->outcome);
    performer_answer(performer, request, &answer);
    answer_finish(&answer);
}

static void perform(struct performer *performer, const struct action *action)
{
    switch (action->kind) {
    case ACTION_START:
        start(performer, compile_set_find(&performer->compiles, action->compile));
        break;
    case ACTION_RESTART:
        restart(performer, compile_set_find(&performer->compiles, action->compile));
        break;
    case ACTION_OPEN:
        open_gate(performer, action);
        break;
    case ACTION_ORDINARY:
        start_ordinary(performer, action);
        break;
    case ACTION_ANSWER:
        answer(performer, action);
        break;
    case ACTION_KILL:
        if (compile_kill(compile_set_find(&performer->compiles, action->compile))) {
            pipeline_ended(performer->pipeline, action->compile, ENDING_BAD, 0,
                           &performer->actions);
        }
        break;
    case ACTION_FORGET:
        compile_set_remove(&performer->compiles, action->compile);
        break;
    }
}

// An action may make the table append further ones.
void performer_settle(struct performer *performer)
{
    for (size_t i = 0; i < performer->actions.count; i++) {
        struct action action = performer->actions.items[i];
        perform(performer, &action);
    }
    performer->actions.count = 0;
    idle_set(performer->idle,
             performer->requests.first == NULL && pipeline_holds_gates(performer->pipeline));
}

// The build was interrupted or has failed: nobody may ever come for them.
static void on_idle(void *owner)
{
    struct performer *performer = owner;
    pipeline_release_gates(performer->pipeline, &performer->actions);
    performer_settle(performer);
}

static void on_started(void *owner, struct compile *compile)
{
    const struct performer *performer = owner;
    events_compile_started(performer->services->trace, compile);
}

static void on_not_started(void *owner, struct compile *compile, const struct failure *why)
{
    struct performer *performer = owner;
    tell_not_started(performer, compile, why);
    performer_settle(performer);
}

static void on_metadata(void *owner, struct compile *compile)
{
    struct performer *performer = owner;
    events_compile_metadata(performer->services->trace, compile);
    pipeline_metadata_ready(performer->pipeline, compile->serial, &performer->actions);
    performer_settle(performer);
}

static void on_asked(void *owner, struct compile *compile)
{
    struct performer *performer = owner;
    events_compile_asked(performer->services->trace, compile);
    pipeline_linker_asked(performer->pipeline, compile->serial, &performer->actions);
    performer_settle(performer);
}

static void on_opened(void *owner, struct compile *compile)
{
    const struct performer *performer = owner;
    events_compile_opened(performer->services->trace, compile);
}

// Each request that waits for it may have been given other metadata than the other worker made;
// only a late one of a linked crate has brought what it needs itself.
static bool is_wrong_for_any(const struct performer *performer, const struct compile *compile)
{
    for (const struct request *request = performer->requests.first; request != NULL;
         request = request->next) {
        bool is_link = request->invocation.stage == STAGE_LINK;
        if (request->compile == compile->serial && !is_link &&
            launcher_differs(compile, request, NULL)) {
            return true;
        }
    }
    return false;
}

static void check_remote(const struct performer *performer, struct compile *compile)
{
    if (compile->is_remote && compile_succeeded(compile) &&
        (compile_is_hollow(compile) || is_wrong_for_any(performer, compile))) {
        compile->is_lost = true;
        compile->end.signal = SIGKILL;
    }
}

static enum ending ending_of(const struct compile *compile)
{
    if (compile_is_unfit(compile)) {
        return ENDING_UNFIT;
    }
    if (compile_succeeded(compile)) {
        return ENDING_GOOD;
    }
    return compile->end.signal != 0 ? ENDING_SIGNAL : ENDING_BAD;
}

// What rustc said of a compile that does not count is not told: the ordinary one will say it.
static void drop_unfit(const struct performer *performer, struct compile *compile)
{
    if (compile_is_unfit(compile)) {
        said_drop_waiting(&compile->said);
    }
    if (compile_is_unfit(compile) && !compile->end.killed) {
        char *end = compile_describe_end(compile);
        events_compile_ordinary(performer->services->trace, compile, end);
        free(end);
    }
}

static void start_waiting(struct performer *performer)
{
    for (size_t i = 0; i < performer->compiles.count; i++) {
        if (performer->compiles.items[i]->waits_for_place) {
            start(performer, performer->compiles.items[i]);
        }
    }
    performer_settle(performer);
}

// The next build may ask for it with the digests of the first one.
static void check_inputs(struct performer *performer, struct compile *compile)
{
    if (pipeline_would_keep(performer->pipeline, compile->serial) &&
        input_stamps_differ(compile->inputs)) {
        events_compile_changed(performer->services->trace, compile);
        pipeline_changed(performer->pipeline, compile->serial, &performer->actions);
    }
}

// It is what it is, whatever changes from now on; but one that died reads all again.
static void keep(struct compile *compile)
{
    compile_tell_others(compile);
    if (compile->end.signal != 0) {
        input_stamps_begin(compile->inputs);
    } else {
        input_stamps_close(compile->inputs);
        compile->inputs = NULL;
    }
}

static void on_ended(void *owner, struct compile *compile)
{
    struct performer *performer = owner;
    uint64_t serial = compile->serial;
    check_remote(performer, compile);
    check_inputs(performer, compile);
    events_compile_ended(performer->services->trace, compile);
    drop_unfit(performer, compile);
    pipeline_ended(performer->pipeline, serial, ending_of(compile), compile_disk_bytes(compile),
                   &performer->actions);
    performer_settle(performer);
    start_waiting(performer);
    struct compile *kept = compile_set_look(&performer->compiles, serial);
    if (kept != NULL && kept->ended) {
        keep(kept);
    }
}
