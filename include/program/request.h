/**
 * The requests that are open: what each asks for, its identity, and the private root that its
 * compile would run in. They are named by our own serial, because Bazel uses an id again as soon as
 * it has forgotten the request, which we may not know (bazel-facts.md A).
 */
#ifndef RELAY_PROGRAM_REQUEST_H
#define RELAY_PROGRAM_REQUEST_H

#include "base/digest.h"
#include "base/failure.h"
#include "program/options.h"
#include "program/said.h"
#include "protocol/work.h"
#include "roots/sandbox.h"
#include "rustc/invocation.h"

#include <stdbool.h>
#include <stdint.h>

struct link_home;
struct private_root;

struct request {
    uint64_t serial;              /**< our name for it */
    int32_t id;                   /**< Bazel's name for it */
    uint64_t compile;             /**< the compile that serves it; 0: none yet */
    struct invocation invocation; /**< what it asks for; its command has moved to the compile */
    bool has_identity;            /**< may it share a compile with others? */
    struct digest identity;       /**< which compile it is */
    bool is_bound;                /**< may its directory be emptied as soon as it is answered? */
    char *dir;       /**< where its files are found and placed: a sandbox, or our cwd */
    char *root_name; /**< its private root; NULL when it is not sandboxed */
    struct strlist output_folders; /**< where its compile may write in a private root (sandbox.h) */
    struct strlist mapped_paths;   /**< texts that its inputs borrow (path mapping) */
    struct work_request work;      /**< what request_keep() took; zeroed: nothing */
    char *subject;                 /**< "crate foo", for messages */
    struct request *next;
};

/** A zeroed struct is an empty set. */
struct request_set {
    struct request *first;
    uint64_t last_serial;
};

/** Frees every request. */
void request_set_finish(struct request_set *set);

/** Opens a request. It is owned by the set. */
struct request *request_open(struct request_set *set, int32_t id);

/** The open request with this id, or NULL. */
struct request *request_by_id(const struct request_set *set, int32_t id);

/** The open request with this serial, or NULL. */
struct request *request_by_serial(const struct request_set *set, uint64_t serial);

/** The youngest open request that this compile serves, or NULL. */
struct request *request_by_compile(const struct request_set *set, uint64_t compile);

/** Takes the request out of the set and frees it. */
void request_close(struct request_set *set, struct request *request);

/** Is all that the compile says, and does afterwards, this request's? Of two that share it the late
 * one has it; who has no identity shares with nobody. */
bool request_takes_all(const struct request *request);

/** Tells the compile which files it is asked for. */
void request_want_files(const struct request *request, struct said *said);

/** Which of them --output-file is. */
enum said_file request_output_file(const struct request *request);

/** Keeps what came with the request, which is zeroed, until the request is closed. */
void request_keep(struct request *request, struct work_request *take_work);

/** "request 12 (crate foo): " and the sentence; without the number if Bazel gave it none. */
void request_explain(const struct request *request, struct failure *why);

/** What all requests of a worker share. All borrowed. */
struct request_reader {
    const struct options *options;
    char *const *inherited_env;
    const char *cwd; /**< the worker's, absolute */
    enum sandbox_kind cwd_kind;
    bool runs_once; /**< no worker: the command line is all there is, and nobody else's */
    const char *state_dir;
    struct link_home *links; /**< where private roots are */
};

/**
 * Fills the request: invocation, subject, root, and its identity if it has one. One in a sandbox of
 * Bazel's runs in a private root, if it says what its inputs are and its tool writes where it is
 * told; another one in its own directory, and is bound to that unless it is Bazel's execroot. The
 * inputs of `work` are given the paths they have in the directory, and sorted.
 */
bool request_read(const struct request_reader *reader, struct work_request *work,
                  struct request *request, struct failure *why);

/**
 * Leases the private root of a sandboxed request and links its sorted inputs into it. NULL on
 * failure, and, with `ret_needed` false, when the request is not sandboxed.
 */
struct private_root *request_lease(const struct request_reader *reader,
                                   const struct work_request *work, const struct request *request,
                                   bool *ret_needed, struct failure *why);

#endif
