/**
 * One option of rustc among its arguments, in any of the spellings that rustc takes.
 */
#ifndef RELAY_RUSTC_OPTION_H
#define RELAY_RUSTC_OPTION_H

#include "base/strlist.h"

#include <stdbool.h>
#include <stddef.h>

/**
 * The value of the option `name` ("-L", "--extern") when it stands at `index`: alone or in the next
 * word, or behind '=' for a long one. NULL: another word stands there, or the value is missing.
 * `ret_used` is the number of words, set when the name is there. Borrowed from `words`.
 */
const char *option_value(const struct strlist *words, size_t index, const char *name,
                         size_t *ret_used);

/**
 * The same for a codegen option (-C, --codegen): its "name=value", or "name" alone. Borrowed.
 */
const char *option_codegen(const struct strlist *words, size_t index, size_t *ret_used);

/**
 * Is `setting` ("extra_filename=x", "lto") the codegen option `name` ("extra-filename")? rustc
 * takes an underscore for a dash there. `ret_value` is what stands behind '=', NULL for nothing.
 */
bool option_setting_is(const char *setting, const char *name, const char **ret_value);

/** Is this value of an option that may be on or off one of rustc's words for "no"? */
bool option_is_off(const char *value);

#endif
