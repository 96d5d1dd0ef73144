/**
 * JSON read value by value from memory that may be written to, with a NUL behind it. Texts are
 * decoded where they lie, so that nothing needs memory of its own; a value that nobody wants is
 * skipped, whatever its shape. Stricter than many: one value, a NUL byte is a mistake, and so is
 * half a surrogate pair. Bytes that are not UTF-8 stay as they are.
 *
 * After a mistake every call returns false, and `mistake` says where it is.
 */
#ifndef RELAY_BASE_JSON_READER_H
#define RELAY_BASE_JSON_READER_H

#include <stdbool.h>
#include <stddef.h>

/** Values that are nested deeper are a mistake. */
enum { JSON_DEPTH_MAX = 1000 };

enum json_kind {
    JSON_NOTHING, /**< a mistake, or the end */
    JSON_OBJECT,
    JSON_LIST,
    JSON_TEXT,
    JSON_NUMBER,
    JSON_TRUE,
    JSON_FALSE,
    JSON_NULL
};

struct json_reader {
    char *at;            /**< what is still to be read */
    char *end;           /**< behind the last byte; a NUL stands there */
    const char *mistake; /**< where the first one is; NULL: none so far */
    bool is_fresh;       /**< was an object or a list begun just now? */
    bool has_nul;        /**< was there a \u0000 in some text? It is read as U+FFFD */
};

/** Starts to read `len` bytes; text[len] is a NUL. */
void json_reader_init(struct json_reader *reader, char *text, size_t len);

/** What the next value is. */
enum json_kind json_reader_kind(struct json_reader *reader);

/** Goes into what must come next: a JSON_OBJECT, or a JSON_LIST. */
bool json_reader_begin(struct json_reader *reader, enum json_kind kind);

/** In an object: the key of its next member, whose value is to be read or skipped now. False: the
 * object is read. The key is borrowed from the text. */
bool json_reader_member(struct json_reader *reader, const char **key);

/** In a list: is there an item, which is to be read or skipped now? False: the list is read. */
bool json_reader_item(struct json_reader *reader);

/** The text that comes next, a C string borrowed from the memory. */
bool json_reader_text(struct json_reader *reader, const char **text, size_t *len);

/** The number that comes next. */
bool json_reader_number(struct json_reader *reader, double *number);

/** Passes over the next value, which must be good all the same. */
bool json_reader_skip(struct json_reader *reader);

/** Is everything read, without a mistake? Something behind the value is one. */
bool json_reader_end(struct json_reader *reader);

#endif
