/**
 * The identity of a compile: what makes two requests the same one.
 *
 * It is a digest of the key, the tool, its arguments without the ones that name outputs, the kinds
 * of outputs (rustc hashes the set), the environment, the working directory, and path and digest of
 * every input. Left out are the inputs that the two requests of a crate cannot share: the request's
 * own param file, and the metadata that one request makes and the other is given; and what the
 * volatile status file says, since Bazel does not run the early action again when that changes.
 */
#ifndef RELAY_RUSTC_IDENTITY_H
#define RELAY_RUSTC_IDENTITY_H

#include "base/digest.h"
#include "base/input.h"
#include "rustc/invocation.h"

#include <stdbool.h>
#include <stddef.h>

/**
 * The identity of `invocation` on these inputs, sorted by path. False when it has none, and nothing
 * else can be said to be the same compile: no stage; no inputs, since nobody said what it reads; or
 * one whose content nobody named (Bazel lists a source directory without a digest).
 */
bool identity_of(const struct invocation *invocation, const struct input *inputs, size_t count,
                 struct digest *ret_identity);

/** Is the input no part of the identity, because only this one request of its crate has it? The
 * dependencies are those of its command. */
bool identity_leaves_out(const struct delivery *delivery, const struct dependencies *dependencies,
                         const char *path);

#endif
