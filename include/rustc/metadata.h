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

#endif
