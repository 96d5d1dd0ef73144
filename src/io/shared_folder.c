// flock
#define _DEFAULT_SOURCE
#include "io/shared_folder.h"

#include "base/digest.h"
#include "base/mem.h"
#include "io/link_tree.h"
#include "io/tree.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static char *name_of(const struct input_group *group)
{
    struct digest_builder builder;
    struct bytes place = {0};
    digest_begin(&builder);
    input_group_append_place(group, &place);
    digest_add(&builder, bytes_text(&place), place.len);
    for (size_t i = group->start; i < group->start + group->count; i++) {
        const struct input *input = &group->inputs->items[i];
        digest_add_text(&builder, input->path);
        digest_add(&builder, input->digest, input->digest_len);
    }
    bytes_finish(&place);
    struct digest digest = digest_end(&builder);
    return digest_hex(&digest);
}

static bool fill(const char *dir, const struct input_group *group, struct failure *why)
{
    struct manifest wanted = {0};
    for (size_t i = group->start; i < group->start + group->count; i++) {
        const struct input *input = &group->inputs->items[i];
        manifest_add(&wanted, (struct manifest_entry){.name = input->path + group->top,
                                                      .stamp = input->digest,
                                                      .stamp_len = input->digest_len});
    }
    char *sandbox = mem_format("%s/%.*s", group->inputs->sandbox, (int)group->top,
                               group->inputs->items[group->start].path);
    struct link_source source = {.dir = sandbox};
    bool good = link_tree_update(dir, &source, &wanted, why);
    free(sandbox);
    manifest_finish(&wanted);
    return good;
}

static bool make(const char *place, const char *dir, const struct input_group *group,
                 struct failure *why)
{
    if (!tree_make(place, S_IRWXU, why)) {
        return false;
    }
    int fd = open(place, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool locked = fd >= 0 && flock(fd, LOCK_EX) == 0;
    bool good = locked ? fill(dir, group, why)
                       : failure_errno(why, errno, "cannot lock the shared folder '%s'", place);
    if (fd >= 0) {
        close(fd);
    }
    return good;
}

static bool is_whole(const char *dir)
{
    char *manifest = mem_format("%s.manifest", dir);
    bool whole = access(manifest, F_OK) == 0 && access(dir, F_OK) == 0;
    free(manifest);
    return whole;
}

char *shared_folder_path(const char *links, const struct input_group *group, struct failure *why)
{
    char *name = name_of(group);
    char *place = mem_format("%s/folders/%s", links, name);
    char *dir = mem_format("%s/tree", place);
    if (!is_whole(dir) && !make(place, dir, group, why)) {
        free(dir);
        dir = NULL;
    }
    free(name);
    free(place);
    return dir;
}
