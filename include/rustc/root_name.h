/**
 * Which private root a crate has: its name, from the words of one of its requests.
 */
#ifndef RELAY_RUSTC_ROOT_NAME_H
#define RELAY_RUSTC_ROOT_NAME_H

#include "base/strlist.h"

/**
 * A name for the private root of the crate that the words are about: equal for both requests of a
 * crate and in every build. It follows from the key, which may stand in a param file of
 * `request_dir`, or from the words that name outputs. Owned by the caller.
 */
char *root_name_of(const struct strlist *request_words, const char *request_dir);

#endif
