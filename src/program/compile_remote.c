#include "program/compile_remote.h"

#include "base/mem.h"
#include "program/attachment.h"
#include "store/state_dir.h"

#include <errno.h>
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

bool compile_dir_is_foreign(const struct compile *compile)
{
    return compile->is_remote && compile->made_in == NULL;
}

// Moves the other worker's directory to where this compile has its own.
static bool claim(struct compile *compile)
{
    struct failure ignored;
    char *own = state_dir_compile_path(compile->state, compile->serial, &ignored);
    if (own == NULL) {
        return false;
    }
    if (!shared_claim(compile->dir, own)) {
        state_dir_remove(own, &ignored);
        free(own);
        return false;
    }
    shared_unlink(compile->state->root, compile->shared_name, compile->dir);
    compile->made_in = compile->dir;
    compile->dir = own;
    return true;
}

static void take_result(struct compile *compile)
{
    struct shared_result result = {0};
    compile->is_lost = !claim(compile) || !shared_read_result(compile->dir, &result);
    compile->end =
        (struct child_end){.exit_code = result.exit_code, .signal = compile->is_lost ? SIGKILL : 0};
    said_add(&compile->said, bytes_text(&result.said), result.said.len, result.exit_code != 0);
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

// A death by a signal is no result: whoever waits for one compiles, and this compile may be started
// again in its place.
void compile_tell_others(struct compile *compile)
{
    if (compile->end.signal != 0) {
        shared_withdraw(&compile->offer);
        return;
    }
    struct shared_result result = {.exit_code = compile->end.exit_code};
    diagnostics_waiting(&compile->said.list, &result.said);
    shared_finish(&compile->offer, &result);
    bytes_finish(&result.said);
}

bool compile_reclaim(struct compile *compile)
{
    if (!shared_is_told(&compile->offer)) {
        return true;
    }
    char *own = mem_format("%s.own", compile->dir);
    bool claimed = shared_claim(compile->dir, own);
    bool is_frozen = !claimed && errno == EROFS; // then nobody else can claim it either
    if (claimed) {
        compile->made_in = compile->dir;
        compile->dir = own;
        said_move(&compile->said, own);
    } else {
        free(own);
    }
    shared_withdraw(&compile->offer);
    return claimed || is_frozen;
}
