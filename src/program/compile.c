#include "program/compile.h"

#include "base/file.h"
#include "base/mem.h"
#include "gate/gate.h"
#include "process/reaper.h"
#include "program/compile_remote.h"
#include "program/compile_result.h"
#include "program/compile_words.h"
#include "program/gated.h"
#include "program/private_dir.h"
#include "program/relink.h"
#include "roots/input_stamps.h"
#include "roots/private_root.h"
#include "roots/root_keeper.h"
#include "store/state_dir.h"
#include "turns/jobserver.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

static void on_stdout(void *owner, const char *data, size_t len);
static void on_stderr_line(void *owner, const char *line, size_t len, bool ends);
static void on_ended(void *owner, const struct child_end *end);
static void on_asked(void *owner);
static void on_opened(void *owner);
static void on_turn(void *owner);

static const struct child_events child_events = {
    .on_stdout = on_stdout,
    .on_stderr_line = on_stderr_line,
    .on_ended = on_ended,
};

struct compile *compile_create(uint64_t serial, struct command *take_command,
                               const struct compile_place *place)
{
    struct compile *compile = mem_zalloc(sizeof *compile);
    compile->serial = serial;
    compile->command = *take_command;
    *take_command = (struct command){0};
    compile->loop = place->loop;
    compile->jobserver = place->jobserver;
    compile->program = place->program;
    compile->hollow = place->hollow;
    compile->reaper = place->reaper;
    compile->keeper = place->keeper;
    compile->state = place->state;
    compile->events = place->events;
    compile->owner = place->owner;
    return compile;
}

void compile_take_root(struct compile *compile, struct private_root *take_root)
{
    compile->root = take_root;
    compile->in_spare = strcmp(compile->command.working_dir, private_root_dir(take_root)) != 0;
    if (compile->in_spare) {
        command_move(&compile->command, private_root_dir(take_root));
    }
}

static void release_root(struct compile *compile)
{
    private_root_release(compile->root);
    compile->root = NULL;
}

void compile_take_gated(struct compile *compile, struct gated *take_gated)
{
    compile->gated = take_gated;
}

void compile_take_inputs(struct compile *compile, struct input_stamps *take_inputs)
{
    compile->inputs = take_inputs;
    input_stamps_set_dir(compile->inputs, compile->command.working_dir);
}

void compile_make_ordinary(struct compile *compile, struct command *take_command)
{
    release_root(compile);
    gated_destroy(compile->gated);
    compile->gated = NULL;
    command_finish(&compile->command);
    compile->command = *take_command;
    *take_command = (struct command){0};
    diagnostics_start_again(&compile->said.list);
}

void compile_share(struct compile *compile, const char *name)
{
    compile->shared_name = mem_dup(name);
}

static void remove_dir(struct compile *compile)
{
    struct failure ignored; // what cannot be removed is swept at the next start
    bool ours = compile_reclaim(compile) && !compile_dir_is_foreign(compile);
    shared_withdraw(&compile->offer);
    if (ours && compile->dir != NULL) {
        state_dir_remove(compile->dir, &ignored);
    }
    free(compile->dir);
    free(compile->made_in);
    compile->dir = NULL;
    compile->made_in = NULL;
    compile->is_remote = false;
}

static bool spawn(struct compile *compile, struct strlist *argv, struct strlist *env,
                  struct failure *why)
{
    struct child_spec spec = {
        .argv = strlist_argv(argv), .envp = strlist_argv(env), .cwd = compile->command.working_dir};
    compile->child = child_create(compile->reaper, &spec, &child_events, compile, why);
    return compile->child != NULL;
}

static void end_job(struct compile *compile, bool killed)
{
    job_end(compile->job, killed);
    compile->job = NULL;
}

static bool run(struct compile *compile, struct failure *why)
{
    struct strlist argv = {0};
    struct strlist env = {0};
    bool good = (compile->root == NULL || private_root_restore(compile->root, why)) &&
                compile_words(compile, &argv, &env, why) && spawn(compile, &argv, &env, why);
    strlist_finish(&env);
    strlist_finish(&argv);
    if (!good) {
        end_job(compile, false);
    }
    return good;
}

static bool prepare_gate(struct compile *compile, struct failure *why)
{
    struct gated_place place = {.loop = compile->loop,
                                .program = compile->program,
                                .dir = compile->dir,
                                .store = compile->hollow,
                                .asked = on_asked,
                                .opened = on_opened,
                                .owner = compile};
    return compile->gated == NULL || gated_prepare(compile->gated, &compile->command, &place, why);
}

bool compile_start(struct compile *compile, struct failure *why)
{
    remove_dir(compile);
    compile->is_lost = false;
    compile->has_metadata = false;
    compile->asked = false;
    compile->blames_source = false;
    compile->ended = false;
    compile->end = (struct child_end){0};
    input_stamps_begin(compile->inputs);
    compile->dir = private_dir_make(compile->state, compile->serial, &compile->command, why);
    if (compile->dir == NULL || !prepare_gate(compile, why)) {
        return false;
    }
    said_begin(&compile->said, compile->dir);
    compile->job =
        compile->jobserver == NULL ? NULL : job_begin(compile->jobserver, on_turn, compile);
    if (!compile_waits_for_turn(compile) && !run(compile, why)) {
        return false;
    }
    if (compile->shared_name != NULL) {
        struct failure ignored; // then it is not shared
        shared_publish(&compile->offer, compile->state->root, compile->shared_name, compile->dir,
                       &ignored);
    }
    return true;
}

bool compile_waits_for_turn(const struct compile *compile)
{
    return compile->job != NULL && !job_computes(compile->job);
}

bool compile_holds_gate(const struct compile *compile)
{
    return compile->gated != NULL && (compile->child != NULL || compile_waits_for_turn(compile));
}

bool compile_kill(struct compile *compile)
{
    if (compile->child != NULL) {
        child_kill(compile->child);
        compile->is_dying = true;
        return false;
    }
    compile->waits_for_place = false;
    end_job(compile, false);       // it may wait for its turn
    compile_leave_remote(compile); // the other worker's process is not ours to kill
    return true;
}

void compile_destroy(struct compile *compile)
{
    if (compile == NULL) {
        return;
    }
    child_close(compile->child);
    end_job(compile, true);
    compile_leave_remote(compile);
    input_stamps_close(compile->inputs);
    gated_destroy(compile->gated);
    relink_destroy(compile->relink);
    remove_dir(compile);
    release_root(compile);
    free(compile->shared_name);
    command_finish(&compile->command);
    said_finish(&compile->said);
    free(compile);
}

const char *compile_made_in(const struct compile *compile)
{
    return compile->made_in == NULL ? compile->dir : compile->made_in;
}

char *compile_path(const struct compile *compile, const char *name)
{
    return path_join(compile->dir, name);
}

static void tell_output(struct compile *compile)
{
    if (compile->events->on_output != NULL) {
        compile->events->on_output(compile->owner, compile);
    }
}

static void on_stdout(void *owner, const char *data, size_t len)
{
    struct compile *compile = owner;
    said_add_out(&compile->said, data, len);
    tell_output(compile);
}

// Anybody can print such a line on rustc's stderr: only our own .rmeta counts.
static bool is_own_metadata(const struct compile *compile, const struct rustc_line *line)
{
    const struct emit *emit = crate_args_emit(&compile->command.crate, "metadata");
    if (emit == NULL || compile->command.outputs != OUTPUTS_LIBRARY) {
        return false;
    }
    char *name = command_artifact_name(&compile->command, emit);
    char *path = compile_path(compile, name);
    bool own = strcmp(path, bytes_text(&line->artifact)) == 0;
    free(path);
    free(name);
    return own;
}

static void reach_metadata(struct compile *compile)
{
    compile->has_metadata = true;
    input_stamps_pass_sources(compile->inputs);
    if (compile->milestones == MILESTONES_TOLD) {
        compile->events->on_metadata(compile->owner, compile);
    } else if (compile->milestones == MILESTONES_END) {
        child_kill(compile->child);
    }
}

static void on_stderr_line(void *owner, const char *text, size_t len, bool ends)
{
    struct compile *compile = owner;
    said_add_raw(&compile->said, text, len, ends);
    struct rustc_line line;
    rustc_line_read(text, len, compile->command.format, &line);
    compile->blames_source = compile->blames_source || line.blames_source;
    said_add(&compile->said, bytes_text(&line.before), line.before.len, line.before_is_error);
    said_add(&compile->said, bytes_text(&line.shown), line.shown.len, line.is_error);
    bool is_metadata =
        line.kind == LINE_METADATA && !compile->has_metadata && is_own_metadata(compile, &line);
    rustc_line_finish(&line);
    tell_output(compile);
    if (is_metadata) {
        reach_metadata(compile);
    }
}

static void leave_root(struct compile *compile)
{
    if (compile->root != NULL) {
        root_keeper_take(compile->keeper, compile->root);
        compile->root = NULL;
    }
}

// The inputs and the words are needed no more, and the compile may be kept for long. A call of the
// linker may yet turn out to be good for nothing.
static void let_go(struct compile *compile)
{
    if (compile_succeeded(compile) && compile->relink == NULL) {
        command_forget_words(&compile->command);
        leave_root(compile);
    } else if (compile->root != NULL) {
        private_root_distrust(compile->root); // a link may be what was wrong
    }
}

// While it waits at its gate it computes nothing.
static void on_asked(void *owner)
{
    struct compile *compile = owner;
    compile->asked = true;
    input_stamps_pass_sources(compile->inputs);
    compile->events->on_asked(compile->owner, compile);
    if (compile->job != NULL && !gate_is_open(compile->dir)) {
        job_rest(compile->job);
    }
}

// A linker that cannot be let through fails: then the compile does not count.
static void let_link(struct compile *compile)
{
    struct failure ignored;
    if (gated_pass(compile->gated, &ignored)) {
        compile->events->on_opened(compile->owner, compile);
    } else {
        gated_end(compile->gated);
    }
}

static void on_opened(void *owner)
{
    struct compile *compile = owner;
    if (compile->job != NULL) {
        job_resume(compile->job);
    }
    if (!compile_waits_for_turn(compile)) {
        let_link(compile);
    }
}

static void on_turn(void *owner)
{
    struct compile *compile = owner;
    struct failure why;
    if (compile->child != NULL) {
        let_link(compile);
    } else if (run(compile, &why)) {
        compile->events->on_started(compile->owner, compile);
    } else {
        compile->events->on_not_started(compile->owner, compile, &why);
    }
}

static void on_ended(void *owner, const struct child_end *end)
{
    struct compile *compile = owner;
    end_job(compile, end->killed || end->signal != 0);
    bool is_enough = compile->milestones == MILESTONES_END && compile->has_metadata;
    compile->end = is_enough ? (struct child_end){0} : *end;
    compile->ended = true;
    compile->is_dying = false;
    if (compile->gated != NULL) {
        compile->asked = compile->asked || gated_is_recorded(compile->gated, compile->dir);
        gated_end(compile->gated);
    }
    child_close(compile->child);
    compile->child = NULL;
    if (compile->root != NULL && compile_succeeded(compile)) {
        compile_collect_left(compile);
    }
    let_go(compile);
    compile->events->on_ended(compile->owner, compile);
}
