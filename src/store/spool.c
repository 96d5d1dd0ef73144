#include "store/spool.h"

#include "base/file.h"
#include "base/placing.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

void spool_finish(struct spool *spool)
{
    if (spool->is_file) {
        close(spool->fd);
    }
    bytes_finish(&spool->text);
    free(spool->path);
    *spool = (struct spool){0};
}

void spool_begin(struct spool *spool, char *take_path)
{
    spool_finish(spool);
    spool->path = take_path;
}

void spool_move(struct spool *spool, char *take_path)
{
    free(spool->path);
    spool->path = take_path;
}

static int write_text(struct spool *spool, const char *data, size_t len)
{
    return spool->len > SPOOL_MAX_BYTES ? EFBIG : file_write_all(spool->fd, data, len);
}

// Everything moves to the file, so that it can be placed as it is.
static int become_file(struct spool *spool)
{
    if (unlink(spool->path) != 0 && errno != ENOENT) {
        return errno;
    }
    spool->fd = open(spool->path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (spool->fd < 0) {
        return errno;
    }
    spool->is_file = true;
    int error = write_text(spool, bytes_text(&spool->text), spool->text.len);
    bytes_finish(&spool->text);
    return error;
}

void spool_append(struct spool *spool, const char *data, size_t len)
{
    spool->len += len;
    bool is_short = spool->len <= SPOOL_MEMORY_BYTES || spool->path == NULL;
    if (!spool->is_file && is_short) {
        bytes_append(&spool->text, data, len);
        return;
    }
    if (spool->error == 0 && !spool->is_file) {
        spool->error = become_file(spool);
    }
    if (spool->error == 0) {
        spool->error = write_text(spool, data, len);
    }
}

bool spool_write(const struct spool *spool, const char *to, bool is_over, struct failure *why)
{
    if (spool->error != 0) {
        return failure_errno(why, spool->error, "cannot keep what goes to '%s'", to);
    }
    if (!spool->is_file) {
        return file_write(to, bytes_text(&spool->text), spool->text.len, why);
    }
    return is_over ? place_link(spool->path, to, why) : place_copy(spool->path, to, why);
}
