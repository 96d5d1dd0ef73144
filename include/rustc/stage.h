/**
 * Which part of a compile a request wants (design.md, stage).
 *
 * | stage    | flag                  | waits for | crate types                          |
 * |----------|-----------------------|-----------|--------------------------------------|
 * | metadata | --pipelining-metadata | METADATA  | lib, rlib                            |
 * | full     | --pipelining-full     | EXIT      | lib, rlib                            |
 * | codegen  | --pipelining-codegen  | LINK      | bin, test, proc-macro, cdylib, dylib |
 * | link     | --pipelining-link     | EXIT      | the same                             |
 * | all      | none                  | EXIT      | any                                  |
 */
#ifndef RELAY_RUSTC_STAGE_H
#define RELAY_RUSTC_STAGE_H

#include "base/failure.h"
#include "rustc/flags.h"

#include <stdbool.h>

enum stage {
    STAGE_ALL,      /**< everything */
    STAGE_METADATA, /**< a library's .rmeta */
    STAGE_FULL,     /**< a library's rlib */
    STAGE_CODEGEN,  /**< a linked crate's code; nothing is taken but the word that it is there */
    STAGE_LINK      /**< the program or shared object */
};

/** Reads the stage from a request's flags. Two stages exclude each other. */
bool stage_read(const struct flag_values *flags, enum stage *ret_stage, struct failure *why);

/** "metadata", "full", … for the trace. */
const char *stage_name(enum stage stage);

/** The flag that asks for the stage; not for STAGE_ALL. */
enum flag_id stage_flag(enum stage stage);

/** Is it one of a library's two? */
bool stage_is_library(enum stage stage);

/** Is it the late one of a pair, which takes a compile over? */
bool stage_is_late(enum stage stage);

/** Does it take every output of the compile, as a plain run leaves them? */
bool stage_takes_all(enum stage stage);

#endif
