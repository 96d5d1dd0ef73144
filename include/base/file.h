/**
 * Whole small files, and paths as text. Nothing here keeps a file open.
 */
#ifndef RELAY_BASE_FILE_H
#define RELAY_BASE_FILE_H

#include "base/bytes.h"
#include "base/failure.h"

#include <stdbool.h>
#include <stddef.h>

/** A larger param, env or status file is refused. */
enum { FILE_MAX_BYTES = 64 * 1024 * 1024 };

/** Appends the file's bytes to `out`. `what` names the file's role in the sentence ("param file").
 */
bool file_read(const char *path, const char *what, struct bytes *out, struct failure *why);

/** Creates or replaces `path` with `len` bytes of `data`; an old file is unlinked, never written
 * through. */
bool file_write(const char *path, const char *data, size_t len, struct failure *why);

/** Writes all of `data` to an open file; 0, or errno. See write(2). */
int file_write_all(int fd, const char *data, size_t len);

/** The same, but whoever reads `path` at any time finds the old file or the whole new one. */
bool file_replace(const char *path, const char *data, size_t len, struct failure *why);

/** Is `link`, seen from an open directory, a symbolic link whose text is `target`? */
bool file_is_link_to(int dir_fd, const char *link, const char *target);

/** Makes `link` a symbolic link with the text `target`, whatever was there and in one step; 0, or
 * errno. One that has it stays. See symlink(2). */
int file_link(const char *target, const char *link);

/** `name` seen from `directory`: absolute names stay as they are. Owned by the caller. */
char *path_join(const char *directory, const char *name);

/**
 * The path as Bazel lists it: as seen from the absolute `directory`, relative if it lies below
 * that, without empty parts, "." and "name/..". Nothing is looked at. Owned by the caller.
 */
char *path_listed(const char *directory, const char *path);

/** What stands behind the last slash. Borrowed from `path`. */
const char *path_basename(const char *path);

/** What stands before the last slash: "." for a bare name, "/" for the root. Owned by the caller.
 */
char *path_dirname(const char *path);

/** `*ret_same`: both files hold the same bytes (or are one file). Fails if one cannot be read. */
bool file_same_content(const char *left, const char *right, bool *ret_same, struct failure *why);

#endif
