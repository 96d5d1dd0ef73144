#include "base/log.h"

#include "base/bytes.h"

#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

void log_line(const char *format, ...)
{
    char sentence[4096];
    va_list args;
    va_start(args, format);
    vsnprintf(sentence, sizeof sentence, format, args);
    va_end(args);
    struct bytes line = {0};
    bytes_append_format(&line, "rustc-relay: %s\n", sentence);
    // Nobody can be told that stderr is gone.
    ssize_t written = write(STDERR_FILENO, line.data, line.len);
    (void)written;
    bytes_finish(&line);
}
