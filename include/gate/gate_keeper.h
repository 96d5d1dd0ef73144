/**
 * The gate, seen from the linker: what our executable does when rustc calls it as that. See
 * gate/gate.h for the other side. Blocks, and has no loop.
 *
 * SIGPIPE must be ignored.
 */
#ifndef RELAY_GATE_GATE_KEEPER_H
#define RELAY_GATE_GATE_KEEPER_H

#include "base/failure.h"

#include <stdbool.h>

/**
 * The private directory of the compile whose gate we were called through: "<compile>" when `argv0`
 * is "<compile>/gate/bin/cc" and there is a gate. Else NULL. Owned by the caller.
 */
char *gate_keeper_dir(const char *argv0);

/**
 * Says that the linker is asked for and waits until the gate in `dir` is open, which it may be
 * already. Fails when the worker is gone, before or meanwhile: there is always an end.
 */
bool gate_keeper_wait(const char *dir, struct failure *why);

/** The real linker as rustc would have been given it, owned by the caller; NULL on failure. */
char *gate_keeper_linker(const char *dir, struct failure *why);

#endif
