/**
 * The part of a compile that another worker's process makes: compile_attach() and
 * compile_detach() of program/compile.h, and what the rest of a compile needs of it.
 */
#ifndef RELAY_PROGRAM_COMPILE_REMOTE_H
#define RELAY_PROGRAM_COMPILE_REMOTE_H

#include "program/compile.h"

/** Does not wait for the other worker any more; no event comes. */
void compile_leave_remote(struct compile *compile);

/** Removes the other worker's directory if its result was taken. */
void compile_remove_remote(struct compile *compile);

#endif
