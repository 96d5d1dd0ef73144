/**
 * Hollow rlibs: metadata and no code. rustc takes one wherever it takes an rlib, up to the moment
 * when the linker reads it.
 *
 * Ours hold the raw bytes of an .rmeta file as their only member, which no rustc writes: it wraps
 * them in an object file. Those of `rustc -Zno-codegen` are wrapped, too, and may hold bundled
 * native objects: they are known by what they lack, any object of rustc's own (`*.rcgu.o`; also an
 * empty crate has one).
 */
#ifndef RELAY_RUSTC_HOLLOW_H
#define RELAY_RUSTC_HOLLOW_H

#include "base/failure.h"

#include <stdbool.h>

/**
 * Writes a hollow rlib for the .rmeta file to `path`, under a temporary name beside it and a
 * rename; what was there is replaced. Fails, and leaves nothing new, when the .rmeta is missing or
 * empty.
 */
bool hollow_write(const char *rmeta, const char *path, struct failure *why);

/** Is this file a hollow rlib? False also for what cannot be read and what is no rlib at all. */
bool hollow_is(const char *path);

#endif
