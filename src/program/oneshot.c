// realpath
#define _XOPEN_SOURCE 700
#include "program/oneshot.h"

#include "base/file.h"
#include "base/log.h"
#include "gate/gated.h"
#include "gate/hollow_store.h"
#include "portable/objects.h"
#include "portable/recorder.h"
#include "portable/relink.h"
#include "program/compile.h"
#include "program/deliver.h"
#include "program/host.h"
#include "program/private_dir.h"
#include "rustc/gating.h"
#include "rustc/invocation.h"

#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

struct oneshot {
    struct host host;
    struct invocation invocation;
    struct compile *compile;
    struct hollow_store hollow;
    struct relink *relink;    // the linker's call of an early process; or NULL
    struct gated *beside;     // what else rustc may have found beside its libraries
    struct compile_call call; // that makes it
    char *program;            // our own file; NULL: not found
    bool held;                // is nothing shown yet, since it may not count?
    bool interrupted;
};

// The linker's call is noted, for a late process.
static const struct gated_stand_in recorder = {
    .make = recorder_make, .path = recorder_linker_path, .was_asked = recorder_is_done};

static void on_metadata(void *owner, struct compile *compile);
static void on_ended(void *owner, struct compile *compile);
static void on_output(void *owner, struct compile *compile);
static void on_stop(void *owner);

static const struct compile_events compile_events = {
    .on_metadata = on_metadata,
    .on_ended = on_ended,
    .on_output = on_output,
};

static bool build(struct oneshot *run, const struct options *options, char *const *inherited_env,
                  struct failure *why)
{
    struct invocation_source source = {.startup = &options->flags,
                                       .startup_words = &options->words,
                                       .base_dir = run->host.cwd,
                                       .inherited_env = inherited_env};
    return invocation_build(&run->invocation, &source, why);
}

static void want_files(struct oneshot *run)
{
    const struct delivery *delivery = &run->invocation.delivery;
    if (delivery->output_file != NULL) {
        said_want(compile_said(run->compile), SAID_RAW);
    }
    if (delivery->stdout_file != NULL) {
        said_want(compile_said(run->compile), SAID_STDOUT);
    }
    if (delivery->stderr_file != NULL) {
        said_want(compile_said(run->compile), SAID_SHOWN);
    }
}

static void make_compile(struct oneshot *run)
{
    struct compile_place place = {.loop = &run->host.loop,
                                  .program = run->program,
                                  .hollow = &run->hollow,
                                  .reaper = &run->host.reaper,
                                  .state = &run->host.state,
                                  .events = &compile_events,
                                  .owner = run};
    run->compile = compile_create(1, &run->invocation.command, &place);
    want_files(run);
}

static struct gated_request request_of(const struct oneshot *run)
{
    return (struct gated_request){.base_dir = run->host.cwd,
                                  .command = &compile_facts(run->compile)->command};
}

// Nobody may read it any more: the exit code still counts.
static void show(int fd, const char *data, size_t len)
{
    (void)file_write_all(fd, data, len);
}

static void on_output(void *owner, struct compile *compile)
{
    struct oneshot *run = owner;
    if (run->held) {
        return;
    }
    struct bytes *out = &compile_said(compile)->out;
    show(STDOUT_FILENO, bytes_text(out), out->len);
    bytes_consume(out, out->len);
    struct bytes text = {0};
    said_take_out(compile_said(compile), &text); // what was cut while nothing was shown
    diagnostics_answer(&compile_said(compile)->list, SIZE_MAX, &text);
    if (run->invocation.delivery.stderr_file == NULL) {
        show(STDERR_FILENO, bytes_text(&text), text.len);
    }
    bytes_finish(&text);
    diagnostics_finish(&compile_said(compile)->list);
}

// Nobody would take what rustc makes after its metadata: the full action runs on its own.
static void on_metadata(void *owner, struct compile *compile)
{
    struct oneshot *run = owner;
    if (run->invocation.stage == STAGE_METADATA) {
        compile_kill(compile);
    }
}

static void on_ended(void *owner, struct compile *compile)
{
    (void)compile;
    struct oneshot *run = owner;
    host_stop(&run->host);
}

static void on_stop(void *owner)
{
    struct oneshot *run = owner;
    run->interrupted = true;
    host_stop(&run->host);
}

static bool write_file(const char *path, struct compile *compile, enum said_file file,
                       struct failure *why)
{
    return path == NULL || said_write(compile_said(compile), file, path,
                                      compile_facts(compile)->state == COMPILE_ENDED, why);
}

static bool write_files(const struct oneshot *run, struct failure *why)
{
    const struct delivery *delivery = &run->invocation.delivery;
    return write_file(delivery->output_file, run->compile, SAID_RAW, why) &&
           write_file(delivery->stdout_file, run->compile, SAID_STDOUT, why) &&
           write_file(delivery->stderr_file, run->compile, SAID_SHOWN, why);
}

static int tool_exit_code(const struct oneshot *run)
{
    const struct compile *compile = run->compile;
    bool early = run->invocation.stage == STAGE_METADATA && compile_facts(compile)->has_metadata;
    if (early || facts_succeeded(compile_facts(compile))) {
        return 0;
    }
    return compile_facts(compile)->end.exit_code == 0 ? 1 : compile_facts(compile)->end.exit_code;
}

static bool finish(struct oneshot *run, int *ret_exit_code, struct failure *why)
{
    *ret_exit_code = run->interrupted ? 1 : tool_exit_code(run);
    if (!run->interrupted && compile_facts(run->compile)->end.signal != 0 && *ret_exit_code != 0) {
        char *end = facts_describe_end(compile_facts(run->compile));
        log_line("%s", end);
        free(end);
    }
    if (!write_files(run, why)) {
        return false;
    }
    struct deliver_to to = {.stage = run->invocation.stage,
                            .delivery = &run->invocation.delivery,
                            .made = compile_facts(run->compile)};
    return *ret_exit_code != 0 ||
           (deliver_outputs(&to, why) && deliver_afterwards(to.delivery, why));
}

static bool run_compile(struct oneshot *run, int *ret_exit_code, struct failure *why)
{
    if (!compile_start(run->compile, why)) {
        return false;
    }
    host_run(&run->host);
    return finish(run, ret_exit_code, why);
}

// The late process compiles the ordinary way, and says whatever there is to be said.
static bool leave_to_late(struct oneshot *run, const char *reason, int *ret_exit_code,
                          struct failure *why)
{
    *ret_exit_code = 0;
    return objects_write_obstacle(run->invocation.delivery.objects, reason, why);
}

static bool finish_objects(struct oneshot *run, int *ret_exit_code, struct failure *why)
{
    struct compile *compile = run->compile;
    if (!run->interrupted && facts_are_unfit(compile_facts(compile))) {
        char *noted = recorder_obstacle(compile_facts(compile)->dir);
        char *reason = noted != NULL ? noted : facts_describe_end(compile_facts(compile));
        bool good = leave_to_late(run, reason, ret_exit_code, why);
        free(reason);
        return good;
    }
    struct objects_source made = {.command = &compile_facts(compile)->command,
                                  .dir = compile_facts(compile)->dir,
                                  .base_dir = run->host.cwd};
    run->held = false;
    on_output(run, compile);
    *ret_exit_code = run->interrupted ? 1 : tool_exit_code(run);
    return write_files(run, why) &&
           (*ret_exit_code != 0 || objects_pack(run->invocation.delivery.objects, &made, why));
}

static bool make_objects(struct oneshot *run, int *ret_exit_code, struct failure *why)
{
    const char *obstacle = gating_record_obstacle(&compile_facts(run->compile)->command);
    if (obstacle == NULL && run->program == NULL) {
        obstacle = "the program's own file is not known";
    }
    if (obstacle != NULL) {
        return leave_to_late(run, obstacle, ret_exit_code, why);
    }
    struct gated_request early = request_of(run);
    struct failure reason;
    run->held = true;
    compile_take_gated(run->compile, gated_create_elsewhere(&early, &recorder));
    if (!compile_start(run->compile, &reason)) {
        return leave_to_late(run, reason.text, ret_exit_code, why);
    }
    host_run(&run->host);
    return finish_objects(run, ret_exit_code, why);
}

static bool relink_words(void *owner, const struct private_words *words, struct strlist *argv,
                         struct strlist *env, struct failure *why)
{
    struct oneshot *run = owner;
    struct gated_request late = {.base_dir = run->host.cwd, .command = words->command};
    if (!gated_place_full(run->beside, &late, words->dir, why) ||
        !relink_argv(run->relink, words->command, words->dir, argv, why)) {
        return false;
    }
    private_dir_env(words, env);
    relink_env(run->relink, env);
    return relink_shorten(run->relink, argv, env, why);
}

// Nor does what the linker said count: rustc would not have told it.
static void drop_relink(struct compile *compile)
{
    compile_set_call(compile, NULL);
    said_drop_all(compile_said(compile));
}

static bool check_linker(const struct compile *compile, const struct relink *relink,
                         struct failure *why)
{
    if (compile_facts(compile)->end.signal != 0) {
        return failure_set(why, "the linker was killed by signal %d",
                           compile_facts(compile)->end.signal);
    }
    if (compile_facts(compile)->end.exit_code != 0) {
        return failure_set(why, "the linker exited with code %d",
                           compile_facts(compile)->end.exit_code);
    }
    return relink_is_done(relink) || failure_set(why, "the linker made nothing");
}

// Whatever is wrong with it, `why` says: then the crate is compiled the ordinary way.
static bool relinks(struct oneshot *run, struct failure *why)
{
    struct gated_request late = request_of(run);
    run->relink = relink_create(run->invocation.delivery.objects, late.base_dir, late.command, why);
    if (run->relink == NULL) {
        return false;
    }
    run->beside = gated_create_elsewhere(&late, &recorder);
    run->call = (struct compile_call){.words = relink_words, .owner = run};
    compile_set_call(run->compile, &run->call);
    run->held = true;
    bool good = compile_start(run->compile, why);
    if (good) {
        host_run(&run->host);
        good = run->interrupted || check_linker(run->compile, run->relink, why);
    }
    run->held = false;
    if (!run->interrupted) {
        drop_relink(run->compile);
    }
    return good;
}

static bool use_objects(struct oneshot *run, int *ret_exit_code, struct failure *why)
{
    struct failure reason;
    if (relinks(run, &reason)) {
        return finish(run, ret_exit_code, why);
    }
    char *subject = command_subject(&compile_facts(run->compile)->command);
    log_line("%s is compiled the ordinary way: %s", subject, reason.text);
    free(subject);
    return run_compile(run, ret_exit_code, why);
}

static bool run_stage(struct oneshot *run, int *ret_exit_code, struct failure *why)
{
    const struct delivery *delivery = &run->invocation.delivery;
    if (run->invocation.stage == STAGE_CODEGEN && delivery->objects == NULL) {
        // Nobody would come to let its linker go: the late action does the whole work.
        *ret_exit_code = 0;
        return deliver_stamp(delivery, why);
    }
    make_compile(run);
    if (delivery->objects == NULL) {
        return run_compile(run, ret_exit_code, why);
    }
    return run->invocation.stage == STAGE_CODEGEN ? make_objects(run, ret_exit_code, why)
                                                  : use_objects(run, ret_exit_code, why);
}

static bool run_tool(struct oneshot *run, const struct options *options, char *const *inherited_env,
                     int *ret_exit_code, struct failure *why)
{
    const char *state_dir = flag_value(&options->flags, FLAG_STATE_DIR);
    run->host.on_stop = on_stop;
    run->host.owner = run;
    if (!host_open(&run->host, state_dir, why) || !build(run, options, inherited_env, why)) {
        return false;
    }
    run->program = realpath("/proc/self/exe", NULL);
    hollow_store_open(&run->hollow, run->host.state.worker);
    return run_stage(run, ret_exit_code, why);
}

int oneshot_run(const struct options *options, char *const *inherited_env)
{
    struct oneshot run = {0};
    struct failure why;
    int exit_code = 1;
    if (!run_tool(&run, options, inherited_env, &exit_code, &why)) {
        log_line("%s", why.text);
        exit_code = exit_code == 0 ? 1 : exit_code;
    }
    host_kill_all(&run.host);
    compile_destroy(run.compile);
    gated_destroy(run.beside);
    relink_destroy(run.relink);
    hollow_store_finish(&run.hollow);
    free(run.program);
    host_close(&run.host);
    invocation_finish(&run.invocation);
    return exit_code;
}
