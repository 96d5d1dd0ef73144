#include "gate/gated.h"

#include "base/digest.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/placing.h"
#include "base/tree.h"
#include "gate/hollow_store.h"
#include "rustc/gating.h"
#include "rustc/metadata.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

// A library's metadata as the early request brings it.
struct early_file {
    char *path; // absolute
    char *digest;
    size_t digest_len; // 0: unknown
};

struct gated {
    struct gate *gate;
    struct early_file *files; // one for each dependency of the command
    size_t file_count;
    struct strlist neighbours; // pairs: where another library of such a folder is, its place
    struct digest metadata;    // of all files together
    bool is_known;             // is that digest to be relied on?
    const struct gated_stand_in *stand_in; // NULL: our own
};

static int compare_path(const void *path, const void *input)
{
    return strcmp(path, ((const struct input *)input)->path);
}

static const struct input *find_input(const struct gated_request *request, const char *path)
{
    return request->input_count == 0 ? NULL
                                     : bsearch(path, request->inputs, request->input_count,
                                               sizeof request->inputs[0], compare_path);
}

static struct early_file read_file(const struct gated_request *request,
                                   const struct dependency *item)
{
    struct early_file file = {.path = path_join(request->request_dir, item->rmeta)};
    const struct input *input = find_input(request, item->listed_rmeta);
    if (input != NULL) {
        file.digest = mem_dup_len(input->digest, input->digest_len);
        file.digest_len = input->digest_len;
    }
    return file;
}

static bool is_library_file(const char *path)
{
    const char *name = path_basename(path);
    const char *suffix = strrchr(name, '.');
    return strncmp(name, "lib", 3) == 0 && suffix != NULL &&
           (strcmp(suffix, ".so") == 0 || strcmp(suffix, ".rlib") == 0 ||
            strcmp(suffix, ".rmeta") == 0);
}

// rustc searches the folders' places instead of the folders: what else it may find there must be
// in the place, too (macros, libraries that have no early metadata).
static void add_neighbour(struct gated *gated, const struct gated_request *request,
                          const char *path)
{
    const struct dependencies *list = &request->command->dependencies;
    if (!is_library_file(path) || dependencies_name(list, path)) {
        return;
    }
    char *folder = path_dirname(path);
    size_t index = dependencies_find_folder(list, request->command->working_dir, folder);
    free(folder);
    if (index < list->folders.count) {
        char *place = dependencies_folder_place(index);
        strlist_push_take(&gated->neighbours, path_join(request->request_dir, path));
        strlist_push_take(&gated->neighbours, mem_format("%s/%s", place, path_basename(path)));
        free(place);
    }
}

static void digest_files(struct gated *gated)
{
    struct digest_builder builder;
    digest_begin(&builder);
    gated->is_known = true;
    for (size_t i = 0; i < gated->file_count; i++) {
        gated->is_known = gated->is_known && gated->files[i].digest_len > 0;
        digest_add(&builder, gated->files[i].digest, gated->files[i].digest_len);
    }
    gated->metadata = digest_end(&builder);
}

struct gated *gated_create(const struct gated_request *request)
{
    struct gated *gated = mem_zalloc(sizeof *gated);
    const struct dependencies *list = &request->command->dependencies;
    gated->files = mem_zalloc_array(list->count, sizeof gated->files[0]);
    for (; gated->file_count < list->count; gated->file_count++) {
        gated->files[gated->file_count] = read_file(request, &list->items[gated->file_count]);
    }
    for (size_t i = 0; i < request->input_count; i++) {
        add_neighbour(gated, request, request->inputs[i].path);
    }
    digest_files(gated);
    return gated;
}

static void add_folder(struct gated *gated, const struct gated_request *request, const char *folder)
{
    char *place = path_join(request->request_dir, folder);
    DIR *dir = opendir(place);
    for (struct dirent *entry = NULL; dir != NULL && (entry = readdir(dir)) != NULL;) {
        char *path = path_join(folder, entry->d_name);
        add_neighbour(gated, request, path);
        free(path);
    }
    if (dir != NULL) {
        closedir(dir);
    }
    free(place);
}

struct gated *gated_create_elsewhere(const struct gated_request *request,
                                     const struct gated_stand_in *stand_in)
{
    struct gated *gated = gated_create(request);
    const struct strlist *folders = &request->command->dependencies.folders;
    gated->stand_in = stand_in;
    for (size_t i = 0; i < folders->count; i++) {
        add_folder(gated, request, folders->items[i]);
    }
    return gated;
}

void gated_destroy(struct gated *gated)
{
    if (gated == NULL) {
        return;
    }
    gated_end(gated);
    for (size_t i = 0; i < gated->file_count; i++) {
        free(gated->files[i].path);
        free(gated->files[i].digest);
    }
    free(gated->files);
    strlist_finish(&gated->neighbours);
    free(gated);
}

bool gated_pass(const struct gated *gated, struct failure *why)
{
    return gate_pass(gated->gate, why);
}

void gated_end(struct gated *gated)
{
    gate_close(gated->gate);
    gated->gate = NULL;
}

static bool make_folders(const char *dir, size_t count, struct failure *why)
{
    bool good = true;
    for (size_t folder = 0; good && folder < count; folder++) {
        char *place = dependencies_folder_place(folder);
        char *path = path_join(dir, place);
        good = tree_make(path, S_IRWXU, why);
        free(path);
        free(place);
    }
    return good;
}

static bool put_hollow(const struct gated *gated, const struct command *command,
                       const struct gated_place *place, size_t index, struct failure *why)
{
    const struct early_file *file = &gated->files[index];
    struct hollow_source source = {
        .rmeta = file->path, .digest = file->digest, .digest_len = file->digest_len};
    char *name = dependencies_place(&command->dependencies, index);
    char *path = path_join(place->dir, name);
    bool good = hollow_store_link(place->store, &source, path, why);
    free(path);
    free(name);
    return good;
}

// The sandbox's links are followed now: rustc may look at them when the sandbox is gone.
static bool put_neighbour(const char *from, const char *dir, const char *place, struct failure *why)
{
    char *real = realpath(from, NULL);
    char *path = path_join(dir, place);
    bool good =
        (real != NULL && symlink(real, path) == 0) ||
        failure_errno(why, errno, "cannot make a link '%s' to the library '%s'", path, from);
    free(path);
    free(real);
    return good;
}

static bool put_neighbours(const struct gated *gated, const char *dir, struct failure *why)
{
    bool good = true;
    for (size_t i = 0; good && i < gated->neighbours.count; i += 2) {
        good = put_neighbour(gated->neighbours.items[i], dir, gated->neighbours.items[i + 1], why);
    }
    return good;
}

static bool make_gate(struct gated *gated, const struct command *command,
                      const struct gated_place *place, struct failure *why)
{
    struct gate_spec spec = {.loop = place->loop,
                             .dir = place->dir,
                             .program = place->program,
                             .linker = gating_linker(command),
                             .asked = place->asked,
                             .opened = place->opened,
                             .owner = place->owner};
    gated->gate = gate_create(&spec, why);
    return gated->gate != NULL;
}

bool gated_prepare(struct gated *gated, const struct command *command,
                   const struct gated_place *place, struct failure *why)
{
    bool good = make_folders(place->dir, command->dependencies.folders.count, why);
    for (size_t i = 0; good && i < gated->file_count; i++) {
        good = put_hollow(gated, command, place, i, why);
    }
    return good && put_neighbours(gated, place->dir, why) &&
           (gated->stand_in == NULL
                ? make_gate(gated, command, place, why)
                : gated->stand_in->make(place->dir, place->program, command, why));
}

char *gated_linker(const struct gated *gated, const struct command *command, const char *dir)
{
    const char *linker = gating_linker(command);
    return gated->stand_in == NULL ? gate_linker_path(dir, linker)
                                   : gated->stand_in->path(dir, linker);
}

bool gated_was_asked_elsewhere(const struct gated *gated, const char *dir)
{
    return gated->stand_in != NULL && gated->stand_in->was_asked(dir);
}

bool gated_has_metadata_of(const struct gated *gated, const struct gated_request *request)
{
    struct gated *other = gated_create(request);
    bool same =
        gated->is_known && other->is_known && digest_equal(&gated->metadata, &other->metadata);
    gated_destroy(other);
    return same;
}

// Calls `visit` for each dependency with the rlib that the request brings and its place in `dir`.
typedef bool visit_library(const char *rlib, const char *place, struct failure *why);

static bool visit_all(const char *dir, const struct gated_request *late, visit_library *visit,
                      struct failure *why)
{
    const struct dependencies *list = &late->command->dependencies;
    bool good = true;
    for (size_t i = 0; good && i < list->count; i++) {
        char *rlib = path_join(late->request_dir, list->items[i].rlib);
        char *name = dependencies_place(list, i);
        char *place = path_join(dir, name);
        good = visit(rlib, place, why);
        free(place);
        free(name);
        free(rlib);
    }
    return good;
}

static bool is_same_library(const char *rlib, const char *place, struct failure *why)
{
    bool same = false;
    return metadata_same(rlib, place, &same, why) && same;
}

static bool is_same_rlib(const char *rlib, const char *place, struct failure *why)
{
    bool same = false;
    return file_same_content(rlib, place, &same, why) && same;
}

// Behind an open gate the linker has got rlibs already. Theirs may be of the same metadata and hold
// something else: a native library that is bundled into them is no part of it.
bool gated_fits(const char *dir, const struct gated_request *late)
{
    struct failure ignored; // what cannot be read is in doubt
    return dir != NULL &&
           visit_all(dir, late, gate_is_open(dir) ? is_same_rlib : is_same_library, &ignored);
}

bool gated_open(const char *dir, const struct gated_request *late, struct failure *why)
{
    return visit_all(dir, late, place_link, why) && gate_open(dir, why);
}

static bool link_library(const char *rlib, const char *place, struct failure *why)
{
    return symlink(rlib, place) == 0 ||
           failure_errno(why, errno, "cannot make a link '%s' to the library '%s'", place, rlib);
}

bool gated_place_full(const struct gated *gated, const struct gated_request *late, const char *dir,
                      struct failure *why)
{
    return make_folders(dir, late->command->dependencies.folders.count, why) &&
           visit_all(dir, late, link_library, why) && put_neighbours(gated, dir, why);
}
