#include "program/workplace.h"

#include "base/mem.h"
#include "program/private_dir.h"
#include "store/state_dir.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

bool workplace_make(struct workplace *place, const struct command *command, struct failure *why)
{
    place->dir = private_dir_make(place->state, place->serial, command, why);
    return place->dir != NULL;
}

void workplace_publish(struct workplace *place)
{
    struct failure ignored; // then it is not shared
    if (place->name != NULL) {
        offer_publish(&place->offer, place->state->root, place->name, place->dir, &ignored);
    }
}

static void on_closed(uv_handle_t *handle)
{
    free(handle->data);
}

static struct offer_watch *open_watch(const char *dir, uv_loop_t *loop, offer_over *over,
                                      void *owner)
{
    struct offer_watch *watch = mem_zalloc(sizeof *watch);
    watch->over = over;
    watch->owner = owner;
    if (offer_watch_open(watch, loop, dir)) {
        return watch;
    }
    if (watch->opened) {
        offer_watch_close(watch, on_closed);
    } else {
        free(watch);
    }
    return NULL;
}

// Our own directories are found there too; what this process knows of them is better.
static bool is_own(const struct workplace *place, const char *dir)
{
    size_t len = strlen(place->state->worker);
    return strncmp(dir, place->state->worker, len) == 0 && dir[len] == '/';
}

bool workplace_attach(struct workplace *place, uv_loop_t *loop, offer_over *over, void *owner)
{
    if (place->name == NULL || !place->may_attach) {
        return false;
    }
    char *dir = offer_find(place->state->root, place->name);
    if (dir != NULL && !is_own(place, dir)) {
        place->watch = open_watch(dir, loop, over, owner);
    }
    if (place->watch == NULL) {
        free(dir);
        return false;
    }
    place->dir = dir;
    place->is_remote = true;
    return true;
}

void workplace_leave(struct workplace *place)
{
    if (place->watch != NULL) {
        offer_watch_close(place->watch, on_closed);
        place->watch = NULL;
    }
}

void workplace_detach(struct workplace *place)
{
    workplace_leave(place);
    free(place->dir);
    place->dir = NULL;
    place->is_remote = false;
    place->may_attach = false;
}

bool workplace_claim(struct workplace *place, struct offer_result *ret_result)
{
    struct failure ignored;
    static const struct strlist nothing = {0};
    char *own = state_dir_make(place->state, place->serial, &nothing, &ignored);
    if (own == NULL) {
        return false;
    }
    if (!offer_claim(place->dir, own)) {
        state_dir_remove(own, &ignored);
        free(own);
        return false;
    }
    offer_unlink(place->state->root, place->name, place->dir);
    place->made_in = place->dir;
    place->dir = own;
    return offer_read_result(place->dir, ret_result);
}

void workplace_tell(struct workplace *place, const struct offer_result *result)
{
    offer_tell(&place->offer, result);
}

void workplace_withdraw(struct workplace *place)
{
    offer_withdraw(&place->offer);
}

bool workplace_reclaim(struct workplace *place, bool *ret_moved)
{
    *ret_moved = false;
    if (!offer_is_told(&place->offer)) {
        return true;
    }
    char *own = mem_format("%s.own", place->dir);
    *ret_moved = offer_claim(place->dir, own);
    bool is_frozen = !*ret_moved && errno == EROFS; // then nobody else can claim it either
    if (*ret_moved) {
        place->made_in = place->dir;
        place->dir = own;
    } else {
        free(own);
    }
    offer_withdraw(&place->offer);
    return *ret_moved || is_frozen;
}

// Another worker's directory that was not claimed is not ours to remove.
void workplace_clear(struct workplace *place)
{
    struct failure ignored; // what cannot be removed is swept at the next start
    bool moved = false;
    bool is_foreign = place->is_remote && place->made_in == NULL;
    bool ours = workplace_reclaim(place, &moved) && !is_foreign;
    offer_withdraw(&place->offer);
    if (ours && place->dir != NULL) {
        state_dir_remove(place->dir, &ignored);
    }
    free(place->dir);
    free(place->made_in);
    place->dir = NULL;
    place->made_in = NULL;
    place->is_remote = false;
}

void workplace_finish(struct workplace *place)
{
    workplace_leave(place);
    workplace_clear(place);
    free(place->name);
    place->name = NULL;
}
