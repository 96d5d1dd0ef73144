#include "program/portable_pair.h"

#include "base/log.h"
#include "gate/gated.h"
#include "gate/hollow_store.h"
#include "portable/objects.h"
#include "portable/recorder.h"
#include "portable/relink.h"
#include "process/platform.h"
#include "program/answer.h"
#include "program/compile.h"
#include "program/host.h"
#include "program/workplace.h"
#include "rustc/gating.h"

#include <stdlib.h>

struct half {
    struct host *host;
    struct request *request;
    struct compile *compile;
    struct hollow_store hollow;
    char *program;         // our own file; NULL: not found
    struct relink *relink; // the linker's call of the early process; or NULL
    struct gated *beside;  // what else rustc may have found beside its libraries
    struct compile_call call;
};

// The linker's call is noted, for the late process.
static const struct gated_stand_in recorder = {
    .make = recorder_make, .path = recorder_linker_path, .was_asked = recorder_is_done};

static void on_ended(void *owner, struct compile *compile)
{
    (void)compile;
    const struct half *half = owner;
    host_stop(half->host);
}

static const struct compile_events compile_events = {.on_ended = on_ended};

static void make_compile(struct half *half)
{
    struct compile_place place = {.loop = &half->host->loop,
                                  .program = half->program,
                                  .hollow = &half->hollow,
                                  .reaper = &half->host->reaper,
                                  .state = &half->host->state,
                                  .events = &compile_events,
                                  .owner = half};
    half->compile = compile_create(1, &half->request->invocation.command, &place);
    compile_set_milestones(half->compile, MILESTONES_QUIET);
    request_want_files(half->request, compile_said(half->compile));
}

// False: it was not started, and `why` says the reason.
static bool run(const struct half *half, struct failure *why)
{
    bool started = compile_start(half->compile, why);
    if (started) {
        host_run(half->host);
    }
    return started;
}

static bool was_stopped(const struct half *half)
{
    return compile_facts(half->compile)->state != COMPILE_ENDED;
}

static struct gated_request request_of(const struct half *half)
{
    return (struct gated_request){.request_dir = half->host->cwd,
                                  .command = &compile_facts(half->compile)->command};
}

static int conclude(const struct half *half)
{
    bool good = facts_succeeded(compile_facts(half->compile));
    return answer_show(half->request, half->compile, good ? OUTCOME_DONE : OUTCOME_FAILED);
}

// The late process compiles the ordinary way, and says whatever there is to be said.
static int leave_to_late(const struct half *half, const char *reason)
{
    struct failure why;
    if (objects_write_obstacle(half->request->invocation.delivery.objects, reason, &why)) {
        return 0;
    }
    log_line("%s", why.text);
    return 1;
}

static int pack(const struct half *half)
{
    struct objects_source made = {.command = &compile_facts(half->compile)->command,
                                  .dir = compile_facts(half->compile)->dir,
                                  .request_dir = half->host->cwd};
    struct failure why;
    if (objects_pack(half->request->invocation.delivery.objects, &made, &why)) {
        return 0;
    }
    log_line("%s", why.text);
    return 1;
}

static int run_early(struct half *half)
{
    const char *obstacle = gating_record_obstacle(&compile_facts(half->compile)->command);
    if (obstacle == NULL && half->program == NULL) {
        obstacle = "the file of rustc-relay's own program is not known";
    }
    if (obstacle != NULL) {
        return leave_to_late(half, obstacle);
    }
    struct gated_request early = request_of(half);
    struct failure why;
    compile_take_gated(half->compile, gated_create_elsewhere(&early, &recorder));
    if (!run(half, &why)) {
        return leave_to_late(half, why.text);
    }
    if (was_stopped(half)) {
        return 1;
    }
    if (facts_are_unfit(compile_facts(half->compile))) {
        char *noted = recorder_obstacle(compile_facts(half->compile)->dir);
        char *reason = noted != NULL ? noted : facts_describe_end(compile_facts(half->compile));
        int exit_code = leave_to_late(half, reason);
        free(reason);
        return exit_code;
    }
    int exit_code = conclude(half);
    return exit_code == 0 ? pack(half) : exit_code;
}

static bool relink_words(void *owner, const struct workplace_words *words, struct strlist *argv,
                         struct strlist *env, struct failure *why)
{
    struct half *half = owner;
    struct gated_request late = {.request_dir = half->host->cwd, .command = words->command};
    if (!gated_place_full(half->beside, &late, words->dir, why) ||
        !relink_argv(half->relink, words->command, words->dir, argv, why)) {
        return false;
    }
    workplace_env(words, env);
    relink_env(half->relink, env);
    return relink_shorten(half->relink, argv, env, why);
}

static bool check_linker(const struct half *half, struct failure *why)
{
    const struct child_end *end = &compile_facts(half->compile)->end;
    if (end->signal != 0) {
        return failure_set(why, "the linker was killed by signal %d", end->signal);
    }
    if (end->exit_code != 0) {
        return failure_set(why, "the linker exited with code %d", end->exit_code);
    }
    return relink_is_done(half->relink) ||
           failure_set(why, "the linker exited with code 0 and wrote no output");
}

// Whatever is wrong with it, `why` says.
static bool relinks(struct half *half, struct failure *why)
{
    struct gated_request late = request_of(half);
    half->relink = relink_create(half->request->invocation.delivery.objects, late.request_dir,
                                 late.command, why);
    if (half->relink == NULL) {
        return false;
    }
    half->beside = gated_create_elsewhere(&late, &recorder);
    half->call = (struct compile_call){.words = relink_words, .owner = half};
    compile_set_call(half->compile, &half->call);
    return run(half, why) && (was_stopped(half) || check_linker(half, why));
}

static bool run_late(struct half *half, int *ret_exit_code)
{
    struct failure why;
    if (!relinks(half, &why)) {
        char *subject = command_subject(&compile_facts(half->compile)->command);
        log_line("%s is compiled from its sources, not linked from '%s': %s", subject,
                 half->request->invocation.delivery.listed_objects, why.text);
        free(subject);
        return false;
    }
    *ret_exit_code = 1;
    if (!was_stopped(half)) {
        said_drop_all(compile_said(half->compile)); // rustc would not have told what a linker says
        *ret_exit_code = conclude(half);
    }
    return true;
}

bool portable_pair_run(struct host *host, struct request *request, int *ret_exit_code)
{
    struct half half = {.host = host, .request = request, .program = platform_own_program()};
    bool is_early = request->invocation.stage == STAGE_CODEGEN;
    hollow_store_open(&half.hollow, host->state.worker);
    make_compile(&half);
    if (is_early) {
        *ret_exit_code = run_early(&half);
    }
    bool done = is_early || run_late(&half, ret_exit_code);
    reaper_kill_all(&host->reaper);
    compile_destroy(half.compile);
    gated_destroy(half.beside);
    relink_destroy(half.relink);
    hollow_store_finish(&half.hollow);
    free(half.program);
    return done;
}
