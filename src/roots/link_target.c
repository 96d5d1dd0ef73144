#include "roots/link_target.h"

#include "base/bytes.h"
#include "base/digest.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/tree.h"
#include "roots/input_group.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

// A clash of so short names is noticed: the link leads elsewhere then.
enum { NAME_DIGITS = 8 };

static char *tops_path(const char *dir)
{
    return mem_format("%s.tops", dir);
}

bool link_targets_init(struct link_targets *targets, const char *sandbox, const char *dir,
                       struct failure *why)
{
    int fd = open(sandbox, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) {
        return failure_errno(why, errno, "cannot open the sandbox '%s'", sandbox);
    }
    *targets = (struct link_targets){.sandbox = sandbox, .dir = dir, .sandbox_fd = fd};
    targets->way = link_way_from(fd);
    return true;
}

static void forget_top(struct link_targets *targets)
{
    free(targets->top);
    free(targets->real_top);
    free(targets->short_top);
    targets->top = NULL;
    targets->real_top = NULL;
    targets->short_top = NULL;
}

void link_targets_finish(struct link_targets *targets)
{
    free(targets->execroot);
    link_way_end(&targets->way);
    close(targets->sandbox_fd);
    forget_top(targets);
}

bool link_targets_remove(const char *dir, struct failure *why)
{
    char *tops = tops_path(dir);
    bool good = tree_remove(tops, why);
    free(tops);
    return good;
}

static const char *short_top(struct link_targets *targets)
{
    if (targets->short_top != NULL) {
        return targets->short_top;
    }
    char *tops = tops_path(targets->dir);
    char *name = digest_hex_of(targets->real_top, strlen(targets->real_top));
    name[NAME_DIGITS] = '\0';
    char *link = path_join(tops, name);
    bool made = (mkdir(tops, S_IRWXU) == 0 || errno == EEXIST) &&
                (symlink(targets->real_top, link) == 0 ||
                 (errno == EEXIST && file_is_link_to(AT_FDCWD, link, targets->real_top)));
    targets->short_top = made ? path_join(path_basename(tops), name) : NULL;
    free(link);
    free(name);
    free(tops);
    return targets->short_top;
}

// The same target by way of short_top(), seen from the link itself; NULL: there is none.
static char *shortened(struct link_targets *targets, const char *name, const char *rest)
{
    const char *top = short_top(targets);
    if (top == NULL) {
        return NULL;
    }
    struct bytes text = {0};
    bytes_append_text(&text, "../");
    for (const char *slash = strchr(name, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        bytes_append_text(&text, "../");
    }
    bytes_append_text(&text, top);
    bytes_append_text(&text, rest);
    return bytes_detach(&text);
}

// `rest` is what follows the top folder.
static char *join_top(struct link_targets *targets, const char *name, const char *rest)
{
    size_t len = strlen(targets->real_top) + strlen(rest);
    char *brief = len > LINK_TARGET_SHORT_MAX ? shortened(targets, name, rest) : NULL;
    if (brief != NULL) {
        return brief;
    }
    struct bytes text = {0};
    bytes_append_text(&text, targets->real_top);
    bytes_append_text(&text, rest);
    return bytes_detach(&text);
}

// Where a link in the sandbox really leads: its top folder resolved, the rest kept.
static char *real_target(struct link_targets *targets, const char *link, const char *name)
{
    const char *rest = name + input_top_length(name);
    char *top = mem_dup(link);
    if (!input_cut_parts(top, rest)) {
        return top;
    }
    size_t len = strlen(top);
    if (targets->top == NULL || strcmp(targets->top, top) != 0) {
        forget_top(targets);
        targets->top = top;
        targets->real_top = realpath(top, NULL);
    } else {
        free(top);
    }
    return targets->real_top == NULL ? mem_dup(link) : join_top(targets, name, link + len);
}

// In one folder of an external repository.
static bool are_siblings(const char *name, const char *other)
{
    const char *slash = strrchr(name, '/');
    size_t folder = slash == NULL ? 0 : (size_t)(slash - name) + 1;
    return input_is_external(name) && strncmp(name, other, folder) == 0 &&
           strchr(other + folder, '/') == NULL;
}

static void remember(struct link_targets *targets, const char *name, const char *link)
{
    size_t len = strlen(link);
    size_t name_len = strlen(name);
    targets->sibling = NULL;
    if (input_is_external(name) && len > name_len && link[len - name_len - 1] == '/' &&
        strcmp(link + len - name_len, name) == 0) {
        free(targets->execroot);
        targets->execroot = mem_dup_len(link, len - name_len);
        targets->sibling = name;
    }
}

char *link_targets_of(struct link_targets *targets, const char *name, const char *later)
{
    char link[PATH_MAX];
    if (targets->sibling != NULL && are_siblings(name, targets->sibling) &&
        snprintf(link, sizeof link, "%s%s", targets->execroot, name) < (int)sizeof link) {
        return real_target(targets, link, name);
    }
    const char *rest = link_way_to(&targets->way, name);
    ssize_t len = readlinkat(targets->way.fd, rest, link, sizeof link - 1);
    link_way_stay(&targets->way, name, later);
    link[len < 0 ? 0 : len] = '\0';
    remember(targets, name, link);
    // A real file in the sandbox will not outlive the request there; it is still the best we have.
    return link[0] == '/' ? real_target(targets, link, name)
                          : mem_format("%s/%s", targets->sandbox, name);
}
