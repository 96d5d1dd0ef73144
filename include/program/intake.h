/**
 * From a WorkRequest to a request that the pipeline table can place: what it asks for, its
 * identity, and the private root that its compile would run in.
 */
#ifndef RELAY_PROGRAM_INTAKE_H
#define RELAY_PROGRAM_INTAKE_H

#include "base/failure.h"
#include "program/options.h"
#include "program/request.h"
#include "protocol/work.h"
#include "roots/sandbox.h"

#include <stdbool.h>

struct link_home;
struct private_root;

/** What all requests of a worker share. All borrowed. */
struct intake {
    const struct options *options;
    char *const *inherited_env;
    const char *cwd; /**< the worker's, absolute */
    enum sandbox_kind cwd_kind;
    const char *state_root;
    struct link_home *links; /**< where private roots are */
};

/**
 * Fills the request: invocation, subject, root, and its identity if it has one. One in a sandbox of
 * Bazel's runs in a private root, if it says what its inputs are and its tool writes where it is
 * told; another one in its own directory, and is bound to that unless it is Bazel's execroot. The
 * inputs of `work` are given the paths they have in the directory, and sorted.
 */
bool intake_read(const struct intake *intake, struct work_request *work, struct request *request,
                 struct failure *why);

/**
 * Leases the private root of a sandboxed request and links its sorted inputs into it. NULL on
 * failure, and, with `ret_needed` false, when the request is not sandboxed.
 */
struct private_root *intake_lease(const struct intake *intake, const struct work_request *work,
                                  const struct request *request, bool *ret_needed,
                                  struct failure *why);

#endif
