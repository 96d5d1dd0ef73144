#include "roots/link_folders.h"

#include "base/mem.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

// How many bytes of `name` are those of the last folder.
static size_t common_length(const struct link_folders *folders, const char *name)
{
    size_t len = 0;
    while (len < folders->len && folders->text[len] == name[len]) {
        len++;
    }
    return len;
}

static void mend(struct link_folders *folders)
{
    if (folders->cut != NULL) {
        *folders->cut = '/';
        folders->cut = NULL;
    }
}

void link_folders_enter(struct link_folders *folders, const char *name)
{
    mend(folders);
    folders->next = NULL;
    // Mostly it lies where the last one does: that is found out quickly.
    if (strncmp(name, folders->text, folders->len) == 0 &&
        strchr(name + folders->len, '/') == NULL) {
        return;
    }
    size_t known = common_length(folders, name);
    const char *slash = strrchr(name, '/');
    folders->len = slash == NULL ? 0 : (size_t)(slash - name) + 1;
    memcpy(folders->text, name, folders->len);
    folders->text[folders->len] = '\0';
    folders->next = folders->text + (known < folders->len ? known : folders->len);
}

const char *link_folders_next(struct link_folders *folders)
{
    mend(folders);
    char *slash = folders->next == NULL ? NULL : strchr(folders->next, '/');
    if (slash == NULL) {
        folders->next = NULL;
        return NULL;
    }
    *slash = '\0';
    folders->cut = slash;
    folders->next = slash + 1;
    return folders->text;
}

struct link_way link_way_from(int top_fd)
{
    return (struct link_way){.top_fd = top_fd, .fd = top_fd};
}

static void open_folder(struct link_way *way, int fd, const char *below, size_t len)
{
    if (way->len > 0) {
        close(way->fd);
    }
    way->fd = fd;
    way->below = below;
    way->len = len;
}

const char *link_way_to(struct link_way *way, const char *name)
{
    if (way->len > 0 && strncmp(name, way->below, way->len) != 0) {
        open_folder(way, way->top_fd, NULL, 0);
    }
    return name + way->len;
}

// How long the path of the folder is that both lie in.
static size_t common_folder(const char *name, const char *other)
{
    size_t folder = 0;
    for (size_t i = 0; name[i] != '\0' && name[i] == other[i]; i++) {
        folder = name[i] == '/' ? i + 1 : folder;
    }
    return folder;
}

void link_way_stay(struct link_way *way, const char *name, const char *later)
{
    size_t len = later == NULL ? 0 : common_folder(name, later);
    if (len <= way->len) {
        return;
    }
    char *folder = mem_dup_len(name + way->len, len - way->len);
    int fd = openat(way->fd, folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    free(folder);
    if (fd >= 0) {
        open_folder(way, fd, name, len);
    }
}

void link_way_end(struct link_way *way)
{
    open_folder(way, way->top_fd, NULL, 0);
}
