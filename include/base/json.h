/**
 * Text written as JSON. base/json_reader.h reads it.
 */
#ifndef RELAY_BASE_JSON_H
#define RELAY_BASE_JSON_H

#include <stddef.h>

struct bytes;

/** Appends `text`, which is valid UTF-8, as a JSON string with its quotes. */
void json_append_string(struct bytes *out, const char *text, size_t len);

#endif
