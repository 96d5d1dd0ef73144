#include "program/deliver.h"

#include "base/bytes.h"
#include "base/file.h"
#include "base/mem.h"
#include "io/outputs.h"
#include "io/tree.h"
#include "program/compile_result.h"
#include "program/objects.h"
#include "rustc/metadata.h"
#include "rustc/substitution.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

// Where the compile's own metadata is: its .rmeta, else the rlib of a run that makes none.
static char *made_metadata(const struct deliver_to *to)
{
    const struct compile *compile = to->compile;
    const struct artifact *rmeta = delivery_artifact(to->delivery, "metadata");
    const struct artifact *rlib = delivery_artifact(to->delivery, "link");
    if (rmeta != NULL || rlib != NULL) {
        return compile_path(compile, (rmeta != NULL ? rmeta : rlib)->from);
    }
    const struct emit *emit = crate_args_emit(&compile->command.crate, "link");
    bool placed = emit != NULL && emit->path != NULL;
    return placed ? path_join(compile->command.working_dir, emit->path) : NULL;
}

bool deliver_metadata_matches(const struct deliver_to *to, bool *ret_matches, struct failure *why)
{
    *ret_matches = true;
    bool made = to->compile->has_metadata || compile_succeeded(to->compile);
    if (to->delivery->expected_rmeta == NULL || to->stage == STAGE_METADATA || !made) {
        return true;
    }
    char *path = made_metadata(to);
    bool good = path == NULL || metadata_same(to->delivery->expected_rmeta, path, ret_matches, why);
    free(path);
    return good;
}

static const char two_runs[] =
    "Two runs of rustc on this crate give different metadata. Usual causes: a procedural macro "
    "that is not deterministic (random numbers, time, the order of a HashMap); or only one of the "
    "two ran in a sandbox, and it uses a macro_rules of another crate with a format string (rustc "
    "reads that crate's source where it finds it). Ways out: compile it once, with a worker "
    "(pipelining=worker); run both in a sandbox, or give the worker --hide-undeclared; switch "
    "pipelining off for it; or make the macro deterministic";
static const char stamped[] =
    "It is stamped with what --volatile-status-file says, which has changed since: Bazel makes the "
    "metadata no second time for that. Stamping and pipelining exclude each other: switch one of "
    "them off for this crate, and stamp programs rather than libraries. Until then a change of its "
    "inputs, or 'bazel clean', makes both parts anew";

static bool check_metadata(const struct deliver_to *to, struct failure *why)
{
    bool matches = false;
    if (!deliver_metadata_matches(to, &matches, why)) {
        return false;
    }
    if (matches) {
        return true;
    }
    char *subject = command_subject(&to->compile->command);
    failure_set(why,
                "%s: its metadata differs from '%s', which its dependants are compiled against. %s",
                subject, to->delivery->expected_rmeta,
                to->delivery->written_volatile == NULL ? two_runs : stamped);
    free(subject);
    return false;
}

// A dep-info file names the outputs; a plain run would have named the declared paths.
static bool place_dep_info(const struct deliver_to *to, const char *from, const char *place,
                           struct failure *why)
{
    struct substitutions rules = {0};
    for (size_t i = 0; i < to->delivery->artifact_count; i++) {
        const struct artifact *artifact = &to->delivery->artifacts[i];
        char *private_path = path_join(compile_made_in(to->compile), artifact->from);
        substitutions_add(&rules, private_path, artifact->written);
        free(private_path);
    }
    char *out_dir = command_out_dir(&to->compile->command, compile_made_in(to->compile));
    char *private_out = mem_format("%s/", out_dir);
    substitutions_add(&rules, private_out, to->delivery->written_out_dir);
    free(private_out);
    free(out_dir);
    struct bytes text = {0};
    bool good = file_read(from, "dep-info file", &text, why);
    if (good) {
        char *plain = substitutions_apply(&rules, bytes_text(&text));
        good = file_write(place, plain, strlen(plain), why);
        free(plain);
    }
    bytes_finish(&text);
    substitutions_finish(&rules);
    return good;
}

static bool is_dep_info(const char *name)
{
    size_t len = strlen(name);
    return len > 2 && strcmp(name + len - 2, ".d") == 0;
}

static bool place(const struct deliver_to *to, const char *name, const char *target,
                  struct failure *why)
{
    char *from = compile_path(to->compile, name);
    bool good =
        is_dep_info(name) ? place_dep_info(to, from, target, why) : outputs_link(from, target, why);
    free(from);
    return good;
}

static bool place_artifacts(const struct deliver_to *to, struct failure *why)
{
    for (size_t i = 0; i < to->delivery->artifact_count; i++) {
        const struct artifact *artifact = &to->delivery->artifacts[i];
        if (artifact->to != NULL && !place(to, artifact->from, artifact->to, why)) {
            return false;
        }
    }
    return true;
}

static bool place_out_file(const struct deliver_to *to, const char *file, struct failure *why)
{
    char *name = mem_format(COMMAND_OUT_FOLDER "/%s", file);
    char *target = path_join(to->delivery->out_dir, file);
    bool good = place(to, name, target, why);
    free(name);
    free(target);
    return good;
}

// Everything else that a run without a stage wrote into its output directory.
static bool place_out_folder(const struct deliver_to *to, struct failure *why)
{
    if (to->delivery->out_dir == NULL) {
        return true;
    }
    char *folder = compile_path(to->compile, COMMAND_OUT_FOLDER);
    DIR *dir = opendir(folder);
    bool good = dir != NULL ||
                failure_errno(why, errno, "cannot read the compile's directory '%s'", folder);
    for (struct dirent *entry = NULL; good && (entry = readdir(dir)) != NULL;) {
        bool own = strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
        good = !own || place_out_file(to, entry->d_name, why);
    }
    if (dir != NULL) {
        closedir(dir);
    }
    free(folder);
    return good;
}

// What the compile wrote elsewhere, as its command said, goes to the same places.
static bool place_left(const struct deliver_to *to, struct failure *why)
{
    if (to->base_dir == NULL || to->stage == STAGE_METADATA) {
        return true;
    }
    char *left = compile_path(to->compile, COMPILE_LEFT_FOLDER);
    bool good = access(left, F_OK) != 0 || outputs_link_tree(left, to->base_dir, why);
    free(left);
    return good;
}

bool deliver_stamp(const struct delivery *delivery, struct failure *why)
{
    if (delivery->objects != NULL) {
        return objects_write_obstacle(delivery->objects, "its linker waits in a worker", why);
    }
    char *folder = path_dirname(delivery->stamp);
    bool good = tree_make(folder, S_IRWXU | S_IRWXG | S_IRWXO, why) &&
                file_write(delivery->stamp, "", 0, why);
    free(folder);
    return good;
}

bool deliver_outputs(const struct deliver_to *to, struct failure *why)
{
    if (to->stage == STAGE_CODEGEN) {
        return deliver_stamp(to->delivery, why);
    }
    return check_metadata(to, why) && place_artifacts(to, why) && place_out_folder(to, why) &&
           place_left(to, why);
}

static bool touch(const char *path, struct failure *why)
{
    return path == NULL || file_write(path, "", 0, why);
}

static bool copy(const char *from, const char *to, struct failure *why)
{
    return from == NULL || outputs_copy(from, to, why);
}

bool deliver_afterwards(const struct delivery *delivery, struct failure *why)
{
    return touch(delivery->touch_file, why) && copy(delivery->copy_from, delivery->copy_to, why);
}
