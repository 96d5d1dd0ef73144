/**
 * What a run leaves in a private root beside its inputs: files that its command told it to put into
 * folders of outputs, where Bazel looks for them.
 */
#ifndef RELAY_ROOTS_ROOT_OUTPUTS_H
#define RELAY_ROOTS_ROOT_OUTPUTS_H

#include "base/failure.h"
#include "base/strlist.h"

#include <stdbool.h>

/**
 * Moves the files that lie in these folders of the tree `dir` (their names end in '/') and are not
 * in its manifest to the same places below `to`, which is made if there are any. Links are passed
 * over, and so is what is no file.
 */
bool root_outputs_collect(const char *dir, const struct strlist *folders, const char *to,
                          struct failure *why);

#endif
