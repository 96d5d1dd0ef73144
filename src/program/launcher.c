#include "program/launcher.h"

#include "base/mem.h"
#include "program/compile_result.h"
#include "program/deliver.h"
#include "program/gated.h"
#include "roots/input_stamps.h"
#include "roots/private_root.h"
#include "rustc/identity.h"
#include "store/state_dir.h"

#include <stdlib.h>
#include <string.h>

void launcher_open(struct launcher *launcher, const struct intake *intake,
                   const struct compile_place *place)
{
    launcher->intake = intake;
    launcher->program = realpath("/proc/self/exe", NULL);
    hollow_store_open(&launcher->hollow, place->state->worker);
    launcher->place = *place;
    launcher->place.program = launcher->program;
    launcher->place.hollow = &launcher->hollow;
}

void launcher_close(struct launcher *launcher)
{
    hollow_store_finish(&launcher->hollow);
    free(launcher->program);
}

void launcher_say(struct compile *compile, const char *sentence)
{
    char *line = mem_format("rustc-relay: %s\n", sentence);
    said_add(&compile->said, line, strlen(line), true);
    free(line);
}

// A library's requests write no such files but the first.
static void want_files(struct compile *compile, const struct invocation *invocation)
{
    const struct delivery *delivery = &invocation->delivery;
    if (delivery->output_file != NULL) {
        said_want(&compile->said, invocation->stage == STAGE_ALL ? SAID_RAW : SAID_SHOWN);
    }
    if (delivery->stdout_file != NULL && !stage_is_library(invocation->stage)) {
        said_want(&compile->said, SAID_STDOUT);
    }
    if (delivery->stderr_file != NULL && !stage_is_library(invocation->stage)) {
        said_want(&compile->said, SAID_SHOWN);
    }
}

static void give_root(struct launcher *launcher, struct compile *compile,
                      const struct request *request, const struct work_request *work)
{
    struct failure why;
    bool needed = false;
    struct private_root *root = intake_lease(launcher->intake, work, request, &needed, &why);
    if (root != NULL) {
        compile_take_root(compile, root);
    } else if (needed) {
        compile->refused = true;
        launcher_say(compile, why.text);
    }
}

// Under this name other workers find what this one starts, and a late one looks there first.
static void share(struct compile *compile, const struct request *request)
{
    enum stage stage = request->invocation.stage;
    if (request->has_identity) {
        char *name = digest_hex(&request->identity);
        compile_share(compile, name);
        compile->may_attach = stage_is_late(stage);
        free(name);
    }
}

static struct gated_request gated_request_of(const struct request *request,
                                             const struct command *command,
                                             const struct work_request *work)
{
    return (struct gated_request){.base_dir = request->base_dir,
                                  .inputs = work->inputs,
                                  .input_count = work->input_count,
                                  .command = command};
}

// Nothing goes on in a bound request's directory once that is answered. And what nobody can take is
// not made: a compile without identity has served its early request when the metadata is there.
static enum compile_milestones milestones_of(const struct request *request)
{
    if (!request->has_identity && request->invocation.stage == STAGE_METADATA) {
        return MILESTONES_END;
    }
    return request->is_bound ? MILESTONES_QUIET : MILESTONES_TOLD;
}

// Of what all requests of its identity have; NULL: no other one can join it.
static struct input_stamps *stamps_of(const struct launcher *launcher,
                                      const struct request *request,
                                      const struct work_request *work)
{
    if (!request->has_identity) {
        return NULL;
    }
    struct input_stamps *stamps = input_stamps_create(launcher->place.loop);
    for (size_t i = 0; i < work->input_count; i++) {
        if (!identity_leaves_out(&request->invocation, work->inputs[i].path)) {
            input_stamps_add(stamps, work->inputs[i].path);
        }
    }
    return stamps;
}

struct compile *launcher_make(struct launcher *launcher, struct request *request,
                              const struct work_request *work)
{
    const struct invocation *invocation = &request->invocation;
    struct input_stamps *inputs = stamps_of(launcher, request, work);
    struct compile *compile =
        compile_create(request->compile, &request->invocation.command, &launcher->place);
    compile->milestones = milestones_of(request);
    want_files(compile, invocation);
    share(compile, request);
    give_root(launcher, compile, request, work);
    compile_take_inputs(compile, inputs);
    if (invocation->stage == STAGE_CODEGEN) {
        struct gated_request early = gated_request_of(request, &compile->command, work);
        compile_take_gated(compile, gated_create(&early));
    }
    return compile;
}

static bool fits(const struct compile *compile, const struct request *late)
{
    struct gated_request request = {.base_dir = late->base_dir, .command = &compile->command};
    return gated_fits(compile->dir, &request);
}

bool launcher_let_link(const struct compile *compile, const struct request *late,
                       struct failure *why)
{
    struct gated_request request = {.base_dir = late->base_dir, .command = &compile->command};
    return gated_open(compile->dir, &request, why);
}

bool launcher_attach(struct compile *compile, const struct request *request)
{
    struct failure ignored; // then it compiles itself
    if (compile->refused || !compile_attach(compile)) {
        return false;
    }
    bool is_link = request != NULL && request->invocation.stage == STAGE_LINK;
    if (is_link && !(fits(compile, request) && launcher_let_link(compile, request, &ignored))) {
        compile_detach(compile);
        return false;
    }
    return true;
}

void launcher_make_ordinary(struct launcher *launcher, struct compile *compile,
                            struct request *late)
{
    compile->refused = false;
    compile_make_ordinary(compile, &late->invocation.command);
    give_root(launcher, compile, late, &late->work);
    input_stamps_set_dir(compile->inputs, compile->command.working_dir);
}

// The compile may have made other metadata than the one this request's dependants were given, which
// came from elsewhere (a cache, another worker): then it is not the compile to take.
static bool made_other_metadata(const struct compile *compile, const struct request *request)
{
    struct deliver_to to = {.stage = request->invocation.stage,
                            .delivery = &request->invocation.delivery,
                            .compile = compile};
    bool matches = true;
    struct failure ignored; // what cannot be read is said when the outputs are delivered
    return deliver_metadata_matches(&to, &matches, &ignored) && !matches;
}

bool launcher_differs(const struct compile *compile, const struct request *request,
                      const struct work_request *work)
{
    if (compile_is_hollow(compile)) {
        return true;
    }
    struct gated_request early = {0};
    switch (request->invocation.stage) {
    case STAGE_CODEGEN:
        early = gated_request_of(request, &request->invocation.command, work);
        return compile->gated == NULL || !gated_has_metadata_of(compile->gated, &early);
    case STAGE_LINK:
        return compile->gated == NULL || !fits(compile, request);
    case STAGE_ALL:
    case STAGE_METADATA:
    case STAGE_FULL:
        break;
    }
    return made_other_metadata(compile, request);
}
