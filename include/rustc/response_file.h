/**
 * A response file of the linker's driver: words between blanks, in quotes or with a backslash
 * before what would end them. rustc writes one argument a line and guards blanks and backslashes
 * only: what it does not guard (quotes, tabs, an empty argument) is read as the driver would.
 */
#ifndef RELAY_RUSTC_RESPONSE_FILE_H
#define RELAY_RUSTC_RESPONSE_FILE_H

#include "base/failure.h"
#include "base/strlist.h"

#include <stdbool.h>

/** Appends the arguments in the file. */
bool response_file_read(const char *path, struct strlist *words, struct failure *why);

/** Writes the arguments from the first on. */
bool response_file_write(const char *path, const struct strlist *words, size_t first,
                         struct failure *why);

#endif
