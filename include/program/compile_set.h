/**
 * The compiles of a session, by serial: those that run and those that are kept.
 */
#ifndef RELAY_PROGRAM_COMPILE_SET_H
#define RELAY_PROGRAM_COMPILE_SET_H

#include "program/compile.h"

#include <stddef.h>
#include <stdint.h>

/** A zeroed struct is an empty set. */
struct compile_set {
    struct compile **items; /**< in no particular order */
    size_t count;
};

/** Destroys every compile. */
void compile_set_finish(struct compile_set *set);

/** Adds a compile, which the set owns from now on. */
void compile_set_add(struct compile_set *set, struct compile *take_compile);

/** The compile with this serial, which must be in the set. Borrowed. */
struct compile *compile_set_find(const struct compile_set *set, uint64_t serial);

/** The compile with this serial, or NULL. Borrowed. */
struct compile *compile_set_look(const struct compile_set *set, uint64_t serial);

/** How many are to stop, or have stopped, at a gate, and have not ended. */
size_t compile_set_gated(const struct compile_set *set);

/** Does a killed process that writes where its arguments say, from this directory, still live? */
bool compile_set_has_dying(const struct compile_set *set, const char *working_dir);

/** Destroys the compile with this serial, which must be in the set. */
void compile_set_remove(struct compile_set *set, uint64_t serial);

#endif
