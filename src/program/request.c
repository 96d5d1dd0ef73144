#include "program/request.h"

#include "base/mem.h"
#include "roots/link_home.h"
#include "roots/private_root.h"
#include "rustc/identity.h"
#include "rustc/output_paths.h"
#include "rustc/root_name.h"

#include <stdlib.h>
#include <string.h>

static void request_destroy(struct request *request)
{
    invocation_finish(&request->invocation);
    free(request->dir);
    free(request->root_name);
    strlist_finish(&request->output_folders);
    strlist_finish(&request->mapped_paths);
    work_request_finish(&request->work);
    free(request->subject);
    free(request);
}

void request_set_finish(struct request_set *set)
{
    while (set->first != NULL) {
        struct request *request = set->first;
        set->first = request->next;
        request_destroy(request);
    }
}

struct request *request_open(struct request_set *set, int32_t id)
{
    struct request *request = mem_zalloc(sizeof *request);
    request->serial = ++set->last_serial;
    request->id = id;
    request->next = set->first;
    set->first = request;
    return request;
}

struct request *request_by_id(const struct request_set *set, int32_t id)
{
    struct request *request = set->first;
    while (request != NULL && request->id != id) {
        request = request->next;
    }
    return request;
}

struct request *request_by_serial(const struct request_set *set, uint64_t serial)
{
    struct request *request = set->first;
    while (request != NULL && request->serial != serial) {
        request = request->next;
    }
    return request;
}

struct request *request_by_compile(const struct request_set *set, uint64_t compile)
{
    struct request *request = set->first;
    while (request != NULL && request->compile != compile) {
        request = request->next;
    }
    return request;
}

void request_close(struct request_set *set, struct request *request)
{
    struct request **link = &set->first;
    while (*link != request) {
        link = &(*link)->next;
    }
    *link = request->next;
    request_destroy(request);
}

bool request_takes_all(const struct request *request)
{
    return stage_takes_all(request->invocation.stage) || !request->has_identity;
}

// What two requests share is told to both as the user sees it.
enum said_file request_output_file(const struct request *request)
{
    bool is_raw = request->invocation.stage == STAGE_ALL || !request->has_identity;
    return is_raw ? SAID_RAW : SAID_SHOWN;
}

void request_want_files(const struct request *request, struct said *said)
{
    const struct delivery *delivery = &request->invocation.delivery;
    if (delivery->output_file != NULL) {
        said_want(said, request_output_file(request));
    }
    if (delivery->stdout_file != NULL && request_takes_all(request)) {
        said_want(said, SAID_STDOUT);
    }
    if (delivery->stderr_file != NULL && request_takes_all(request)) {
        said_want(said, SAID_SHOWN);
    }
}

void request_keep(struct request *request, struct work_request *take_work)
{
    request->work = *take_work;
    *take_work = (struct work_request){0};
}

void request_explain(const struct request *request, struct failure *why)
{
    struct failure plain = *why;
    const char *subject = request->subject;
    if (request->id != 0 && subject != NULL) {
        failure_set(why, "request %d (%s): %s", request->id, subject, plain.text);
    } else if (request->id != 0) {
        failure_set(why, "request %d: %s", request->id, plain.text);
    } else if (subject != NULL) {
        failure_set(why, "%s: %s", subject, plain.text);
    }
}

static bool build(const struct request_reader *reader, const struct strlist *words,
                  struct request *request, struct failure *why)
{
    struct invocation_source source = {.startup = &reader->options->flags,
                                       .startup_words = &reader->options->words,
                                       .request_words = reader->runs_once ? NULL : words,
                                       .request_dir = request->dir,
                                       .inherited_env = reader->inherited_env};
    char *root = NULL;
    char *plain = sandbox_execroot(reader->cwd, reader->cwd_kind);
    source.plain_dir = plain;
    if (request->root_name != NULL) {
        root = private_root_path(link_home_usual(reader->links), request->root_name);
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
    sandbox_output_folders(request->dir, &paths, &request->output_folders);
    strlist_finish(&paths);
}

static bool read_words(const struct request_reader *reader, const struct work_request *work,
                       struct request *request, struct failure *why)
{
    struct strlist words = {0};
    for (size_t i = 0; i < work->argument_count; i++) {
        strlist_push(&words, work->arguments[i]);
    }
    enum sandbox_kind kind = sandbox_kind_of(reader->cwd_kind, work->sandbox_dir);
    bool hides = kind == SANDBOX_NONE && flag_given(&reader->options->flags, FLAG_HIDE_UNDECLARED);
    if ((kind == SANDBOX_BAZEL || hides) && work->input_count > 0) {
        request->root_name = root_name_of(&words, request->dir);
    }
    bool good = build(reader, &words, request, why);
    // What writes in place runs in the sandbox itself: it is over when the request is answered.
    if (good && request->root_name != NULL &&
        !command_is_redirected(&request->invocation.command)) {
        free(request->root_name);
        request->root_name = NULL;
        free(request->subject);
        request->subject = NULL;
        invocation_finish(&request->invocation);
        good = build(reader, &words, request, why);
    }
    request->is_bound = kind != SANDBOX_NONE && request->root_name == NULL;
    strlist_finish(&words);
    if (good && request->root_name != NULL) {
        find_output_folders(request);
    }
    return good;
}

bool request_read(const struct request_reader *reader, struct work_request *work,
                  struct request *request, struct failure *why)
{
    request->dir = sandbox_request_dir(reader->cwd, work->sandbox_dir, why);
    if (request->dir == NULL || !read_words(reader, work, request, why)) {
        return false;
    }
    sandbox_map_inputs(request->dir, work->inputs, work->input_count, &request->mapped_paths);
    input_sort(work->inputs, work->input_count);
    request->has_identity =
        identity_of(&request->invocation, work->inputs, work->input_count, &request->identity);
    return true;
}

static bool fill(struct private_root *root, const struct work_request *work,
                 const struct request *request, struct failure *why)
{
    struct root_inputs inputs = {.sandbox = request->dir,
                                 .items = work->inputs,
                                 .count = work->input_count,
                                 .folders = &request->output_folders};
    return private_root_fill(root, &inputs, why);
}

static struct private_root *lease_in(const struct request_reader *reader, const char *links,
                                     const struct work_request *work, const struct request *request,
                                     struct failure *why)
{
    struct private_root *root =
        private_root_lease(links, request->root_name, reader->links->user, why);
    if (root != NULL && !fill(root, work, request, why)) {
        private_root_release(root);
        root = NULL;
    }
    return root;
}

struct private_root *request_lease(const struct request_reader *reader,
                                   const struct work_request *work, const struct request *request,
                                   bool *ret_needed, struct failure *why)
{
    *ret_needed = request->root_name != NULL;
    if (request->root_name == NULL) {
        return NULL;
    }
    const char *now = link_home_now(reader->links);
    struct private_root *root = lease_in(reader, now, work, request, why);
    // Memory may be full by now. A root on the disk is a spare like others.
    if (root == NULL && strcmp(now, reader->state_dir) != 0) {
        root = lease_in(reader, reader->state_dir, work, request, why);
    }
    return root;
}
