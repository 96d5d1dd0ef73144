/**
 * Files of one item a line, as Bazel's rules write them: param, argument, environment and status
 * files. Empty lines are skipped. An odd number of backslashes at the end of a line joins it by a
 * newline with the next one that is not empty; of two backslashes at the end, one stays.
 * (rules_rust's process wrapper)
 */
#ifndef RELAY_RUSTC_LINEFILE_H
#define RELAY_RUSTC_LINEFILE_H

#include "base/failure.h"
#include "base/strlist.h"

#include <stdbool.h>
#include <stddef.h>

/** Appends the items of `text` to `items`. A carriage return before the newline is dropped. */
void linefile_split(const char *text, size_t len, struct strlist *items);

/** Reads the file and appends its items. `what` names its role in the sentence ("env file"). */
bool linefile_read(const char *path, const char *what, struct strlist *items, struct failure *why);

#endif
