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

void request_keep(struct request *request, struct work_request *take_work)
{
    request->work = *take_work;
    *take_work = (struct work_request){0};
}

void request_explain(const struct request *request, struct failure *why)
{
    struct failure plain = *why;
    if (request->subject != NULL) {
        failure_set(why, "request %d (%s): %s", request->id, request->subject, plain.text);
    } else {
        failure_set(why, "request %d: %s", request->id, plain.text);
    }
}
