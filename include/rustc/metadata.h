/**
 * A crate's metadata on disk: a raw .rmeta file, or the member `lib.rmeta` of an rlib (also of a
 * hollow one), where rustc wraps the same bytes in an object file.
 */
#ifndef RELAY_RUSTC_METADATA_H
#define RELAY_RUSTC_METADATA_H

#include "base/failure.h"

#include <stdbool.h>

/** Do both files hold the same metadata? Fails when one cannot be read or holds none. */
bool metadata_same(const char *left, const char *right, bool *ret_same, struct failure *why);

/** A text that stands for the bytes of the .rmeta file, owned by the caller; NULL on failure. */
char *metadata_sum(const char *rmeta, struct failure *why);

/** Does the file hold metadata with this sum? False also when in doubt. */
bool metadata_has_sum(const char *path, const char *sum);

#endif
