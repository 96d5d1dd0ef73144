/**
 * The command of a compile: which tool, with which arguments and environment, and where it writes.
 *
 * A redirected command writes only below the compile's private directory: each --emit kind with a
 * known file name into a folder of its kind (`link/app`), everything else into `out/`, what is
 * temporary into `tmp/`. The names of a library's files follow from the crate, so they cannot
 * clash, and mostly there are no others: it needs no folders, which are slow to make and to remove.
 * rustc does not hash these paths, so the bytes are those of the plain run; redirection.h has the
 * options of which that is not true.
 */
#ifndef RELAY_RUSTC_COMMAND_H
#define RELAY_RUSTC_COMMAND_H

#include "base/strlist.h"
#include "rustc/crate_args.h"
#include "rustc/dependencies.h"
#include "rustc/redirection.h"
#include "rustc/rustc_output.h"

#include <stdbool.h>

/** Folders of a private directory: for outputs without a place of their own, and for TMPDIR. */
#define COMMAND_OUT_FOLDER "out"
#define COMMAND_TMP_FOLDER "tmp"

enum command_outputs {
    OUTPUTS_DIRECT,   /**< the tool writes where its arguments say */
    OUTPUTS_IN_PLACE, /**< the same, and it is a rustc that must */
    OUTPUTS_PRIVATE,  /**< redirected; a file keeps the name that the arguments give it */
    OUTPUTS_LIBRARY   /**< redirected; names follow from the crate, so that two requests agree */
};

struct command {
    char *tool;              /**< argv[0]: rustc, as the start-up words name it */
    struct strlist words;    /**< not redirected: its arguments as they are */
    struct crate_args crate; /**< its arguments taken apart */
    enum command_outputs outputs;
    struct redirection redirection;   /**< what they say of where it may write */
    struct dependencies dependencies; /**< the libraries that a linked crate's stages name */
    struct strlist env;               /**< NAME=VALUE, sorted */
    struct strlist lasting_env; /**< the same without what a volatile status file says; empty: there
                                     is no such file */
    char *working_dir;          /**< absolute */
    enum output_format format;
};

/** Accepts a zeroed or half-built one. */
void command_finish(struct command *command);

/** The environment as far as it is part of the command's identity: Bazel runs nothing again for
 * what a volatile status file says. Borrowed. */
const struct strlist *command_lasting_env(const struct command *command);

/** Frees what only a start needs: arguments and environment. What names the outputs stays. */
void command_forget_words(struct command *command);

/** Is it made to write below the private directory? Else it writes while its request is open, and
 * nobody else can have what it makes. */
bool command_is_redirected(const struct command *command);

/** Are there folders below the private directory? */
bool command_has_folders(const struct command *command);

/** Where an artifact of this kind lies below the private directory; NULL: without a name of its own
 * it is where command_out_dir() says. */
char *command_artifact_name(const struct command *command, const struct emit *emit);

/** The folders below the private directory that outputs go to. */
void command_folders(const struct command *command, struct strlist *folders);

/** Is this file of one of those folders the dep-info? Its text names the other outputs. */
bool command_is_dep_info(const struct command *command, const char *folder, const char *file);

/** Where a redirected command puts outputs without a name of their own. Owned by the caller. */
char *command_out_dir(const struct command *command, const char *private_dir);

/** The TMPDIR of a redirected command. Owned by the caller. */
char *command_tmp_dir(const struct command *command, const char *private_dir);

/**
 * The argument vector; outputs go below `private_dir` (absolute) unless they are direct. `rest` are
 * the arguments that name no outputs, as gating_argv() changes them; NULL: as the command has them.
 */
void command_argv(const struct command *command, const char *private_dir,
                  const struct strlist *rest, struct strlist *argv);

/** Moves the command to another working directory: every mention of the old one changes with it. */
void command_move(struct command *command, const char *working_dir);

/** "crate foo", or "rustfmt" when the tool is given no crate name. Owned by the caller. */
char *command_subject(const struct command *command);

#endif
