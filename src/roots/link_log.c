#include "roots/link_log.h"

#include "base/file.h"
#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

// Links that were made again and again: a log that has so many bytes for each link starts again.
enum { BYTES_PER_LINK_MAX = 1024, BYTES_MIN = 64 * 1024 };

static char *log_path(const char *dir)
{
    return mem_format("%s.targets", dir);
}

void link_log_finish(struct link_log *log)
{
    bytes_finish(&log->text);
    free(log->items);
    *log = (struct link_log){0};
}

static int compare_items(const void *left, const void *right)
{
    const struct link_log_item *one = left;
    const struct link_log_item *other = right;
    int order = strcmp(one->name, other->name);
    // Both lie in one text: the later one is behind.
    return order != 0 ? order : (one->name > other->name) - (one->name < other->name);
}

static bool split(struct link_log *log)
{
    const char *end = log->text.data + log->text.len;
    for (const char *name = log->text.data; name < end;) {
        const char *target = name + strlen(name) + 1;
        if (target >= end) {
            return false;
        }
        log->items = mem_reserve_one(log->items, log->count, sizeof log->items[0]);
        log->items[log->count++] = (struct link_log_item){.name = name, .target = target};
        name = target + strlen(target) + 1;
    }
    return true;
}

bool link_log_load(struct link_log *log, const char *dir)
{
    struct failure ignored;
    char *path = log_path(dir);
    bool good = file_read(path, "log of links", &log->text, &ignored) && log->text.len > 0 &&
                log->text.data[log->text.len - 1] == '\0' && split(log);
    free(path);
    if (!good) {
        link_log_finish(log);
        return false;
    }
    qsort(log->items, log->count, sizeof log->items[0], compare_items);
    return true;
}

const char *link_log_target(const struct link_log *log, const char *name)
{
    size_t from = 0;
    size_t to = log->count;
    while (from < to) {
        size_t middle = from + (to - from) / 2;
        if (strcmp(log->items[middle].name, name) <= 0) {
            from = middle + 1;
        } else {
            to = middle;
        }
    }
    bool found = from > 0 && strcmp(log->items[from - 1].name, name) == 0;
    return found ? log->items[from - 1].target : NULL;
}

void link_log_note(struct bytes *notes, const char *name, const char *target)
{
    bytes_append(notes, name, strlen(name) + 1);
    bytes_append(notes, target, strlen(target) + 1);
}

static bool has_room(int fd, const char *dir, size_t link_count, struct failure *why)
{
    struct stat info;
    size_t limit = BYTES_MIN + link_count * BYTES_PER_LINK_MAX;
    return (fstat(fd, &info) == 0 && (size_t)info.st_size <= limit) ||
           failure_set(why, "'%s.targets' has grown over %zu bytes", dir, limit);
}

bool link_log_append(const char *dir, const struct bytes *notes, size_t link_count,
                     struct failure *why)
{
    if (notes->len == 0) {
        return true;
    }
    char *path = log_path(dir);
    int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC, S_IRUSR | S_IWUSR);
    int error = fd < 0 ? errno : file_write_all(fd, notes->data, notes->len);
    bool good = error == 0 ? has_room(fd, dir, link_count, why)
                           : failure_errno(why, error, "cannot write '%s'", path);
    if (fd >= 0) {
        close(fd);
    }
    free(path);
    return good;
}

bool link_log_remove(const char *dir, struct failure *why)
{
    char *path = log_path(dir);
    bool good = unlink(path) == 0 || errno == ENOENT ||
                failure_errno(why, errno, "cannot remove '%s'", path);
    free(path);
    return good;
}
