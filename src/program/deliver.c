#include "program/deliver.h"

#include "base/bytes.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/placing.h"
#include "base/tree.h"
#include "portable/objects.h"
#include "program/compile.h"
#include "rustc/metadata.h"
#include "rustc/substitution.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

// The artifact that holds the compile's own metadata: its .rmeta, else the rlib of a run that makes
// none.
static const struct artifact *metadata_artifact(const struct delivery *delivery)
{
    const struct artifact *rmeta = delivery_artifact(delivery, "metadata");
    return rmeta != NULL ? rmeta : delivery_artifact(delivery, "link");
}

static char *made_metadata(const struct deliver_to *to)
{
    const struct compile_facts *made = to->made;
    const struct artifact *artifact = metadata_artifact(to->delivery);
    if (artifact != NULL) {
        return path_join(made->dir, artifact->from);
    }
    const struct emit *emit = crate_args_emit(&made->command.crate, "link");
    bool placed = emit != NULL && emit->path != NULL;
    return placed ? path_join(made->command.working_dir, emit->path) : NULL;
}

static bool is_there(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0;
}

static bool explain_missing(const struct deliver_to *to, const struct artifact *artifact,
                            struct failure *why)
{
    char *subject = command_subject(&to->made->command);
    char *end = facts_describe_end(to->made);
    failure_set(why,
                "%s: %s and did not write '%s' (--emit=%s). The usual cause is a procedural macro "
                "that ends the process",
                subject, end, artifact->written, artifact->kind);
    free(end);
    free(subject);
    return false;
}

bool deliver_metadata_matches(const struct deliver_to *to, bool *ret_matches, struct failure *why)
{
    *ret_matches = true;
    bool made = to->made->has_metadata || facts_succeeded(to->made);
    if (to->delivery->expected_rmeta == NULL || to->stage == STAGE_METADATA || !made) {
        return true;
    }
    const struct artifact *artifact = metadata_artifact(to->delivery);
    char *path = made_metadata(to);
    bool good;
    if (artifact != NULL && !is_there(path)) {
        good = explain_missing(to, artifact, why);
    } else {
        good = path == NULL || metadata_same(to->delivery->expected_rmeta, path, ret_matches, why);
    }
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

static char *cause_of_difference(const struct deliver_to *to)
{
    if (to->delivery->listed_volatile != NULL) {
        return mem_dup(stamped);
    }
    if (!to->made->in_spare) {
        return mem_dup(two_runs);
    }
    return mem_format("It ran in '%s', because another compile of it held its usual directory, and "
                      "seems to embed that path. Ways out: build it again; or keep the path out of "
                      "what is made (--remap-path-prefix=${pwd}=. for debug information)",
                      to->made->command.working_dir);
}

static bool check_metadata(const struct deliver_to *to, struct failure *why)
{
    bool matches = false;
    if (!deliver_metadata_matches(to, &matches, why)) {
        return false;
    }
    if (matches) {
        return true;
    }
    char *subject = command_subject(&to->made->command);
    char *cause = cause_of_difference(to);
    failure_set(why,
                "%s: its metadata differs from '%s', which its dependants are compiled against. %s",
                subject, to->delivery->expected_rmeta, cause);
    free(cause);
    free(subject);
    return false;
}

// What is being placed. A failing answer leaves none of it.
struct placing {
    const struct deliver_to *to;
    struct strlist placed; // absolute
};

static void note_placed(struct placing *placing, const char *place, bool good)
{
    if (good) {
        strlist_push(&placing->placed, place);
    }
}

// rustc writes the paths of sources so.
static char *escaped(const char *path)
{
    struct substitutions rules = {0};
    substitutions_add(&rules, " ", "\\ ");
    char *text = substitutions_apply(&rules, path);
    substitutions_finish(&rules);
    return text;
}

static void add_directory(struct substitutions *rules, const char *private_dir, const char *plain)
{
    char *from = escaped(private_dir);
    char *to = escaped(plain);
    substitutions_add(rules, private_dir, plain);
    substitutions_add(rules, from, to);
    free(to);
    free(from);
}

// rustc calls an rlib by its own name there, whatever --emit says.
static bool is_rlib(const struct compile_facts *made, const struct artifact *artifact)
{
    return made->command.outputs == OUTPUTS_LIBRARY && strcmp(artifact->kind, "link") == 0;
}

// A dep-info file names the outputs; a plain run would have named the declared paths.
static void add_rules(struct substitutions *rules, const struct deliver_to *to)
{
    const struct compile_facts *made = to->made;
    const char *made_in = made->made_in;
    for (size_t i = 0; i < to->delivery->artifact_count; i++) {
        const struct artifact *artifact = &to->delivery->artifacts[i];
        if (is_rlib(made, artifact)) {
            continue;
        }
        char *private_path = mem_format("%s/%s:", made_in, artifact->from);
        char *plain = mem_format("%s:", artifact->written);
        substitutions_add(rules, private_path, plain);
        free(plain);
        free(private_path);
    }
    char *out_dir = command_out_dir(&made->command, made_in);
    char *private_out = mem_format("%s/", out_dir);
    substitutions_add(rules, private_out, to->delivery->written_out_dir);
    const char *ran_in[] = {made->command.working_dir, to->delivery->usual_dir};
    for (size_t i = 0; i < sizeof ran_in / sizeof ran_in[0]; i++) {
        if (strcmp(ran_in[i], to->delivery->plain_dir) != 0) {
            add_directory(rules, ran_in[i], to->delivery->plain_dir);
        }
    }
    free(private_out);
    free(out_dir);
}

static bool place_dep_info(const struct deliver_to *to, const char *from, const char *place,
                           struct failure *why)
{
    struct substitutions rules = {0};
    struct bytes text = {0};
    add_rules(&rules, to);
    bool good = file_read(from, "dep-info file", &text, why) && tree_make_parent(place, why);
    if (good) {
        char *plain = substitutions_apply(&rules, bytes_text(&text));
        good = file_write(place, plain, strlen(plain), why);
        free(plain);
    }
    bytes_finish(&text);
    substitutions_finish(&rules);
    return good;
}

// `folder` is one of the command's, `file` an entry of it.
static bool place_entry(struct placing *placing, const char *folder, const char *file,
                        const char *target, struct failure *why)
{
    const struct deliver_to *to = placing->to;
    char *name = mem_format("%s/%s", folder, file);
    char *from = path_join(to->made->dir, name);
    bool good = command_is_dep_info(&to->made->command, folder, file)
                    ? place_dep_info(to, from, target, why)
                    : place_tree(from, target, why);
    note_placed(placing, target, good);
    free(from);
    free(name);
    return good;
}

static bool place_artifact(struct placing *placing, const struct artifact *artifact,
                           struct failure *why)
{
    const struct deliver_to *to = placing->to;
    char *from = path_join(to->made->dir, artifact->from);
    bool good = strcmp(artifact->kind, "dep-info") == 0
                    ? place_dep_info(to, from, artifact->to, why)
                    : place_link(from, artifact->to, why);
    note_placed(placing, artifact->to, good);
    if (!good && !is_there(from)) {
        good = crate_args_is_of_units(artifact->kind) || explain_missing(to, artifact, why);
    }
    free(from);
    return good;
}

static bool place_artifacts(struct placing *placing, struct failure *why)
{
    const struct delivery *delivery = placing->to->delivery;
    bool good = true;
    for (size_t i = 0; good && i < delivery->artifact_count; i++) {
        good = delivery->artifacts[i].to == NULL ||
               place_artifact(placing, &delivery->artifacts[i], why);
    }
    return good;
}

// Places what is in the folder but for the entry `known`, which may be NULL.
static bool place_folder(struct placing *placing, const char *folder, const char *known,
                         const char *target_dir, struct failure *why)
{
    char *path = path_join(placing->to->made->dir, folder);
    DIR *dir = opendir(path);
    bool good = dir != NULL ||
                failure_errno(why, errno, "cannot read '%s', where rustc wrote its outputs", path);
    for (struct dirent *entry = NULL; good && (entry = readdir(dir)) != NULL;) {
        const char *name = entry->d_name;
        if (strcmp(name, ".") != 0 && strcmp(name, "..") != 0 &&
            (known == NULL || strcmp(name, known) != 0)) {
            char *target = path_join(target_dir, name);
            good = place_entry(placing, folder, name, target, why);
            free(target);
        }
    }
    if (dir != NULL) {
        closedir(dir);
    }
    free(path);
    return good;
}

// What rustc and the linker wrote beside an output that has a name.
static bool place_beside(struct placing *placing, const struct artifact *artifact,
                         struct failure *why)
{
    char *folder = path_dirname(artifact->from);
    char *target = path_dirname(artifact->to);
    bool good = place_folder(placing, folder, path_basename(artifact->from), target, why);
    free(target);
    free(folder);
    return good;
}

// What the compile wrote elsewhere, as its command said, goes to the same places.
static bool place_left(const struct deliver_to *to, struct failure *why)
{
    if (to->request_dir == NULL || to->stage == STAGE_METADATA) {
        return true;
    }
    char *left = path_join(to->made->dir, COMPILE_LEFT_FOLDER);
    bool good = access(left, F_OK) != 0 || place_tree(left, to->request_dir, why);
    free(left);
    return good;
}

// Everything else that a run without a stage wrote.
static bool place_rest(struct placing *placing, struct failure *why)
{
    const struct delivery *delivery = placing->to->delivery;
    bool good = delivery->out_dir == NULL ||
                place_folder(placing, COMMAND_OUT_FOLDER, NULL, delivery->out_dir, why);
    for (size_t i = 0; good && delivery->out_dir != NULL && i < delivery->artifact_count; i++) {
        good = delivery->artifacts[i].to == NULL ||
               place_beside(placing, &delivery->artifacts[i], why);
    }
    return good;
}

static bool place_all(const struct deliver_to *to, struct failure *why)
{
    struct placing placing = {.to = to};
    bool good = place_artifacts(&placing, why) && place_rest(&placing, why) && place_left(to, why);
    for (size_t i = 0; !good && i < placing.placed.count; i++) {
        unlink(placing.placed.items[i]); // nothing else: what is a directory is not ours
    }
    strlist_finish(&placing.placed);
    return good;
}

bool deliver_stamp(const struct delivery *delivery, struct failure *why)
{
    if (delivery->objects != NULL) {
        return objects_write_obstacle(delivery->objects,
                                      "its early action ran in a worker, not by itself", why);
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
    return check_metadata(to, why) && place_all(to, why);
}

static bool touch(const char *path, struct failure *why)
{
    return path == NULL || file_write(path, "", 0, why);
}

static bool copy(const char *from, const char *to, struct failure *why)
{
    return from == NULL || place_copy(from, to, why);
}

bool deliver_afterwards(const struct delivery *delivery, struct failure *why)
{
    return touch(delivery->touch_file, why) && copy(delivery->copy_from, delivery->copy_to, why);
}
