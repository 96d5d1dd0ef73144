#include "roots/link_maker.h"

#include "base/file.h"
#include "base/mem.h"
#include "roots/link_log.h"
#include "roots/link_seal.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

bool link_maker_init(struct link_maker *maker, const char *dir, int tree_fd, const char *sandbox,
                     struct failure *why)
{
    *maker = (struct link_maker){.tree_fd = tree_fd, .way = link_way_from(tree_fd)};
    return link_targets_init(&maker->targets, sandbox, dir, why);
}

void link_maker_finish(struct link_maker *maker)
{
    link_targets_finish(&maker->targets);
    link_way_end(&maker->way);
    free(maker->touched);
    bytes_finish(&maker->log);
}

void link_maker_touch(struct link_maker *maker, const char *name)
{
    maker->touched =
        mem_reserve_one(maker->touched, maker->touched_count, sizeof maker->touched[0]);
    maker->touched[maker->touched_count++] = name;
}

// Would the name lead out of the tree, or is it a second spelling of another one?
static bool is_plain(const char *name)
{
    bool plain = name[0] != '\0' && strlen(name) < PATH_MAX;
    for (const char *part = name; plain && part != NULL;) {
        size_t len = strcspn(part, "/");
        const char *next = part[len] == '\0' ? NULL : part + len + 1;
        plain = len > 0 && !(len == 1 && part[0] == '.') &&
                !(len == 2 && part[0] == '.' && part[1] == '.');
        part = next == NULL || *next == '\0' ? NULL : next;
    }
    return plain;
}

static bool make_folder(int tree_fd, const char *folder)
{
    bool made = mkdirat(tree_fd, folder, S_IRWXU) == 0 || errno == EEXIST;
    if (!made && errno == ENOENT) {
        char *outer = path_dirname(folder);
        made = make_folder(tree_fd, outer) && mkdirat(tree_fd, folder, S_IRWXU) == 0;
        int error = errno;
        free(outer);
        errno = error;
    }
    return made;
}

// In a fresh tree it is known which folders are there, which saves a probe for each. What goes
// wrong is seen when the link is made.
static void make_new_folders(struct link_maker *maker, const char *name)
{
    link_way_to(&maker->way, name);
    link_folders_enter(&maker->folders, name);
    for (const char *folder = link_folders_next(&maker->folders); folder != NULL;
         folder = link_folders_next(&maker->folders)) {
        mkdirat(maker->way.fd, folder + maker->way.len, S_IRWXU);
    }
}

// 0, or errno; EEXIST: the very link is there.
static int make_link(struct link_maker *maker, const char *name, const char *target)
{
    const char *rest = link_way_to(&maker->way, name);
    if (symlinkat(target, maker->way.fd, rest) == 0) {
        return 0;
    }
    int error = errno;
    if (error == EEXIST && file_is_link_to(maker->tree_fd, name, target)) {
        return EEXIST;
    }
    char *folder = path_dirname(name);
    bool cleared = (error == ENOENT && make_folder(maker->tree_fd, folder)) ||
                   (error == EEXIST && unlinkat(maker->tree_fd, name, 0) == 0);
    free(folder);
    if (!cleared) {
        return error;
    }
    return symlinkat(target, maker->tree_fd, name) == 0 ? 0 : errno;
}

static bool add_link(struct link_maker *maker, const char *name, const char *later,
                     struct failure *why)
{
    char *target = link_targets_of(&maker->targets, name, later);
    int error = make_link(maker, name, target);
    if (error == 0) {
        link_maker_touch(maker, name);
        link_log_note(&maker->log, name, target);
    }
    free(target);
    return error == 0 || error == EEXIST ||
           failure_errno(why, error, "cannot make the link '%s/%s' to an input", maker->targets.dir,
                         name);
}

static bool add_folder(struct link_maker *maker, const char *name, struct failure *why)
{
    char *folder = mem_dup_len(name, strlen(name) - 1);
    bool good = make_folder(maker->tree_fd, folder) ||
                failure_errno(why, errno, "cannot make the directory '%s/%s' for outputs",
                              maker->targets.dir, name);
    free(folder);
    link_maker_touch(maker, name);
    return good;
}

bool link_maker_add(struct link_maker *maker, const char *name, const char *later,
                    struct failure *why)
{
    if (!is_plain(name)) {
        return failure_set(
            why,
            "the input '%s' is not a path below the directory of the request, which is all "
            "that a sandboxed request can have",
            name);
    }
    if (maker->is_fresh) {
        make_new_folders(maker, name);
        link_way_stay(&maker->way, name, later);
    }
    return name[strlen(name) - 1] == '/' ? add_folder(maker, name, why)
                                         : add_link(maker, name, later, why);
}

void link_maker_seal(const struct link_maker *maker)
{
    struct link_folders folders = {.len = 0};
    struct link_way way = link_way_from(maker->tree_fd);
    for (size_t i = 0; i < maker->touched_count; i++) {
        const char *name = maker->touched[i];
        size_t later = i + LINK_WAY_AHEAD;
        link_way_to(&way, name);
        link_folders_enter(&folders, name);
        const char *folder = NULL;
        while ((folder = link_folders_next(&folders)) != NULL) {
            link_seal_path(way.fd, folder + way.len);
        }
        link_way_stay(&way, name, later < maker->touched_count ? maker->touched[later] : NULL);
    }
    link_way_end(&way);
}
