/**
 * Two processes that share a compile and no worker, on two machines perhaps (--pipelining-objects):
 * the early one compiles, and leaves its objects and the call of the linker that rustc would make;
 * the late one makes that call.
 */
#ifndef RELAY_PROGRAM_PORTABLE_PAIR_H
#define RELAY_PROGRAM_PORTABLE_PAIR_H

#include "program/request.h"

#include <stdbool.h>

struct host;

/**
 * Runs one half of a pair, with `host` open. `request` names a directory of objects; its command is
 * taken. False: it is to be compiled the ordinary way, and stderr says why. Else `*ret_exit_code`
 * is set: 1 also when the loop was stopped before the end.
 */
bool portable_pair_run(struct host *host, struct request *request, int *ret_exit_code);

#endif
