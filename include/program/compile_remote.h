/**
 * The part of a compile that concerns other workers, who may take what this one has made, or make
 * it for this one: compile_attach(), compile_detach(), compile_tell_others() and compile_reclaim()
 * of program/compile.h, and what the rest of a compile needs of it.
 */
#ifndef RELAY_PROGRAM_COMPILE_REMOTE_H
#define RELAY_PROGRAM_COMPILE_REMOTE_H

#include "program/compile.h"

/** Does not wait for the other worker any more; no event comes. */
void compile_leave_remote(struct compile *compile);

/** Is `dir` another worker's, for it was not claimed yet? */
bool compile_dir_is_foreign(const struct compile *compile);

#endif
