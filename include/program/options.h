/**
 * The command line as a whole: which mode, with which flags, running which tool.
 */
#ifndef RELAY_PROGRAM_OPTIONS_H
#define RELAY_PROGRAM_OPTIONS_H

#include "base/failure.h"
#include "base/strlist.h"
#include "pipeline/pipeline.h"
#include "protocol/frame.h"
#include "rustc/flags.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct options {
    struct flag_values flags; /**< every flag before `--`, and the worker's behind it */
    struct strlist words;     /**< behind `--`: the tool and its first arguments */
    bool worker;              /**< --persistent_worker stands anywhere */
    enum wire wire;
    struct pipeline_limits limits;
    size_t gate_count; /**< so many compiles are held at gates at once */
    size_t jobs;       /**< tokens of the jobserver; 0: one per core */
    uint64_t gate_ms;  /**< so long while no request is open */
};

/** Accepts a zeroed or half-read one. */
void options_finish(struct options *options);

/** Reads argv (with the program's own name in front). */
bool options_read(struct options *options, char *const *argv, struct failure *why);

#endif
