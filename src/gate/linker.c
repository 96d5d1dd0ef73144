#include "gate/linker.h"

#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "gate/gate_keeper.h"
#include "rustc/hollow.h"
#include "rustc/response_file.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool check_rlib(const char *argument, struct failure *why)
{
    if (!text_ends_with(argument, ".rlib") || !hollow_is(argument)) {
        return true;
    }
    return failure_set(why, "cannot link: '%s' has metadata and no code (a hollow rlib)", argument);
}

// rustc writes its arguments there when the system refuses so many. What cannot be opened is for
// the linker to judge.
static bool check_response_file(const char *path, struct failure *why)
{
    if (access(path, R_OK) != 0) {
        return true;
    }
    struct strlist words = {0};
    bool good = response_file_read(path, &words, why);
    for (size_t i = 0; good && i < words.count; i++) {
        good = check_rlib(words.items[i], why);
    }
    strlist_finish(&words);
    return good;
}

static bool check_arguments(char **arguments, struct failure *why)
{
    bool good = true;
    for (; good && *arguments != NULL; arguments++) {
        const char *argument = *arguments;
        good =
            argument[0] == '@' ? check_response_file(argument + 1, why) : check_rlib(argument, why);
    }
    return good;
}

static void become(char *linker, char **argv, struct failure *why)
{
    char *ours = argv[0];
    argv[0] = linker;
    execvp(linker, argv);
    failure_errno(why, errno, "cannot start the linker '%s'", linker);
    argv[0] = ours;
}

int linker_run(const char *dir, char **argv)
{
    struct failure why;
    // We write to FIFOs whose readers may be gone; what is ignored stays so in the linker.
    void (*given)(int) = signal(SIGPIPE, SIG_IGN);
    char *linker = NULL;
    if (gate_keeper_wait(dir, &why) && check_arguments(argv + 1, &why)) {
        linker = gate_keeper_linker(dir, &why);
    }
    if (linker != NULL) {
        signal(SIGPIPE, given);
        become(linker, argv, &why);
    }
    log_line("%s", why.text);
    free(linker);
    return 1;
}
