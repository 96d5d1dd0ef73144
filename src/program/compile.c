#include "program/compile.h"

#include "base/file.h"
#include "base/mem.h"
#include "gate/gate.h"
#include "gate/gated.h"
#include "process/reaper.h"
#include "program/workplace.h"
#include "roots/input_stamps.h"
#include "roots/private_root.h"
#include "roots/root_settler.h"
#include "rustc/rustc_output.h"
#include "turns/jobserver.h"

#include <assert.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

struct compile {
    struct compile_facts facts;
    struct compile_place place;
    struct workplace workplace;
    enum compile_milestones milestones;
    struct private_root *root;       // where it runs if its request is sandboxed; or NULL
    struct gated *gated;             // what it stops at a gate with; or NULL
    const struct compile_call *call; // what is made instead; or NULL
    struct input_stamps *inputs;     // or NULL
    struct job *job;                 // its share of the machine's cores, from its start on
    struct child *child;             // its process; NULL when there is none here
    struct said said;
};

static void enter(struct compile *compile, enum compile_event event)
{
    compile->facts.state = compile_state_after(compile->facts.state, event);
    assert(compile->facts.state != COMPILE_NEVER);
}

static void on_stdout(void *owner, const char *data, size_t len);
static void on_stderr_line(void *owner, const char *line, size_t len, bool ends);
static void on_ended(void *owner, const struct child_end *end);
static void on_asked(void *owner);
static void on_opened(void *owner);
static void on_turn(void *owner);
static void on_over(void *owner);

static const struct child_events child_events = {
    .on_stdout = on_stdout,
    .on_stderr_line = on_stderr_line,
    .on_ended = on_ended,
};

struct compile *compile_create(uint64_t serial, struct command *take_command,
                               const struct compile_place *place)
{
    struct compile *compile = mem_zalloc(sizeof *compile);
    compile->place = *place;
    compile->workplace = (struct workplace){.state = place->state, .serial = serial};
    compile->facts = (struct compile_facts){
        .serial = serial, .state = COMPILE_MADE, .command = *take_command, .pid = -1};
    *take_command = (struct command){0};
    return compile;
}

static void end_job(struct compile *compile, bool killed)
{
    job_end(compile->job, killed);
    compile->job = NULL;
}

// What everybody may know of the place.
static void show_workplace(struct compile *compile)
{
    const struct workplace *workplace = &compile->workplace;
    compile->facts.dir = workplace->dir;
    compile->facts.made_in = workplace->made_in == NULL ? workplace->dir : workplace->made_in;
    compile->facts.is_remote = workplace->is_remote;
}

void compile_destroy(struct compile *compile)
{
    if (compile == NULL) {
        return;
    }
    child_close(compile->child);
    end_job(compile, true);
    input_stamps_close(compile->inputs);
    gated_destroy(compile->gated);
    workplace_finish(&compile->workplace);
    private_root_release(compile->root);
    command_finish(&compile->facts.command);
    said_finish(&compile->said);
    free(compile);
}

void compile_set_milestones(struct compile *compile, enum compile_milestones milestones)
{
    compile->milestones = milestones;
}

void compile_take_root(struct compile *compile, struct private_root *take_root)
{
    compile->root = take_root;
    compile->facts.in_spare =
        strcmp(compile->facts.command.working_dir, private_root_dir(take_root)) != 0;
    if (compile->facts.in_spare) {
        command_move(&compile->facts.command, private_root_dir(take_root));
    }
}

void compile_refuse(struct compile *compile, const struct failure *why)
{
    enter(compile, COMPILE_NO_INPUTS);
    compile_say(compile, why->text);
}

void compile_take_gated(struct compile *compile, struct gated *take_gated)
{
    compile->gated = take_gated;
    compile->facts.has_gate = true;
}

void compile_set_call(struct compile *compile, const struct compile_call *call)
{
    compile->call = call;
}

void compile_take_inputs(struct compile *compile, struct input_stamps *take_inputs)
{
    compile->inputs = take_inputs;
    input_stamps_set_dir(compile->inputs, compile->facts.command.working_dir);
}

void compile_offer(struct compile *compile, const char *name, bool may_attach)
{
    compile->workplace.name = mem_dup(name);
    compile->workplace.may_attach = may_attach;
}

void compile_make_ordinary(struct compile *compile, struct command *take_command)
{
    private_root_release(compile->root);
    compile->root = NULL;
    gated_destroy(compile->gated);
    compile->gated = NULL;
    compile->facts.has_gate = false;
    command_finish(&compile->facts.command);
    compile->facts.command = *take_command;
    *take_command = (struct command){0};
    diagnostics_start_again(&compile->said.list);
}

void compile_wait_for_place(struct compile *compile)
{
    enter(compile, COMPILE_HELD);
}

bool compile_attach(struct compile *compile)
{
    bool is_first =
        compile->facts.state == COMPILE_MADE || compile->facts.state == COMPILE_WAITS_PLACE;
    if (!is_first ||
        !workplace_attach(&compile->workplace, compile->place.loop, on_over, compile)) {
        return false;
    }
    show_workplace(compile);
    offer_read_told(compile->facts.dir, &compile->said.told);
    enter(compile, COMPILE_ATTACHED);
    return true;
}

void compile_detach(struct compile *compile)
{
    workplace_detach(&compile->workplace);
    show_workplace(compile);
    enter(compile, COMPILE_KILLED);
}

static bool prepare_gate(struct compile *compile, struct failure *why)
{
    struct gated_place place = {.loop = compile->place.loop,
                                .program = compile->place.program,
                                .dir = compile->facts.dir,
                                .store = compile->place.hollow,
                                .asked = on_asked,
                                .opened = on_opened,
                                .owner = compile};
    return compile->gated == NULL ||
           gated_prepare(compile->gated, &compile->facts.command, &place, why);
}

static bool words(const struct compile *compile, struct strlist *argv, struct strlist *env,
                  struct failure *why)
{
    const struct compile_facts *facts = &compile->facts;
    char *linker =
        compile->gated == NULL ? NULL : gated_linker(compile->gated, &facts->command, facts->dir);
    struct workplace_words words = {.command = &facts->command,
                                    .dir = facts->dir,
                                    .linker = linker,
                                    .make_flags =
                                        compile->job == NULL ? NULL : job_make_flags(compile->job)};
    bool good = compile->call == NULL
                    ? workplace_argv(&words, argv, env, why)
                    : compile->call->words(compile->call->owner, &words, argv, env, why);
    free(linker);
    return good;
}

static bool run(struct compile *compile, struct failure *why)
{
    struct strlist argv = {0};
    struct strlist env = {0};
    bool good = (compile->root == NULL || private_root_restore(compile->root, why)) &&
                words(compile, &argv, &env, why);
    if (good) {
        struct child_spec spec = {.argv = strlist_argv(&argv),
                                  .envp = strlist_argv(&env),
                                  .cwd = compile->facts.command.working_dir};
        compile->child = child_create(compile->place.reaper, &spec, &child_events, compile, why);
    }
    strlist_finish(&env);
    strlist_finish(&argv);
    if (compile->child == NULL) {
        end_job(compile, false);
        return false;
    }
    compile->facts.pid = child_pid(compile->child);
    enter(compile, COMPILE_STARTED);
    return true;
}

static bool fail(struct compile *compile)
{
    enter(compile, COMPILE_FAILED);
    compile->facts.end = (struct child_end){.exit_code = 1};
    return false;
}

bool compile_start(struct compile *compile, struct failure *why)
{
    if (compile->facts.state == COMPILE_REFUSED) {
        failure_set(why, "the links to its inputs could not be made");
        return fail(compile);
    }
    workplace_clear(&compile->workplace);
    compile->facts.has_metadata = false;
    compile->facts.asked = false;
    compile->facts.blames_source = false;
    compile->facts.end = (struct child_end){0};
    input_stamps_begin(compile->inputs);
    bool made = workplace_make(&compile->workplace, &compile->facts.command, why);
    show_workplace(compile);
    if (!made || !prepare_gate(compile, why)) {
        return fail(compile);
    }
    said_begin(&compile->said, compile->facts.dir);
    if (compile->place.jobserver != NULL) {
        compile->job = job_begin(compile->place.jobserver, on_turn, compile);
    }
    if (compile->job != NULL && !job_computes(compile->job)) {
        enter(compile, COMPILE_QUEUED);
    } else if (!run(compile, why)) {
        return fail(compile);
    }
    workplace_publish(&compile->workplace);
    return true;
}

bool compile_kill(struct compile *compile)
{
    enter(compile, COMPILE_KILLED);
    if (compile->child != NULL) {
        child_kill(compile->child);
        return false;
    }
    end_job(compile, false);
    workplace_leave(&compile->workplace); // the other worker's process is not ours to kill
    return true;
}

static void tell_output(struct compile *compile)
{
    if (compile->place.events->on_output != NULL) {
        compile->place.events->on_output(compile->place.owner, compile);
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
    const struct emit *emit = crate_args_emit(&compile->facts.command.crate, "metadata");
    if (line->kind != LINE_METADATA || emit == NULL ||
        compile->facts.command.outputs != OUTPUTS_LIBRARY) {
        return false;
    }
    char *name = command_artifact_name(&compile->facts.command, emit);
    char *path = compile_path(compile, name);
    bool own = strcmp(path, bytes_text(&line->artifact)) == 0;
    free(path);
    free(name);
    return own;
}

static void reach_metadata(struct compile *compile)
{
    compile->facts.has_metadata = true;
    input_stamps_pass_sources(compile->inputs);
    if (compile->milestones == MILESTONES_TOLD) {
        compile->place.events->on_metadata(compile->place.owner, compile);
    } else if (compile->milestones == MILESTONES_END) {
        compile_kill(compile);
    }
}

static void on_stderr_line(void *owner, const char *text, size_t len, bool ends)
{
    struct compile *compile = owner;
    said_add_raw(&compile->said, text, len, ends);
    struct rustc_line line;
    rustc_line_read(text, len, compile->facts.command.format, &line);
    compile->facts.blames_source = compile->facts.blames_source || line.blames_source;
    said_add(&compile->said, bytes_text(&line.before), line.before.len, line.before_is_error);
    said_add(&compile->said, bytes_text(&line.shown), line.shown.len, line.is_error);
    bool is_metadata = !compile->facts.has_metadata && is_own_metadata(compile, &line);
    rustc_line_finish(&line);
    tell_output(compile);
    if (is_metadata) {
        reach_metadata(compile);
    }
}

// While it waits at its gate it computes nothing.
static void on_asked(void *owner)
{
    struct compile *compile = owner;
    compile->facts.asked = true;
    enter(compile, COMPILE_ASKED);
    input_stamps_pass_sources(compile->inputs);
    compile->place.events->on_asked(compile->place.owner, compile);
    if (compile->job != NULL && !gate_is_open(compile->facts.dir)) {
        job_rest(compile->job);
    }
}

// A linker that cannot be let through fails: then the compile does not count.
static void let_link(struct compile *compile)
{
    struct failure ignored;
    enter(compile, COMPILE_OPENED);
    if (gated_pass(compile->gated, &ignored)) {
        compile->place.events->on_opened(compile->place.owner, compile);
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
    if (compile->job == NULL || job_computes(compile->job)) {
        let_link(compile);
    } else {
        enter(compile, COMPILE_OPENED_LATE);
    }
}

static void on_turn(void *owner)
{
    struct compile *compile = owner;
    struct failure why;
    if (compile->child != NULL) {
        let_link(compile);
    } else if (run(compile, &why)) {
        compile->place.events->on_started(compile->place.owner, compile);
    } else {
        fail(compile);
        compile->place.events->on_not_started(compile->place.owner, compile, &why);
    }
}

// What it left in its root beside its outputs comes into its directory: nobody may take it before
// it is whole.
static void collect_left(struct compile *compile)
{
    char *left = compile_path(compile, COMPILE_LEFT_FOLDER);
    struct failure why;
    if (!private_root_collect(compile->root, left, &why)) {
        compile_say(compile, why.text);
        compile->facts.end.exit_code = 1;
    }
    free(left);
}

// The inputs and the words are needed no more, and the compile may be kept for long. A call of the
// linker may yet turn out to be good for nothing.
static void let_go(struct compile *compile)
{
    if (!facts_succeeded(&compile->facts) || compile->call != NULL) {
        if (compile->root != NULL) {
            private_root_distrust(compile->root); // a link may be what was wrong
        }
        return;
    }
    command_forget_words(&compile->facts.command);
    if (compile->root != NULL) {
        root_settler_take(compile->place.settler, compile->root);
        compile->root = NULL;
    }
}

static void on_ended(void *owner, const struct child_end *end)
{
    struct compile *compile = owner;
    end_job(compile, end->killed || end->signal != 0);
    bool is_enough = compile->milestones == MILESTONES_END && compile->facts.has_metadata;
    compile->facts.end = is_enough ? (struct child_end){0} : *end;
    enter(compile, COMPILE_OVER);
    if (compile->gated != NULL) {
        compile->facts.asked =
            compile->facts.asked || gated_was_asked_elsewhere(compile->gated, compile->facts.dir);
        gated_end(compile->gated);
    }
    child_close(compile->child);
    compile->child = NULL;
    compile->facts.pid = -1;
    if (compile->root != NULL && facts_succeeded(&compile->facts)) {
        collect_left(compile);
    }
    let_go(compile);
    compile->place.events->on_ended(compile->place.owner, compile);
}

static void on_over(void *owner)
{
    struct compile *compile = owner;
    struct offer_result result = {0};
    workplace_leave(&compile->workplace);
    enter(compile, COMPILE_OVER);
    if (workplace_claim(&compile->workplace, &result)) {
        compile->facts.end = (struct child_end){.exit_code = result.exit_code};
        said_add(&compile->said, bytes_text(&result.said), result.said.len, result.exit_code != 0);
        bytes_finish(&result.said);
    } else {
        compile_lose(compile);
    }
    show_workplace(compile);
    compile->place.events->on_ended(compile->place.owner, compile);
}

void compile_lose(struct compile *compile)
{
    enter(compile, COMPILE_NO_RESULT);
    compile->facts.end.signal = SIGKILL; // as if it had died: it may be started again
}

// A death by a signal is no result: whoever waits for one compiles, and this compile may be started
// again in its place, and reads all again. Else it is what it is, whatever changes from now on.
void compile_keep(struct compile *compile)
{
    if (compile->facts.end.signal != 0) {
        workplace_withdraw(&compile->workplace);
        input_stamps_begin(compile->inputs);
        return;
    }
    struct offer_result result = {.exit_code = compile->facts.end.exit_code};
    diagnostics_waiting(&compile->said.list, &result.said);
    workplace_tell(&compile->workplace, &result);
    bytes_finish(&result.said);
    input_stamps_close(compile->inputs);
    compile->inputs = NULL;
}

bool compile_reclaim(struct compile *compile)
{
    bool moved = false;
    bool ours = workplace_reclaim(&compile->workplace, &moved);
    if (moved) {
        show_workplace(compile);
        said_move(&compile->said, compile->facts.dir);
    }
    return ours;
}

const struct compile_facts *compile_facts(const struct compile *compile)
{
    return &compile->facts;
}

struct said *compile_said(struct compile *compile)
{
    return &compile->said;
}

void compile_take_out(struct compile *compile, struct bytes *out)
{
    size_t before = compile->said.told.len;
    said_take_out(&compile->said, out);
    if (compile->workplace.name != NULL && compile->said.told.len > before) {
        offer_note_told(compile->facts.dir, &compile->said.told);
    }
}

void compile_say(struct compile *compile, const char *sentence)
{
    char *line = mem_format("rustc-relay: %s\n", sentence);
    said_add(&compile->said, line, strlen(line), true);
    free(line);
}

char *compile_path(const struct compile *compile, const char *name)
{
    return path_join(compile->facts.dir, name);
}

const struct gated *compile_gated(const struct compile *compile)
{
    return compile->gated;
}

struct input_stamps *compile_inputs(const struct compile *compile)
{
    return compile->inputs;
}

bool compile_holds_gate(const struct compile *compile)
{
    bool waits = compile->facts.state == COMPILE_WAITS_TURN || compile->child != NULL;
    return compile->gated != NULL && waits;
}
