/**
 * The environment we were started with, for what we start. A make jobserver in it that does not
 * answer is left out: rustc would warn of it in every crate.
 */
#ifndef RELAY_PROCESS_INHERITED_ENV_H
#define RELAY_PROCESS_INHERITED_ENV_H

#include "base/strlist.h"

#include <stdbool.h>

/**
 * Appends the variables. Those that name a make jobserver (CARGO_MAKEFLAGS, MAKEFLAGS, MFLAGS) only
 * `with_jobserver`, and if it answers: two inherited descriptors of pipes, or a FIFO. To be called
 * before anything is opened, which could take the place of a descriptor that was not inherited.
 */
void inherited_env(char *const *variables, bool with_jobserver, struct strlist *env);

#endif
