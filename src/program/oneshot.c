#include "program/oneshot.h"

#include "base/log.h"
#include "program/answer.h"
#include "program/host.h"
#include "program/portable_pair.h"
#include "program/session.h"
#include "store/trace.h"

#include <unistd.h>

struct oneshot {
    struct host host;
    struct trace trace; // off
    struct session *session;
    int exit_code; // 1 until the answer
};

static void on_stop(void *owner)
{
    struct oneshot *run = owner;
    host_stop(&run->host);
}

// What the tool says is shown at once, where it says it.
static void on_said(void *owner, const struct request *request, struct said *said)
{
    (void)owner;
    said_show(said, request->invocation.delivery.stderr_file == NULL);
}

static void on_answer(void *owner, const struct work_response *response)
{
    struct oneshot *run = owner;
    run->exit_code = response->exit_code;
    said_show_text(STDERR_FILENO, response->output, response->output_len);
    host_stop(&run->host);
}

static void run_session(struct oneshot *run, const struct options *options,
                        char *const *inherited_env)
{
    struct session_services services = {.options = options,
                                        .inherited_env = inherited_env,
                                        .cwd = run->host.cwd,
                                        .cwd_kind = SANDBOX_FOREIGN,
                                        .loop = &run->host.loop,
                                        .reaper = &run->host.reaper,
                                        .state = &run->host.state,
                                        .trace = &run->trace,
                                        .on_said = on_said,
                                        .send = on_answer,
                                        .owner = run};
    struct work_request work = {.sandbox_dir = ""};
    run->session = session_create(&services);
    session_take(run->session, &work);
    host_run(&run->host);
}

// Is it half of a pair without a worker, and was that run?
static bool run_pair(struct oneshot *run, const struct options *options, char *const *inherited_env)
{
    struct request request = {.dir = run->host.cwd};
    struct invocation_source source = {.startup = &options->flags,
                                       .startup_words = &options->words,
                                       .request_dir = run->host.cwd,
                                       .inherited_env = inherited_env};
    struct failure ignored; // the session says it
    bool done = invocation_build(&request.invocation, &source, &ignored) &&
                request.invocation.delivery.objects != NULL &&
                portable_pair_run(&run->host, &request, &run->exit_code);
    invocation_finish(&request.invocation);
    return done;
}

int oneshot_run(const struct options *options, char *const *inherited_env)
{
    struct oneshot run = {.exit_code = 1};
    struct failure why;
    run.host.on_stop = on_stop;
    run.host.owner = &run;
    if (!host_open(&run.host, flag_value(&options->flags, FLAG_STATE_DIR), &why)) {
        log_line("%s", why.text);
    } else if (!run_pair(&run, options, inherited_env)) {
        run_session(&run, options, inherited_env);
    }
    host_kill_all(&run.host);
    session_destroy(run.session);
    host_close(&run.host);
    return run.exit_code;
}
