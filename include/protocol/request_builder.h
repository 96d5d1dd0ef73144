/**
 * A request while a codec reads it from its frame. The frame is copied once, as a whole; texts are
 * ended where they lie in that copy, so that no input needs memory of its own.
 */
#ifndef RELAY_PROTOCOL_REQUEST_BUILDER_H
#define RELAY_PROTOCOL_REQUEST_BUILDER_H

#include "base/failure.h"
#include "protocol/work.h"

/** Codecs read the fields; what changes them is below. */
struct request_builder {
    char *text; /**< the copy of the frame, with a NUL behind it; the codec writes into it */
    const char **arguments;
    size_t argument_count; /**< how many were added; those beyond the cap are only counted */
    struct input *inputs;
    size_t input_count;     /**< the same for inputs */
    struct input surplus;   /**< an input beyond the cap */
    bool is_bad;            /**< something is wrong with the request */
    struct failure why;     /**< what */
    struct failure ignored; /**< what else */
};

struct request_builder *request_builder_create(const char *frame, size_t len);

/** Accepts NULL. */
void request_builder_destroy(struct request_builder *builder);

/** Adds an argument, which lies in the builder's text. */
void request_builder_add_argument(struct request_builder *builder, const char *argument);

/** A new input with an empty path and digest, to be filled in before the next one is added. */
struct input *request_builder_add_input(struct request_builder *builder);

/** Where to write what is wrong with the request. The first that was written is told. */
struct failure *request_builder_blame(struct request_builder *builder);

/**
 * Moves the lists, and the builder as what they lie in, to the request. False when something is
 * wrong with it, or it holds more than it may: `why` says what.
 */
bool request_builder_give(struct request_builder *builder, struct work_request *request,
                          struct failure *why);

#endif
