/**
 * The persistent worker: the one place that knows the inlet, the table, the compiles and the
 * outlet.
 */
#ifndef RELAY_PROGRAM_WORKER_H
#define RELAY_PROGRAM_WORKER_H

#include "program/options.h"

/**
 * Serves WorkRequests from standard input until its end, SIGTERM or SIGINT (exit code 0), or until
 * the stream is broken (1). Every process it started is dead when it returns.
 */
int worker_run(const struct options *options, char *const *inherited_env);

#endif
