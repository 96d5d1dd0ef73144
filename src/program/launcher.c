#include "program/launcher.h"

#include "base/mem.h"
#include "gate/gated.h"
#include "process/platform.h"
#include "program/deliver.h"
#include "roots/input_stamps.h"
#include "roots/private_root.h"
#include "rustc/identity.h"
#include "store/state_dir.h"

#include <stdlib.h>
#include <string.h>

void launcher_open(struct launcher *launcher, const struct request_reader *reader,
                   const struct compile_place *place)
{
    launcher->reader = reader;
    launcher->program = platform_own_program();
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

static void give_root(struct launcher *launcher, struct compile *compile,
                      const struct request *request, const struct work_request *work)
{
    struct failure why;
    bool needed = false;
    struct private_root *root = request_lease(launcher->reader, work, request, &needed, &why);
    if (root != NULL) {
        compile_take_root(compile, root);
    } else if (needed) {
        compile_refuse(compile, &why);
    }
}

// Under this name other workers find what this one starts, and a late one looks there first.
static void offer(struct compile *compile, const struct request *request)
{
    enum stage stage = request->invocation.stage;
    if (request->has_identity) {
        char *name = digest_hex(&request->identity);
        compile_offer(compile, name, stage_is_late(stage));
        free(name);
    }
}

static struct gated_request gated_request_of(const struct request *request,
                                             const struct command *command,
                                             const struct work_request *work)
{
    return (struct gated_request){.request_dir = request->dir,
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

void launcher_list_inputs(const struct compile *compile, const struct request *request,
                          const struct work_request *work)
{
    struct input_stamps *stamps = compile_inputs(compile);
    const struct delivery *delivery = &request->invocation.delivery;
    const struct dependencies *dependencies = &compile_facts(compile)->command.dependencies;
    for (size_t i = 0; stamps != NULL && i < work->input_count; i++) {
        if (!identity_leaves_out(delivery, dependencies, work->inputs[i].path)) {
            input_stamps_add(stamps, work->inputs[i].path);
        }
    }
}

struct compile *launcher_make(struct launcher *launcher, struct request *request,
                              const struct work_request *work)
{
    const struct invocation *invocation = &request->invocation;
    struct input_stamps *inputs = // else no other one can join it
        request->has_identity ? input_stamps_create(launcher->place.loop) : NULL;
    struct compile *compile =
        compile_create(request->compile, &request->invocation.command, &launcher->place);
    compile_set_milestones(compile, milestones_of(request));
    request_want_files(request, compile_said(compile));
    offer(compile, request);
    give_root(launcher, compile, request, work);
    compile_take_inputs(compile, inputs);
    if (invocation->stage == STAGE_CODEGEN) {
        struct gated_request early =
            gated_request_of(request, &compile_facts(compile)->command, work);
        compile_take_gated(compile, gated_create(&early));
    }
    return compile;
}

static bool fits(const struct compile *compile, const struct request *late)
{
    struct gated_request request = {.request_dir = late->dir,
                                    .command = &compile_facts(compile)->command};
    return gated_fits(compile_facts(compile)->dir, &request);
}

bool launcher_let_link(const struct compile *compile, const struct request *late,
                       struct failure *why)
{
    struct gated_request request = {.request_dir = late->dir,
                                    .command = &compile_facts(compile)->command};
    return gated_open(compile_facts(compile)->dir, &request, why);
}

bool launcher_attach(struct compile *compile, const struct request *request)
{
    struct failure ignored; // then it compiles itself
    if (!compile_attach(compile)) {
        return false;
    }
    // The other worker has it under the name of this identity, so it has a gate if this one needs
    // it.
    struct joining_compile known = {.has_same_metadata = true};
    bool is_link = request != NULL && request->invocation.stage == STAGE_LINK;
    if (is_link) {
        known.has_same_metadata = fits(compile, request);
    }
    if (is_link && !(joining_doubt_of(&known) == JOINING_FITS &&
                     launcher_let_link(compile, request, &ignored))) {
        compile_detach(compile);
        return false;
    }
    return true;
}

void launcher_make_ordinary(struct launcher *launcher, struct compile *compile,
                            struct request *late)
{
    compile_make_ordinary(compile, &late->invocation.command);
    give_root(launcher, compile, late, &late->work);
    input_stamps_set_dir(compile_inputs(compile), compile_facts(compile)->command.working_dir);
}

// The compile may have made other metadata than the one this request's dependants were given, which
// came from elsewhere (a cache, another worker): then it is not the compile to take.
static bool made_other_metadata(const struct compile *compile, const struct request *request)
{
    struct deliver_to to = {.stage = request->invocation.stage,
                            .delivery = &request->invocation.delivery,
                            .made = compile_facts(compile)};
    bool matches = true;
    struct failure ignored; // what cannot be read is said when the outputs are delivered
    return deliver_metadata_matches(&to, &matches, &ignored) && !matches;
}

void launcher_compare(const struct compile *compile, const struct request *request,
                      const struct work_request *work, struct joining_compile *known)
{
    const struct gated *gated = compile_gated(compile);
    enum stage stage = request->invocation.stage;
    known->is_gone = facts_are_hollow(compile_facts(compile));
    known->needs_gate = stage == STAGE_CODEGEN || stage == STAGE_LINK;
    known->has_gate = gated != NULL;
    if (known->is_gone || (known->needs_gate && !known->has_gate)) {
        return;
    }
    if (stage == STAGE_CODEGEN) {
        struct gated_request early = gated_request_of(request, &request->invocation.command, work);
        known->has_same_metadata = gated_has_metadata_of(gated, &early);
    } else if (stage == STAGE_LINK) {
        known->has_same_metadata = fits(compile, request);
    } else {
        known->has_same_metadata = !made_other_metadata(compile, request);
    }
}
