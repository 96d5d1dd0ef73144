/**
 * The inputs of a sandboxed request, group by group: a group lies in one top folder, which is the
 * first part of a path, or the first two below external/ (one repository).
 */
#ifndef RELAY_ROOTS_INPUT_GROUP_H
#define RELAY_ROOTS_INPUT_GROUP_H

#include "base/bytes.h"
#include "base/input.h"
#include "base/strlist.h"

#include <stdbool.h>
#include <stddef.h>

/** The inputs of one request, ascending by path. Borrowed. */
struct root_inputs {
    const char *sandbox; /**< absolute: where the links to the inputs are now */
    const struct input *items;
    size_t count;
    const struct strlist *folders; /**< where outputs may be written: paths in the sandbox, each
                                      with its '/' at the end, ascending. NULL: none */
};

/** A run of inputs. */
struct input_group {
    const struct root_inputs *inputs;
    size_t start;
    size_t count;
    size_t top; /**< how many bytes of each path name the top folder, its slash included; 0: none */
};

/** Is it a path in an external repository? */
bool input_is_external(const char *path);

/** How many bytes of a path name its top folder, its slash included; 0: it has none. */
size_t input_top_length(const char *path);

/**
 * Cuts as many parts off the end of the path `target` as `rest` has: what is left is the folder
 * from which `rest` starts. (Not their lengths are compared: with path mapping the sandbox calls a
 * configuration `cfg`.) False: `target` has not so many.
 */
bool input_cut_parts(char *target, const char *rest);

/** The group that starts at `start`; the next one starts behind it. */
struct input_group input_group_at(const struct root_inputs *inputs, size_t start);

/**
 * Appends where the top folder really is, and a newline. The sandbox's link leads to
 * <execroot>/<path>, and the execroot's own top folders are links that Bazel plants anew for every
 * build.
 */
void input_group_append_place(const struct input_group *group, struct bytes *text);

#endif
