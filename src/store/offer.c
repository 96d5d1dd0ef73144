#include "store/offer.h"

#include "base/file.h"
#include "base/lease.h"
#include "base/mem.h"
#include "base/tree.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

// rustc's temporary files may lie beside them, and what a macro puts there.
#define ALIVE "relay.alive"
#define RESULT "relay.result"
#define TOLD "relay.told"

static char *link_path(const char *state_dir, const char *name)
{
    return mem_format("%s/shared/%s", state_dir, name);
}

// How the link spells the directory: short, because a text of less than 60 bytes needs no block of
// its own on ext4. (A link leads away from the folder `shared`.)
static char *link_text(const char *state_dir, const char *dir)
{
    size_t len = strlen(state_dir);
    bool below = strncmp(dir, state_dir, len) == 0 && dir[len] == '/';
    return below ? mem_format("..%s", dir + len) : mem_dup(dir);
}

// The folder is there nearly always: it is made only when it was missed.
static bool place_link(const char *link, const char *text, struct failure *why)
{
    int error = file_link(text, link);
    if (error == ENOENT) {
        char *parent = path_dirname(link);
        bool made = tree_make(parent, S_IRWXU, why);
        free(parent);
        if (!made) {
            return false;
        }
        error = file_link(text, link);
    }
    return error == 0 || failure_errno(why, error, "cannot make the link '%s'", link);
}

bool offer_publish(struct offer *offer, const char *state_dir, const char *name, const char *dir,
                   struct failure *why)
{
    char *alive = path_join(dir, ALIVE);
    struct offer made = {.alive_fd = lease_show(alive)};
    bool shown =
        made.alive_fd >= 0 || failure_errno(why, errno, "cannot make the FIFO '%s'", alive);
    free(alive);
    if (!shown) {
        return false;
    }
    made.link = link_path(state_dir, name);
    made.text = link_text(state_dir, dir);
    made.dir = mem_dup(dir);
    if (!place_link(made.link, made.text, why)) {
        offer_withdraw(&made);
        return false;
    }
    *offer = made;
    return true;
}

static void close_alive(struct offer *offer)
{
    if (offer->alive_fd >= 0) {
        close(offer->alive_fd);
        offer->alive_fd = -1;
    }
}

void offer_tell(struct offer *offer, const struct offer_result *result)
{
    if (offer->link == NULL) {
        return;
    }
    struct failure ignored; // without a result the others compile themselves
    char *path = path_join(offer->dir, RESULT);
    struct bytes text = {0};
    bytes_append_format(&text, "ended %d %zu\n", result->exit_code, result->said.len);
    bytes_append(&text, bytes_text(&result->said), result->said.len);
    file_replace(path, text.data, text.len, &ignored);
    bytes_finish(&text);
    free(path);
    close_alive(offer);
}

void offer_withdraw(struct offer *offer)
{
    if (offer->link == NULL) {
        return;
    }
    if (file_is_link_to(AT_FDCWD, offer->link, offer->text)) {
        unlink(offer->link);
    }
    close_alive(offer);
    free(offer->link);
    free(offer->text);
    free(offer->dir);
    *offer = (struct offer){0};
}

char *offer_find(const char *state_dir, const char *name)
{
    char *link = link_path(state_dir, name);
    char *dir = realpath(link, NULL);
    free(link);
    return dir;
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
    static char nowhere[16]; // nobody ever writes to the FIFO
    (void)handle;
    (void)suggested;
    *buf = uv_buf_init(nowhere, sizeof nowhere);
}

static void on_read(uv_stream_t *stream, ssize_t count, const uv_buf_t *buf)
{
    (void)buf;
    struct offer_watch *watch = stream->data;
    if (count < 0 && watch->over != NULL) {
        offer_over *over = watch->over;
        watch->over = NULL;
        uv_read_stop(stream);
        over(watch->owner);
    }
}

bool offer_watch_open(struct offer_watch *watch, uv_loop_t *loop, const char *dir)
{
    char *path = path_join(dir, ALIVE);
    int fd = lease_watch(path);
    free(path);
    if (fd < 0) {
        return false;
    }
    uv_pipe_init(loop, &watch->pipe, 0);
    watch->pipe.data = watch;
    watch->opened = true;
    if (uv_pipe_open(&watch->pipe, fd) != 0) {
        close(fd);
        return false;
    }
    return uv_read_start((uv_stream_t *)&watch->pipe, on_alloc, on_read) == 0;
}

void offer_watch_close(struct offer_watch *watch, uv_close_cb closed)
{
    watch->over = NULL;
    uv_close((uv_handle_t *)&watch->pipe, closed);
}

bool offer_read_result(const char *dir, struct offer_result *result)
{
    char *path = path_join(dir, RESULT);
    struct bytes text = {0};
    struct failure ignored;
    size_t len = 0;
    int head = 0;
    bool good = file_read(path, RESULT, &text, &ignored) &&
                sscanf(bytes_text(&text), "ended %d %zu%n", &result->exit_code, &len, &head) == 2;
    const char *said = good ? text.data + head : NULL;
    good = good && *said == '\n' && text.len - (size_t)head - 1 == len;
    if (good) {
        bytes_append(&result->said, said + 1, len);
    }
    bytes_finish(&text);
    free(path);
    return good;
}

void offer_note_told(const char *dir, const struct bytes *told)
{
    struct failure ignored; // then it is told twice
    char *path = path_join(dir, TOLD);
    file_replace(path, bytes_text(told), told->len, &ignored);
    free(path);
}

void offer_read_told(const char *dir, struct bytes *told)
{
    struct failure ignored;
    char *path = path_join(dir, TOLD);
    file_read(path, TOLD, told, &ignored);
    free(path);
}

bool offer_is_told(const struct offer *offer)
{
    return offer->link != NULL && offer->alive_fd < 0;
}

bool offer_claim(const char *dir, const char *to)
{
    char *result = path_join(dir, RESULT);
    bool over = access(result, F_OK) == 0;
    free(result);
    return over && rename(dir, to) == 0;
}

void offer_unlink(const char *state_dir, const char *name, const char *dir)
{
    char *link = link_path(state_dir, name);
    char *text = link_text(state_dir, dir);
    if (file_is_link_to(AT_FDCWD, link, text)) {
        unlink(link);
    }
    free(text);
    free(link);
}

void offer_sweep(const char *state_dir)
{
    char *folder = mem_format("%s/shared", state_dir);
    DIR *dir = opendir(folder);
    for (const char *name = NULL; (name = tree_next(dir)) != NULL;) {
        if (faccessat(dirfd(dir), name, F_OK, 0) != 0) {
            unlinkat(dirfd(dir), name, 0);
        }
    }
    tree_close(dir);
    free(folder);
}
