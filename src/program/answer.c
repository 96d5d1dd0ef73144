#include "program/answer.h"

#include "program/deliver.h"

#include <stdlib.h>
#include <unistd.h>

void answer_finish(struct answer *answer)
{
    bytes_finish(&answer->text);
}

static void add_line(struct answer *answer, const char *sentence)
{
    bytes_append_format(&answer->text, "rustc-relay: %s\n", sentence);
}

void answer_fail(struct answer *answer, const struct failure *why)
{
    add_line(answer, why->text);
    answer->exit_code = answer->exit_code == 0 ? 1 : answer->exit_code;
}

static bool write_file(const char *path, struct compile *compile, enum said_file file,
                       struct failure *why)
{
    return path == NULL || said_write(compile_said(compile), file, path,
                                      compile_facts(compile)->state == COMPILE_ENDED, why);
}

// The files that take what was said, beside or instead of the answer's text.
static bool write_files(const struct request *request, struct compile *compile, struct failure *why)
{
    const struct delivery *delivery = &request->invocation.delivery;
    return write_file(delivery->output_file, compile, request_output_file(request), why) &&
           (!request_takes_all(request) ||
            (write_file(delivery->stdout_file, compile, SAID_STDOUT, why) &&
             write_file(delivery->stderr_file, compile, SAID_SHOWN, why)));
}

static void take_said(struct answer *answer, const struct request *request, struct compile *compile)
{
    compile_take_out(compile, &answer->text);
    bool hidden = request_takes_all(request) && request->invocation.delivery.stderr_file != NULL;
    if (!hidden) {
        diagnostics_answer(&compile_said(compile)->list,
                           DIAGNOSTICS_ANSWER_MAX_BYTES - answer->text.len, &answer->text);
    }
}

static bool deliver(const struct request *request, const struct compile *compile,
                    struct failure *why)
{
    struct deliver_to to = {.stage = request->invocation.stage,
                            .delivery = &request->invocation.delivery,
                            .made = compile_facts(compile),
                            .request_dir = request->dir};
    return deliver_outputs(&to, why) &&
           (!request_takes_all(request) || deliver_afterwards(to.delivery, why));
}

static void explain_failure(struct answer *answer, const struct request *request,
                            struct compile *compile)
{
    bool by_signal = compile_facts(compile)->end.signal != 0;
    answer->exit_code = by_signal || compile_facts(compile)->end.exit_code == 0
                            ? 1
                            : compile_facts(compile)->end.exit_code;
    bool has_spoken = answer->text.len > 0 || compile_said(compile)->is_shown;
    if (!by_signal && has_spoken) {
        return;
    }
    char *end = facts_describe_end(compile_facts(compile));
    struct failure why;
    failure_set(&why, "%s%s", end, by_signal ? "" : " and said nothing");
    request_explain(request, &why);
    add_line(answer, why.text);
    free(end);
}

void answer_build(struct answer *answer, const struct request *request, struct compile *compile,
                  enum outcome outcome)
{
    if (outcome == OUTCOME_CANCELLED) {
        answer->was_cancelled = true;
        return;
    }
    struct failure why;
    bool good = write_files(request, compile, &why);
    take_said(answer, request, compile);
    if (outcome == OUTCOME_FAILED) {
        explain_failure(answer, request, compile);
    }
    good = good && (outcome != OUTCOME_DONE || deliver(request, compile, &why));
    if (!good) {
        request_explain(request, &why);
        answer_fail(answer, &why);
    }
}

int answer_show(const struct request *request, struct compile *compile, enum outcome outcome)
{
    struct answer answer = {0};
    struct said *said = compile_said(compile);
    said->is_shown = true;
    said_show(said, request->invocation.delivery.stderr_file == NULL);
    answer_build(&answer, request, compile, outcome);
    said_show_text(STDERR_FILENO, bytes_text(&answer.text), answer.text.len);
    answer_finish(&answer);
    return answer.exit_code;
}
