#include "program/intake.h"

#include "roots/link_home.h"
#include "roots/private_root.h"
#include "rustc/identity.h"
#include "rustc/output_paths.h"
#include "rustc/root_name.h"

#include <stdlib.h>
#include <string.h>

static bool build(const struct intake *intake, const struct strlist *words, struct request *request,
                  struct failure *why)
{
    struct invocation_source source = {.startup = &intake->options->flags,
                                       .startup_words = &intake->options->words,
                                       .request_words = words,
                                       .base_dir = request->base_dir,
                                       .inherited_env = intake->inherited_env};
    char *root = NULL;
    char *plain = sandbox_execroot(intake->cwd, intake->cwd_kind);
    source.plain_dir = plain;
    if (request->root_name != NULL) {
        root = private_root_path(link_home_usual(intake->links), request->root_name);
        source.working_dir = root;
    }
    bool good = invocation_build(&request->invocation, &source, why);
    request->subject = command_subject(&request->invocation.command);
    free(root);
    free(plain);
    return good;
}

static void find_output_folders(struct request *request)
{
    struct strlist paths = {0};
    output_paths_of(&request->invocation.command, &paths);
    sandbox_output_folders(request->base_dir, &paths, &request->output_folders);
    strlist_finish(&paths);
}

static bool read_words(const struct intake *intake, const struct work_request *work,
                       struct request *request, struct failure *why)
{
    struct strlist words = {0};
    for (size_t i = 0; i < work->argument_count; i++) {
        strlist_push(&words, work->arguments[i]);
    }
    enum sandbox_kind kind = sandbox_kind_of(intake->cwd_kind, work->sandbox_dir);
    bool hides = kind == SANDBOX_NONE && flag_given(&intake->options->flags, FLAG_HIDE_UNDECLARED);
    if ((kind == SANDBOX_BAZEL || hides) && work->input_count > 0) {
        request->root_name = root_name_of(&words, request->base_dir);
    }
    bool good = build(intake, &words, request, why);
    // What writes in place runs in the sandbox itself: it is over when the request is answered.
    if (good && request->root_name != NULL &&
        !command_is_redirected(&request->invocation.command)) {
        free(request->root_name);
        request->root_name = NULL;
        free(request->subject);
        request->subject = NULL;
        invocation_finish(&request->invocation);
        good = build(intake, &words, request, why);
    }
    request->is_bound = kind != SANDBOX_NONE && request->root_name == NULL;
    strlist_finish(&words);
    if (good && request->root_name != NULL) {
        find_output_folders(request);
    }
    return good;
}

bool intake_read(const struct intake *intake, struct work_request *work, struct request *request,
                 struct failure *why)
{
    request->base_dir = sandbox_base_dir(intake->cwd, work->sandbox_dir, why);
    if (request->base_dir == NULL || !read_words(intake, work, request, why)) {
        return false;
    }
    sandbox_map_inputs(request->base_dir, work->inputs, work->input_count, &request->mapped_paths);
    input_sort(work->inputs, work->input_count);
    request->has_identity =
        identity_of(&request->invocation, work->inputs, work->input_count, &request->identity);
    return true;
}

static bool fill(struct private_root *root, const struct work_request *work,
                 const struct request *request, struct failure *why)
{
    struct root_inputs inputs = {.sandbox = request->base_dir,
                                 .items = work->inputs,
                                 .count = work->input_count,
                                 .folders = &request->output_folders};
    return private_root_fill(root, &inputs, why);
}

static struct private_root *lease_in(const struct intake *intake, const char *links,
                                     const struct work_request *work, const struct request *request,
                                     struct failure *why)
{
    struct private_root *root =
        private_root_lease(links, request->root_name, intake->links->user, why);
    if (root != NULL && !fill(root, work, request, why)) {
        private_root_release(root);
        root = NULL;
    }
    return root;
}

struct private_root *intake_lease(const struct intake *intake, const struct work_request *work,
                                  const struct request *request, bool *ret_needed,
                                  struct failure *why)
{
    *ret_needed = request->root_name != NULL;
    if (request->root_name == NULL) {
        return NULL;
    }
    const char *now = link_home_now(intake->links);
    struct private_root *root = lease_in(intake, now, work, request, why);
    // Memory may be full by now. A root on the disk is a spare like others.
    if (root == NULL && strcmp(now, intake->state_root) != 0) {
        root = lease_in(intake, intake->state_root, work, request, why);
    }
    return root;
}
