#include "program/attachment.h"

#include "base/mem.h"

#include <stdlib.h>

struct attachment {
    struct shared_watch watch;
};

static void on_closed(uv_handle_t *handle)
{
    struct shared_watch *watch = handle->data;
    free((struct attachment *)watch);
}

struct attachment *attachment_open(uv_loop_t *loop, const char *dir, shared_over *over, void *owner)
{
    struct attachment *attachment = mem_zalloc(sizeof *attachment);
    attachment->watch.over = over;
    attachment->watch.owner = owner;
    if (shared_watch_open(&attachment->watch, loop, dir)) {
        return attachment;
    }
    if (attachment->watch.opened) {
        attachment_close(attachment);
    } else {
        free(attachment);
    }
    return NULL;
}

void attachment_close(struct attachment *attachment)
{
    if (attachment != NULL) {
        shared_watch_close(&attachment->watch, on_closed);
    }
}
