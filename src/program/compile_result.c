#include "program/compile_result.h"

#include "base/file.h"
#include "base/mem.h"
#include "program/private_dir.h"
#include "roots/private_root.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

bool compile_succeeded(const struct compile *compile)
{
    return compile->ended && compile->end.signal == 0 && compile->end.exit_code == 0 &&
           !compile->end.killed;
}

bool compile_is_hollow(const struct compile *compile)
{
    return compile_succeeded(compile) && command_is_redirected(&compile->command) &&
           crate_args_emit(&compile->command.crate, "link") != NULL &&
           !private_dir_holds(compile->dir, &compile->command, "link");
}

void compile_collect_left(struct compile *compile)
{
    char *left = compile_path(compile, COMPILE_LEFT_FOLDER);
    struct failure why;
    if (!private_root_collect(compile->root, left, &why)) {
        char *line = mem_format("rustc-relay: %s\n", why.text);
        said_add(&compile->said, line, strlen(line), true);
        compile->end.exit_code = 1;
        free(line);
    }
    free(left);
}

uint64_t compile_disk_bytes(const struct compile *compile)
{
    return compile->dir == NULL ? 0 : private_dir_bytes(compile->dir, &compile->command);
}

bool compile_is_unfit(const struct compile *compile)
{
    bool failed_itself = compile->blames_source && !compile->asked && compile->end.signal == 0;
    bool good = compile->asked && compile_succeeded(compile);
    return compile->gated != NULL && !good && !failed_itself;
}

char *compile_describe_end(const struct compile *compile)
{
    const char *tool = path_basename(compile->command.tool);
    if (compile->is_lost) {
        return mem_format("what another worker's %s made cannot be used", tool);
    }
    if (compile->end.signal != 0) {
        return mem_format("%s was killed by signal %d (%s%s)", tool, compile->end.signal,
                          strsignal(compile->end.signal),
                          compile->end.signal == SIGKILL ? ": out of memory?" : "");
    }
    return mem_format("%s exited with code %d", tool, compile->end.exit_code);
}
