#include "process/inherited_env.h"

#include "base/mem.h"
#include "base/text.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

// Behind the last occurrence; NULL when there is none.
static const char *find_last(const char *text, const char *part)
{
    const char *found = NULL;
    for (const char *at = strstr(text, part); at != NULL; at = strstr(at + 1, part)) {
        found = at + strlen(part);
    }
    return found;
}

// Where the variable says its jobserver is, as rustc reads it; NULL when it names none.
static const char *jobserver_of(const char *variable)
{
    static const char *const names[] = {"CARGO_MAKEFLAGS=", "MAKEFLAGS=", "MFLAGS="};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (text_starts_with(variable, names[i])) {
            const char *auth = find_last(variable, "--jobserver-auth=");
            return auth != NULL ? auth : find_last(variable, "--jobserver-fds=");
        }
    }
    return NULL;
}

static bool is_pipe(int fd, int access_mode)
{
    struct stat info;
    int flags = fcntl(fd, F_GETFL);
    return fd >= 0 && flags >= 0 && fstat(fd, &info) == 0 && S_ISFIFO(info.st_mode) &&
           ((flags & O_ACCMODE) == access_mode || (flags & O_ACCMODE) == O_RDWR);
}

static bool answers(const char *jobserver)
{
    char *place = mem_dup_len(jobserver, strcspn(jobserver, " "));
    int read_fd = -1;
    int write_fd = -1;
    struct stat info;
    bool good = false;
    const char *path = text_after(place, "fifo:");
    if (path != NULL) {
        good = stat(path, &info) == 0 && S_ISFIFO(info.st_mode) && access(path, R_OK | W_OK) == 0;
    } else if (sscanf(place, "%d,%d", &read_fd, &write_fd) == 2) {
        good = is_pipe(read_fd, O_RDONLY) && is_pipe(write_fd, O_WRONLY);
    }
    free(place);
    return good;
}

void inherited_env(char *const *variables, bool with_jobserver, struct strlist *env)
{
    for (; *variables != NULL; variables++) {
        const char *jobserver = jobserver_of(*variables);
        if (jobserver == NULL || (with_jobserver && answers(jobserver))) {
            strlist_push(env, *variables);
        }
    }
}
