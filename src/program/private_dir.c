#include "program/private_dir.h"

#include "base/file.h"
#include "base/mem.h"
#include "rustc/command_line.h"
#include "rustc/environment.h"
#include "rustc/gating.h"
#include "store/state_dir.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

char *private_dir_make(struct state_dir *state, uint64_t serial, const struct command *command,
                       struct failure *why)
{
    struct strlist folders = {0};
    if (command_has_folders(command)) {
        strlist_push(&folders, COMMAND_TMP_FOLDER);
    }
    command_folders(command, &folders);
    char *dir = state_dir_make(state, serial, &folders, why);
    strlist_finish(&folders);
    return dir;
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
void private_dir_env(const struct private_words *words, struct strlist *env)
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

bool private_dir_words(const struct private_words *words, struct strlist *argv, struct strlist *env,
                       struct failure *why)
{
    private_dir_env(words, env);
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

// The size of the artefact, -1 when it is not there.
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

uint64_t private_dir_bytes(const char *dir, const struct command *command)
{
    uint64_t total = 0;
    for (size_t i = 0; i < command->crate.emit_count; i++) {
        int64_t size = artifact_bytes(dir, command, &command->crate.emits[i]);
        total += size < 0 ? 0 : (uint64_t)size;
    }
    return total;
}

bool private_dir_holds(const char *dir, const struct command *command, const char *kind)
{
    const struct emit *emit = crate_args_emit(&command->crate, kind);
    return emit != NULL && artifact_bytes(dir, command, emit) >= 0;
}
