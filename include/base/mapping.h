/**
 * A whole file, mapped for reading: for what is too large to copy and only partly looked at.
 * The file must not shrink while it is mapped; see mmap(2).
 */
#ifndef RELAY_BASE_MAPPING_H
#define RELAY_BASE_MAPPING_H

#include "base/failure.h"

#include <stdbool.h>
#include <stddef.h>

/** A zeroed struct maps nothing. */
struct mapping {
    const char *data; /**< the file's bytes; NULL for an empty file */
    size_t len;       /**< how many */
};

/** Maps the file. `what` names its role in the sentence ("metadata"). Close what was opened. */
bool mapping_open(struct mapping *mapping, const char *path, const char *what, struct failure *why);

/** Leaves a zeroed struct. */
void mapping_close(struct mapping *mapping);

#endif
