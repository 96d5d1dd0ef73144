// A directory of a test's own, removed with everything in it; a group's setup and teardown.
#ifndef RELAY_TESTS_TEMP_DIR_H
#define RELAY_TESTS_TEMP_DIR_H

#include "base/file.h"
#include "base/mem.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static inline int temp_dir_make(void **state)
{
    char *path = mem_dup("/tmp/relay-unit-XXXXXX");
    *state = path;
    return mkdtemp(path) == NULL ? -1 : 0;
}

static inline int temp_dir_remove_one(const char *path, const struct stat *info, int kind,
                                      struct FTW *place)
{
    (void)info;
    (void)kind;
    (void)place;
    return remove(path);
}

static inline int temp_dir_remove(void **state)
{
    int left = nftw(*state, temp_dir_remove_one, 16, FTW_DEPTH | FTW_PHYS);
    free(*state);
    return left;
}

// Writes a file of this directory. Returns its path, which is good until the next eight calls.
static inline const char *temp_bytes(const char *dir, const char *name, const char *data,
                                     size_t len)
{
    static char paths[8][256];
    static size_t next = 0;
    char *path = paths[next++ % 8];
    struct failure why;
    snprintf(path, sizeof paths[0], "%s/%s", dir, name);
    if (!file_write(path, data, len, &why)) {
        fail_msg("%s", why.text);
    }
    return path;
}

static inline const char *temp_text(const char *dir, const char *name, const char *text)
{
    return temp_bytes(dir, name, text, strlen(text));
}

#endif
