#include "roots/last_user.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/** What is written: so many bytes, the rest zeros. */
enum { USER_BYTES = 64 };

/** What no user is called. */
static const char settled[] = "settled";

bool last_user_is(int lease, const char *user)
{
    char last[USER_BYTES] = "";
    return pread(lease, last, sizeof last, 0) > 0 && strncmp(last, user, sizeof last) == 0;
}

static bool write_last(int lease, const char *user)
{
    char last[USER_BYTES] = "";
    strncpy(last, user, sizeof last - 1);
    return pwrite(lease, last, sizeof last, 0) == sizeof last;
}

bool last_user_set(int lease, const char *user, struct failure *why)
{
    struct stat info;
    bool is_new = fstat(lease, &info) == 0 && info.st_size == 0;
    // Whom another user left behind may be alive until that user looks.
    bool may_name = is_new || last_user_is_settled(lease);
    return !may_name || write_last(lease, user) ||
           failure_errno(why, errno,
                         "cannot write the lock file of a directory of links to inputs");
}

void last_user_settle(int lease)
{
    write_last(lease, settled);
}

bool last_user_is_settled(int lease)
{
    return last_user_is(lease, settled);
}
