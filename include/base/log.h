/**
 * Lines on stderr for whoever reads the worker's log. Only program/ logs: the core returns
 * failures.
 */
#ifndef RELAY_BASE_LOG_H
#define RELAY_BASE_LOG_H

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_NOTE, LOG_LEVEL_DEBUG };

/** Lines above `level` are dropped. The one piece of state at file level in this program. */
void log_set_level(enum log_level level);

/** Writes "rustc-relay: " and the sentence as one line with one write(2). */
void log_line(enum log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
