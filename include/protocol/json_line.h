/**
 * One line of JSON as a request: what is wrong with it, and whose it was. base/json.h reads it.
 */
#ifndef RELAY_PROTOCOL_JSON_LINE_H
#define RELAY_PROTOCOL_JSON_LINE_H

#include "base/json.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct failure;

/** json_parse_object() with a sentence that names the place of the mistake. */
struct cJSON *json_line_parse(const char *line, size_t len, struct failure *why);

/** Does some string of a line that parses hold a \u0000? */
bool json_line_has_nul(const char *line, size_t len);

/** The whole number behind the first "requestId" of a line that does not parse; false when none. */
bool json_line_scan_id(const char *line, size_t len, int32_t *request_id);

#endif
