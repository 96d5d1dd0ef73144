#include "base/bytes.h"
#include "base/log.h"
#include "gate/gate_keeper.h"
#include "gate/linker.h"
#include "portable/recorder.h"
#include "process/inherited_env.h"
#include "process/spawn.h"
#include "program/oneshot.h"
#include "program/options.h"
#include "program/worker.h"

#include <cjson/cJSON.h>
#include <protobuf-c/protobuf-c.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <uv.h>

extern char **environ;

static int show_version(void)
{
    printf("rustc-relay %s (libuv %s, cJSON %s, protobuf-c %s)\n", RUSTC_RELAY_VERSION,
           uv_version_string(), cJSON_Version(), protobuf_c_version());
    return 0;
}

static int show_help(void)
{
    struct bytes text = {0};
    bytes_append_text(&text,
                      "rustc-relay: a Bazel persistent worker for rustc, one rustc per crate\n\n"
                      "  rustc-relay FLAGS -- RUSTC [ARGUMENTS]     one run\n"
                      "  rustc-relay FLAGS -- RUSTC --persistent_worker [WORKER FLAGS]\n\n"
                      "Flags; those of pipelining, env, argument and status files may also "
                      "stand in requests\nand param files, among rustc's arguments:\n");
    flags_describe(&text);
    fputs(bytes_text(&text), stdout);
    bytes_finish(&text);
    return 0;
}

static int run(const struct options *options)
{
    if (flag_given(&options->flags, FLAG_HELP)) {
        return show_help();
    }
    if (flag_given(&options->flags, FLAG_VERSION)) {
        return show_version();
    }
    // A worker has a pool of tokens of its own.
    struct strlist env = {0};
    inherited_env(environ, !options->worker, &env);
    int exit_code = options->worker ? worker_run(options, strlist_argv(&env))
                                    : oneshot_run(options, strlist_argv(&env));
    strlist_finish(&env);
    return exit_code;
}

// A link to us has the linker's name: which of the two stand-ins are we?
static bool run_as_linker(char **argv, int *ret_exit_code)
{
    char *gate = gate_keeper_dir(argv[0]);
    char *recorder = gate == NULL ? recorder_dir(argv[0]) : NULL;
    if (gate != NULL) {
        *ret_exit_code = linker_run(gate, argv);
    } else if (recorder != NULL) {
        *ret_exit_code = recorder_run(recorder, argv);
    }
    bool is_linker = gate != NULL || recorder != NULL;
    free(recorder);
    free(gate);
    return is_linker;
}

int main(int argc, char **argv)
{
    (void)argc;
    int exit_code = 1;
    if (run_as_linker(argv, &exit_code)) {
        return exit_code;
    }
    // A parent may have started us with the signals blocked or ignored by which it ends us.
    spawn_reset_signals();
    signal(SIGPIPE, SIG_IGN);
    struct options options = {0};
    struct failure why;
    if (options_read(&options, argv, &why)) {
        exit_code = run(&options);
    } else {
        log_line("%s", why.text);
    }
    options_finish(&options);
    return exit_code;
}
