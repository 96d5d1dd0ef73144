/**
 * Which descriptors libuv can use as a stream for stdin and stdout.
 */
#ifndef RELAY_PROCESS_PIPES_H
#define RELAY_PROCESS_PIPES_H

#include "base/failure.h"

/**
 * Is `fd` (called `name` in the sentence) a pipe or a socket? For a file, /dev/null or a terminal
 * the answer is "stdin must be a pipe: …", because uv_pipe_open() would take a file and the loop
 * would abort later (epoll_ctl(2): EPERM). See uv_guess_handle.
 */
bool pipes_check(int fd, const char *name, struct failure *why);

#endif
