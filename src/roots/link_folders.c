#include "roots/link_folders.h"

#include <string.h>

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
