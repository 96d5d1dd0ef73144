#include "base/failure.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

bool failure_set(struct failure *why, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(why->text, sizeof why->text, format, args);
    va_end(args);
    return false;
}

// rustc users read the system's words in lower case inside a sentence ("no such file or
// directory").
static void append_reason(struct failure *why, int error)
{
    size_t used = strlen(why->text);
    const char *reason = strerror(error);
    snprintf(why->text + used, sizeof why->text - used, ": %s", reason);
    char *first = why->text + used + 2;
    if (used + 2 < sizeof why->text && first[0] >= 'A' && first[0] <= 'Z' && first[1] >= 'a') {
        first[0] = (char)(first[0] - 'A' + 'a');
    }
}

bool failure_errno(struct failure *why, int error, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(why->text, sizeof why->text, format, args);
    va_end(args);
    append_reason(why, error);
    return false;
}
