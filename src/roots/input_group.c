#include "roots/input_group.h"

#include "base/file.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char external[] = "external/";

bool input_is_external(const char *path)
{
    return strncmp(path, external, sizeof external - 1) == 0;
}

size_t input_top_length(const char *path)
{
    size_t start = input_is_external(path) ? sizeof external - 1 : 0;
    const char *slash = strchr(path + start, '/');
    return slash == NULL ? 0 : (size_t)(slash - path) + 1;
}

struct input_group input_group_at(const struct root_inputs *inputs, size_t start)
{
    const char *first = inputs->items[start].path;
    struct input_group group = {
        .inputs = inputs, .start = start, .count = 1, .top = input_top_length(first)};
    while (group.top > 0 && start + group.count < inputs->count &&
           strncmp(first, inputs->items[start + group.count].path, group.top) == 0) {
        group.count++;
    }
    return group;
}

bool input_cut_parts(char *target, const char *rest)
{
    char *end = strrchr(target, '/');
    for (const char *slash = strchr(rest, '/'); end != NULL && slash != NULL;
         slash = strchr(slash + 1, '/')) {
        *end = '\0';
        end = strrchr(target, '/');
    }
    if (end != NULL) {
        *end = '\0';
    }
    return end != NULL;
}

void input_group_append_place(const struct input_group *group, struct bytes *text)
{
    const char *path = group->inputs->items[group->start].path;
    char *link = path_join(group->inputs->sandbox, path);
    char target[PATH_MAX];
    ssize_t len = readlink(link, target, sizeof target - 1);
    free(link);
    if (len <= 0) {
        return; // a real file in the sandbox: it is there and nowhere else
    }
    target[len] = '\0';
    if (!input_cut_parts(target, path + group->top)) {
        return;
    }
    char *real = realpath(target, NULL);
    bytes_append_format(text, "%s\n", real == NULL ? target : real);
    free(real);
}
