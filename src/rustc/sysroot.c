// realpath
#define _XOPEN_SOURCE 700
#include "rustc/sysroot.h"

#include "base/file.h"
#include "base/mem.h"
#include "rustc/environment.h"
#include "rustc/option.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

char *sysroot_tool(const struct command *command)
{
    if (strchr(command->tool, '/') != NULL) {
        return path_join(command->working_dir, command->tool);
    }
    const char *place = environment_value(&command->env, "PATH");
    while (place != NULL && *place != '\0') {
        size_t len = strcspn(place, ":");
        char *path = mem_format("%.*s/%s", (int)len, place, command->tool);
        if (access(path, X_OK) == 0) {
            return path;
        }
        free(path);
        place += len + (place[len] == ':' ? 1 : 0);
    }
    return mem_dup(command->tool);
}

static char *named_sysroot(const struct command *command)
{
    const char *named = NULL;
    for (size_t i = 0; i < command->crate.rest.count; i++) {
        size_t used = 0;
        const char *value = option_value(&command->crate.rest, i, "--sysroot", &used);
        named = value == NULL ? named : value;
    }
    return named == NULL ? NULL : path_join(command->working_dir, named);
}

// As rustc finds it: two folders above its own file.
char *sysroot_of(const struct command *command)
{
    char *place = named_sysroot(command);
    if (place == NULL) {
        char *tool = sysroot_tool(command);
        char *real = realpath(tool, NULL);
        char *bin = path_dirname(real == NULL ? tool : real);
        place = path_dirname(bin);
        free(bin);
        free(real);
        free(tool);
    }
    char *libraries = mem_format("%s/lib/rustlib", place);
    char *sysroot = access(libraries, F_OK) == 0 ? realpath(place, NULL) : NULL;
    free(libraries);
    free(place);
    return sysroot == NULL ? mem_dup("") : sysroot;
}
