/**
 * One request and one response as this program's own structs, whatever the wire they travel on.
 */
#ifndef RELAY_PROTOCOL_WORK_H
#define RELAY_PROTOCOL_WORK_H

#include "base/input.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct failure;

/** More makes a bad request. The largest seen from Bazel held 3,002 inputs. */
enum { ARGUMENTS_MAX = 1 << 20, INPUTS_MAX = 1 << 20 };

struct work_request {
    const char *const *arguments;        /**< what to run: NUL-terminated strings */
    size_t argument_count;               /**< how many */
    struct input *inputs;                /**< what it may read; the taker may reorder them */
    size_t input_count;                  /**< how many */
    int32_t request_id;                  /**< whom to answer; 0 on a singleplex worker */
    bool cancel;                         /**< give up the request of this id, nothing to run? */
    int32_t verbosity;                   /**< how much to say; 0 unless --worker_verbose */
    const char *sandbox_dir;             /**< where to read and write; "" when absent */
    void *backing;                       /**< the memory that all pointers above lie in */
    void (*free_backing)(void *backing); /**< gives it back; NULL when there is none */
};

/** Frees what the request points to and leaves it zeroed. Accepts a zeroed request. */
void work_request_finish(struct work_request *request);

/** False, with a sentence naming number and cap, when a request holds more than it may. */
bool work_check_counts(size_t argument_count, size_t input_count, struct failure *why);

/** Everything is borrowed by the call that takes the response. */
struct work_response {
    int32_t exit_code;  /**< 0: all outputs are there */
    const char *output; /**< what the user gets to see: any bytes; may be NULL when empty */
    size_t output_len;  /**< how many bytes of `output` count */
    int32_t request_id; /**< which request this answers */
    bool was_cancelled; /**< given up because Bazel asked for it? */
};

#endif
