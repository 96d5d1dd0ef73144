/**
 * What the process of a compile writes to its two outputs: as much as answers can show, and whole
 * what files are to hold. A zeroed struct has heard nothing.
 */
#ifndef RELAY_PROGRAM_SAID_H
#define RELAY_PROGRAM_SAID_H

#include "rustc/diagnostics.h"
#include "store/spool.h"

/** Standard output that is kept for an answer; rustc itself prints nothing there. */
enum { SAID_STDOUT_MAX_BYTES = DIAGNOSTICS_ANSWER_MAX_BYTES / 4 };

/** What files may hold: standard output, standard error as it came, and as the user sees it. */
enum said_file { SAID_STDOUT, SAID_RAW, SAID_SHOWN, SAID_FILE_COUNT };

struct said {
    struct diagnostics list; /**< what it said on stderr, as the user sees it */
    struct bytes out;        /**< the beginning of what it wrote to stdout and nobody has yet */
    size_t out_cut;          /**< how many bytes came behind that */
    struct bytes told;       /**< what was taken of stdout, from its beginning */
    size_t repeated;         /**< so much of that has a process that was started again repeated */
    bool is_shown;           /**< at once, by said_show(): answers have none of it */
    bool is_wanted[SAID_FILE_COUNT];
    struct spool files[SAID_FILE_COUNT];
};

void said_finish(struct said *said);

/** It will be asked for as a file: keep it whole. Standard output is then in no answer. */
void said_want(struct said *said, enum said_file file);

/**
 * The process starts, perhaps once more: what one that died wrote to stdout does not count, and
 * what was told of it already is not told again while it is the same. What is long goes below
 * `dir`.
 */
void said_begin(struct said *said, const char *dir);

/** The directory that said_begin() was told has this name now. */
void said_move(struct said *said, const char *dir);

/** It wrote to stdout. */
void said_add_out(struct said *said, const char *data, size_t len);

/** It wrote a line to stderr. `ends`: with a newline. */
void said_add_raw(struct said *said, const char *line, size_t len, bool ends);

/** That is what the user sees: see diagnostics_add(). */
void said_add(struct said *said, const char *text, size_t len, bool is_error);

/** What was told to nobody yet does not count: its standard output, and
 * diagnostics_drop_waiting(). */
void said_drop_waiting(struct said *said);

/** Nothing of it counts. */
void said_drop_all(struct said *said);

/** Appends what is kept of stdout and was not taken yet, with a line about what is cut. */
void said_take_out(struct said *said, struct bytes *out);

/** Writes to one of our own outputs. Nobody may read it any more: that is no failure. */
void said_show_text(int fd, const char *text, size_t len);

/** Writes what nobody has taken yet to our own standard output and, unless it is hidden, standard
 * error. */
void said_show(struct said *said, bool shows_stderr);

/**
 * Creates or replaces `to` with what it wrote. What nobody had wanted in time is not whole when it
 * is long; its last line then says so. `is_over`: the process has ended.
 */
bool said_write(struct said *said, enum said_file file, const char *to, bool is_over,
                struct failure *why);

#endif
