/**
 * With which arguments and in which environment the process of a compile is started.
 */
#ifndef RELAY_PROGRAM_COMPILE_WORDS_H
#define RELAY_PROGRAM_COMPILE_WORDS_H

#include "base/failure.h"
#include "base/strlist.h"
#include "program/compile.h"

#include <stdbool.h>

/** Appends to both lists. What is too long for the system goes into files of the private directory,
 * which must be there. */
bool compile_words(struct compile *compile, struct strlist *argv, struct strlist *env,
                   struct failure *why);

#endif
