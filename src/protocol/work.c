#include "protocol/work.h"

#include "base/failure.h"

void work_request_finish(struct work_request *request)
{
    if (request->free_backing != NULL) {
        request->free_backing(request->backing);
    }
    *request = (struct work_request){0};
}

bool work_check_counts(size_t argument_count, size_t input_count, struct failure *why)
{
    if (argument_count > ARGUMENTS_MAX) {
        return failure_set(why, "the request has %zu arguments, the limit is %d", argument_count,
                           ARGUMENTS_MAX);
    }
    if (input_count > INPUTS_MAX) {
        return failure_set(why, "the request has %zu inputs, the limit is %d", input_count,
                           INPUTS_MAX);
    }
    return true;
}
