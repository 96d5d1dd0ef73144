/**
 * Whose a line of JSON was that cannot be read.
 */
#ifndef RELAY_PROTOCOL_JSON_LINE_H
#define RELAY_PROTOCOL_JSON_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** The whole number behind the first "requestId" of a line that does not parse; false when none. */
bool json_line_scan_id(const char *line, size_t len, int32_t *request_id);

#endif
