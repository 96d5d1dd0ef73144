#include "program/events.h"

#include <stdlib.h>
#include <sys/resource.h>

static const struct trace_fact end_of_facts = {0};

static void write_request(struct trace *trace, enum trace_phase phase,
                          const struct request *request, const char *name,
                          const struct trace_fact *facts)
{
    struct trace_event event = {
        .phase = phase, .category = "request", .id = request->serial, .name = name, .facts = facts};
    trace_write(trace, &event);
}

static void write_compile(struct trace *trace, enum trace_phase phase,
                          const struct compile *compile, const char *name,
                          const struct trace_fact *facts)
{
    struct trace_event event = {.phase = phase,
                                .category = "compile",
                                .id = compile_facts(compile)->serial,
                                .name = name,
                                .facts = facts};
    trace_write(trace, &event);
}

void events_request_opened(struct trace *trace, const struct request *request)
{
    struct trace_fact facts[] = {
        {.name = "request_id", .number = request->id},
        {.name = "stage", .text = stage_name(request->invocation.stage)},
        {.name = "subject", .text = request->subject == NULL ? "" : request->subject},
        {.name = "key", .text = request->invocation.key == NULL ? "" : request->invocation.key},
        end_of_facts,
    };
    write_request(trace, TRACE_BEGIN, request, "request", facts);
}

void events_request_served(struct trace *trace, const struct request *request, enum verdict verdict)
{
    static const char *const reasons[] = {
        [VERDICT_ALONE] = "compiles alone: it has no --pipelining-key, or inputs without a digest",
        [VERDICT_FIRST] = "compiles: the first of its --pipelining-key",
        [VERDICT_DIFFERENT] = "compiles afresh: arguments, environment or inputs differ",
        [VERDICT_AFRESH] =
            "compiles afresh: what was compiled has other metadata, or a file changed",
        [VERDICT_JOINED] = "joins a running compile",
        [VERDICT_TAKEN] = "takes what a compile has made",
        [VERDICT_AGAIN] = "compiles once more: the compile it would take was killed",
    };
    struct trace_fact facts[] = {
        {.name = "compile", .number = (int64_t)request->compile},
        {.name = "reason", .text = reasons[verdict]},
        end_of_facts,
    };
    write_request(trace, TRACE_INSTANT, request, "served", facts);
}

void events_request_ordinary(struct trace *trace, const struct request *request, const char *reason)
{
    struct trace_fact facts[] = {{.name = "reason", .text = reason}, end_of_facts};
    write_request(trace, TRACE_INSTANT, request, "ordinary", facts);
}

void events_request_cancelled(struct trace *trace, const struct request *request)
{
    write_request(trace, TRACE_INSTANT, request, "cancelled", NULL);
}

void events_request_abandoned(struct trace *trace, const struct request *request)
{
    struct trace_fact facts[] = {{.name = "abandoned", .number = 1}, end_of_facts};
    write_request(trace, TRACE_END, request, "request", facts);
}

void events_request_answered(struct trace *trace, const struct request *request,
                             const struct work_response *response)
{
    struct trace_fact facts[] = {
        {.name = "exit_code", .number = response->exit_code},
        {.name = "was_cancelled", .number = response->was_cancelled},
        {.name = "output_bytes", .number = (int64_t)response->output_len},
        end_of_facts,
    };
    write_request(trace, TRACE_END, request, "request", facts);
}

void events_compile_attached(struct trace *trace, const struct compile *compile)
{
    struct trace_fact facts[] = {{.name = "dir", .text = compile_facts(compile)->dir},
                                 end_of_facts};
    write_compile(trace, TRACE_INSTANT, compile, "attached", facts);
}

void events_compile_waits(struct trace *trace, const struct compile *compile)
{
    write_compile(trace, TRACE_INSTANT, compile, "waits", NULL);
}

void events_compile_started(struct trace *trace, const struct compile *compile)
{
    char *subject = command_subject(&compile_facts(compile)->command);
    struct trace_fact facts[] = {
        {.name = "subject", .text = subject},
        {.name = "pid", .number = compile_facts(compile)->pid},
        end_of_facts,
    };
    write_compile(trace, TRACE_BEGIN, compile, "compile", facts);
    free(subject);
}

void events_compile_metadata(struct trace *trace, const struct compile *compile)
{
    write_compile(trace, TRACE_INSTANT, compile, "metadata", NULL);
}

void events_compile_asked(struct trace *trace, const struct compile *compile)
{
    write_compile(trace, TRACE_INSTANT, compile, "asked", NULL);
}

void events_compile_opened(struct trace *trace, const struct compile *compile)
{
    write_compile(trace, TRACE_INSTANT, compile, "opened", NULL);
}

void events_compile_ordinary(struct trace *trace, const struct compile *compile, const char *reason)
{
    struct trace_fact facts[] = {{.name = "reason", .text = reason}, end_of_facts};
    write_compile(trace, TRACE_INSTANT, compile, "ordinary", facts);
}

void events_compile_changed(struct trace *trace, const struct compile *compile)
{
    write_compile(trace, TRACE_INSTANT, compile, "an input has changed", NULL);
}

// What all processes that ended so far have used, user and system.
static int64_t children_cpu_ms(void)
{
    struct rusage used;
    if (getrusage(RUSAGE_CHILDREN, &used) != 0) {
        return 0;
    }
    int64_t seconds = (int64_t)used.ru_utime.tv_sec + used.ru_stime.tv_sec;
    return seconds * 1000 + (used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1000;
}

void events_compile_ended(struct trace *trace, const struct compile *compile)
{
    if (compile_facts(compile)->is_remote) {
        return; // its process is in another worker's trace
    }
    struct trace_fact facts[] = {
        {.name = "exit_code", .number = compile_facts(compile)->end.exit_code},
        {.name = "signal", .number = compile_facts(compile)->end.signal},
        {.name = "killed", .number = compile_facts(compile)->end.killed},
        {.name = "children_cpu_ms", .number = children_cpu_ms()},
        end_of_facts,
    };
    write_compile(trace, TRACE_END, compile, "compile", facts);
}
