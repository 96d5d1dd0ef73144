#include "program/compile_remote.h"

#include "io/state_dir.h"
#include "program/attachment.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

static void on_remote_over(void *owner);

// Our own directories are found there too; what this process knows of them is better.
static bool is_own(const struct compile *compile, const char *dir)
{
    size_t len = strlen(compile->state->worker);
    return strncmp(dir, compile->state->worker, len) == 0 && dir[len] == '/';
}

bool compile_attach(struct compile *compile)
{
    if (compile->shared_name == NULL || !compile->may_attach || compile->ended) {
        return false;
    }
    char *dir = shared_find(compile->state->root, compile->shared_name);
    if (dir != NULL && !is_own(compile, dir)) {
        compile->attachment = attachment_open(compile->loop, dir, on_remote_over, compile);
    }
    if (compile->attachment == NULL) {
        free(dir);
        return false;
    }
    compile->dir = dir;
    compile->is_remote = true;
    return true;
}

void compile_detach(struct compile *compile)
{
    compile_leave_remote(compile);
    free(compile->dir);
    compile->dir = NULL;
    compile->is_remote = false;
    compile->may_attach = false;
}

void compile_leave_remote(struct compile *compile)
{
    attachment_close(compile->attachment);
    compile->attachment = NULL;
}

void compile_remove_remote(struct compile *compile)
{
    if (compile->ended && !compile->is_lost) {
        shared_remove(compile->state->root, compile->shared_name, compile->dir);
    }
    compile->is_remote = false;
}

static void take_result(struct compile *compile)
{
    struct shared_result result = {0};
    compile->is_lost = !shared_read_result(compile->dir, &result);
    compile->end = (struct child_end){.exit_code = result.exit_code,
                                      .signal = compile->is_lost ? SIGKILL : result.signal};
    diagnostics_add(&compile->said, bytes_text(&result.said), result.said.len,
                    result.exit_code != 0);
    bytes_finish(&result.said);
}

static void on_remote_over(void *owner)
{
    struct compile *compile = owner;
    compile_leave_remote(compile);
    take_result(compile);
    compile->ended = true;
    compile->events->on_ended(compile->owner, compile);
}
