#include "process/pipes.h"

#include <uv.h>

static const char *describe(uv_handle_type type)
{
    if (type == UV_TTY) {
        return "it is a terminal";
    }
    return type == UV_FILE ? "it is a file or a device" : "it is closed or of an unknown kind";
}

bool pipes_check(int fd, const char *name, struct failure *why)
{
    uv_handle_type type = uv_guess_handle(fd);
    if (type == UV_NAMED_PIPE) {
        return true;
    }
    return failure_set(why, "%s must be a pipe: %s (a persistent worker is started by Bazel)", name,
                       describe(type));
}
