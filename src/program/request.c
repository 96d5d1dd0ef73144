#include "program/request.h"

#include "base/mem.h"

#include <stdlib.h>

static void request_destroy(struct request *request)
{
    invocation_finish(&request->invocation);
    free(request->base_dir);
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
