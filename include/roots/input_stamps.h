/**
 * Whether a file that a process reads has changed since the request that started it.
 *
 * A compile goes on when its build is given up. If a file is changed while it reads, and changed
 * back before the next build, that one names the same digests, and what was read in between is not
 * what they say. But the file's stamp is another one then: where it is, how long, and when the
 * file system says that it was written and changed. Stamps are compared with one another and never
 * with a clock. What cannot be looked at, and a folder, is in doubt: it has changed.
 *
 * They are taken INPUT_STAMPS_AFTER_MS behind the request, and until then nothing has changed: that
 * is longer than a file system's clock stands still, and shorter than it takes to end a build, edit
 * a file and begin another build. A compile that is over by then costs no look at any file.
 *
 * A look takes about a microsecond a file, in the loop's thread: whether a request may join must be
 * known before anything is done for it.
 */
#ifndef RELAY_ROOTS_INPUT_STAMPS_H
#define RELAY_ROOTS_INPUT_STAMPS_H

#include <stdbool.h>
#include <uv.h>

enum { INPUT_STAMPS_AFTER_MS = 10 };

struct input_stamps;

/** Of no files yet. The time begins. Give it back with input_stamps_close(). */
struct input_stamps *input_stamps_create(uv_loop_t *loop);

/** The process may read this file; relative to its directory. */
void input_stamps_add(struct input_stamps *stamps, const char *path);

/** Where the process reads them, from now on. Accepts NULL for `stamps`. */
void input_stamps_set_dir(struct input_stamps *stamps, const char *dir);

/** A process starts, or will start, perhaps once more: it reads everything. Accepts NULL. */
void input_stamps_begin(struct input_stamps *stamps);

/**
 * The process has read its sources (*.rs), and will not do so again: a later change is none.
 * Whoever edits one while his build runs has then done no harm. Accepts NULL.
 */
void input_stamps_pass_sources(struct input_stamps *stamps);

/** Has any file changed while the process may have read it? Accepts NULL: no. */
bool input_stamps_differ(struct input_stamps *stamps);

/** No file is looked at any more. Accepts NULL. */
void input_stamps_close(struct input_stamps *stamps);

#endif
