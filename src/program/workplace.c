#include "program/workplace.h"

#include "base/file.h"
#include "base/mem.h"
#include "rustc/command_line.h"
#include "rustc/environment.h"
#include "rustc/gating.h"
#include "store/state_dir.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

bool workplace_make(struct workplace *place, const struct command *command, struct failure *why)
{
    struct strlist folders = {0};
    if (command_has_folders(command)) {
        strlist_push(&folders, COMMAND_TMP_FOLDER);
    }
    command_folders(command, &folders);
    place->dir = state_dir_make(place->state, place->serial, &folders, why);
    strlist_finish(&folders);
    return place->dir != NULL;
}

void workplace_publish(struct workplace *place)
{
    struct failure ignored; // then it is not shared
    if (place->name != NULL) {
        offer_publish(&place->offer, place->state->dir, place->name, place->dir, &ignored);
    }
}

static void on_closed(uv_handle_t *handle)
{
    free(handle->data);
}

static struct offer_watch *open_watch(const char *dir, uv_loop_t *loop, offer_over *over,
                                      void *owner)
{
    struct offer_watch *watch = mem_zalloc(sizeof *watch);
    watch->over = over;
    watch->owner = owner;
    if (offer_watch_open(watch, loop, dir)) {
        return watch;
    }
    if (watch->opened) {
        offer_watch_close(watch, on_closed);
    } else {
        free(watch);
    }
    return NULL;
}

// Our own directories are found there too; what this process knows of them is better.
static bool is_own(const struct workplace *place, const char *dir)
{
    size_t len = strlen(place->state->worker);
    return strncmp(dir, place->state->worker, len) == 0 && dir[len] == '/';
}

bool workplace_attach(struct workplace *place, uv_loop_t *loop, offer_over *over, void *owner)
{
    if (place->name == NULL || !place->may_attach) {
        return false;
    }
    char *dir = offer_find(place->state->dir, place->name);
    if (dir != NULL && !is_own(place, dir)) {
        place->watch = open_watch(dir, loop, over, owner);
    }
    if (place->watch == NULL) {
        free(dir);
        return false;
    }
    place->dir = dir;
    place->is_remote = true;
    return true;
}

void workplace_leave(struct workplace *place)
{
    if (place->watch != NULL) {
        offer_watch_close(place->watch, on_closed);
        place->watch = NULL;
    }
}

void workplace_detach(struct workplace *place)
{
    workplace_leave(place);
    free(place->dir);
    place->dir = NULL;
    place->is_remote = false;
    place->may_attach = false;
}

bool workplace_claim(struct workplace *place, struct offer_result *ret_result)
{
    struct failure ignored;
    static const struct strlist nothing = {0};
    char *own = state_dir_make(place->state, place->serial, &nothing, &ignored);
    if (own == NULL) {
        return false;
    }
    if (!offer_claim(place->dir, own)) {
        state_dir_remove(own, &ignored);
        free(own);
        return false;
    }
    offer_unlink(place->state->dir, place->name, place->dir);
    place->made_in = place->dir;
    place->dir = own;
    return offer_read_result(place->dir, ret_result);
}

void workplace_tell(struct workplace *place, const struct offer_result *result)
{
    offer_tell(&place->offer, result);
}

void workplace_withdraw(struct workplace *place)
{
    offer_withdraw(&place->offer);
}

bool workplace_reclaim(struct workplace *place, bool *ret_moved)
{
    *ret_moved = false;
    if (!offer_is_told(&place->offer)) {
        return true;
    }
    char *own = mem_format("%s.own", place->dir);
    *ret_moved = offer_claim(place->dir, own);
    bool is_frozen = !*ret_moved && errno == EROFS; // then nobody else can claim it either
    if (*ret_moved) {
        place->made_in = place->dir;
        place->dir = own;
    } else {
        free(own);
    }
    offer_withdraw(&place->offer);
    return *ret_moved || is_frozen;
}

// Another worker's directory that was not claimed is not ours to remove.
void workplace_clear(struct workplace *place)
{
    struct failure ignored; // what cannot be removed is swept at the next start
    bool moved = false;
    bool is_foreign = place->is_remote && place->made_in == NULL;
    bool ours = workplace_reclaim(place, &moved) && !is_foreign;
    offer_withdraw(&place->offer);
    if (ours && place->dir != NULL) {
        state_dir_remove(place->dir, &ignored);
    }
    free(place->dir);
    free(place->made_in);
    place->dir = NULL;
    place->made_in = NULL;
    place->is_remote = false;
}

void workplace_finish(struct workplace *place)
{
    workplace_leave(place);
    workplace_clear(place);
    free(place->name);
    place->name = NULL;
}

static bool write_texts(const char *prefix, const struct strlist *texts, struct failure *why)
{
    bool good = true;
    for (size_t i = 0; good && i < texts->count; i++) {
        char *path = mem_format("%s%zu", prefix, i);
        good = file_write(path, texts->items[i], strlen(texts->items[i]), why);
        free(path);
    }
    return good;
}

// What rustc is given beside the request's environment, which may name a jobserver of its own; what
// we were started with is in process/inherited_env.h. Neither is seen by what it compiles. (Not
// MAKEFLAGS, for which rustc looks second: whatever calls make behind a macro or as the linker
// would find a FIFO there, and GNU make before 4.4 refuses to work then.)
void workplace_env(const struct workplace_words *words, struct strlist *env)
{
    strlist_push_all(env, &words->command->env);
    if (words->command->outputs == OUTPUTS_DIRECT) {
        return;
    }
    char *tmp = command_tmp_dir(words->command, words->dir);
    environment_set(env, "TMPDIR", tmp);
    free(tmp);
    if (words->make_flags != NULL && environment_value(env, "CARGO_MAKEFLAGS") == NULL) {
        environment_set(env, "CARGO_MAKEFLAGS", words->make_flags);
    }
}

bool workplace_argv(const struct workplace_words *words, struct strlist *argv, struct strlist *env,
                    struct failure *why)
{
    workplace_env(words, env);
    struct strlist rest = {0};
    if (words->linker != NULL) {
        gating_argv(words->command, words->dir, words->linker, &rest);
    }
    command_argv(words->command, words->dir, words->linker == NULL ? NULL : &rest, argv);
    strlist_finish(&rest);
    struct command_line line = {
        .argv = argv, .env = env, .max_bytes = (size_t)sysconf(_SC_ARG_MAX)};
    if (command_line_is_short(&line)) {
        return true;
    }
    if (!command_line_reads_files(argv->items[0])) {
        return command_line_check(&line, why);
    }
    struct strlist kept = {0};
    struct strlist texts = {0};
    char *prefix = path_join(words->dir, "args.");
    command_line_split(argv, prefix, &kept, &texts);
    strlist_finish(argv);
    *argv = kept;
    bool good = command_line_check(&line, why) && write_texts(prefix, &texts, why);
    strlist_finish(&texts);
    free(prefix);
    return good;
}

// The size of the artifact, -1 when it is not there.
static int64_t artifact_bytes(const char *dir, const struct command *command,
                              const struct emit *emit)
{
    char *name = command_artifact_name(command, emit);
    if (name == NULL) {
        return -1;
    }
    char *path = path_join(dir, name);
    struct stat info;
    int64_t size = stat(path, &info) == 0 ? (int64_t)info.st_size : -1;
    free(path);
    free(name);
    return size;
}

uint64_t workplace_bytes(const char *dir, const struct command *command)
{
    uint64_t total = 0;
    for (size_t i = 0; i < command->crate.emit_count; i++) {
        int64_t size = artifact_bytes(dir, command, &command->crate.emits[i]);
        total += size < 0 ? 0 : (uint64_t)size;
    }
    return total;
}

bool workplace_holds(const char *dir, const struct command *command, const char *kind)
{
    const struct emit *emit = crate_args_emit(&command->crate, kind);
    return emit != NULL && artifact_bytes(dir, command, emit) >= 0;
}
