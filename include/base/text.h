/**
 * How a text begins and how it ends.
 */
#ifndef RELAY_BASE_TEXT_H
#define RELAY_BASE_TEXT_H

#include <stdbool.h>

/** What stands behind `start`, borrowed from `text`; NULL when it does not begin so. */
const char *text_after(const char *text, const char *start);

bool text_starts_with(const char *text, const char *start);

bool text_ends_with(const char *text, const char *end);

#endif
