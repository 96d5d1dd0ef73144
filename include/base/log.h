/**
 * Lines on stderr for whoever reads the worker's log. Only program/ logs: the core returns
 * failures.
 */
#ifndef RELAY_BASE_LOG_H
#define RELAY_BASE_LOG_H

/** Writes "rustc-relay: " and the sentence as one line with one write(2). */
void log_line(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
