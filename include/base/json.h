/**
 * JSON objects read more strictly than cJSON alone does, and text written as JSON.
 */
#ifndef RELAY_BASE_JSON_H
#define RELAY_BASE_JSON_H

#include <stddef.h>

struct bytes;
struct cJSON;

/**
 * The object that is the whole text, owned by the caller (cJSON_Delete()). NULL, with the offset of
 * the mistake, for anything else: also for a \u without four hex digits, a NUL byte, or more text
 * behind the object. A \u0000 cuts its string short: see json_find_nul().
 */
struct cJSON *json_parse_object(const char *text, size_t len, size_t *ret_mistake);

/** The first \u0000 in JSON text that parses; NULL when there is none. Borrowed from `text`. */
const char *json_find_nul(const char *text, size_t len);

/** Appends `text`, which is valid UTF-8, as a JSON string with its quotes. */
void json_append_string(struct bytes *out, const char *text, size_t len);

#endif
