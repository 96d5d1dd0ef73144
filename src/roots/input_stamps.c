#include "roots/input_stamps.h"

#include "base/bytes.h"
#include "base/digest.h"
#include "base/mem.h"
#include "process/idle.h"

#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

// Files that are read in the same time.
struct group {
    struct bytes names; // each with its NUL
    struct digest taken;
    bool is_taken; // could all be looked at?
    bool differs;  // once it did, or was in doubt
};

struct input_stamps {
    struct idle *timer; // NULL: they are taken
    char *dir;
    struct group sources;
    struct group others;
    bool sources_are_read;
};

static void on_time(void *owner);

struct input_stamps *input_stamps_create(uv_loop_t *loop)
{
    struct input_stamps *stamps = mem_zalloc(sizeof *stamps);
    stamps->timer = idle_create(loop, INPUT_STAMPS_AFTER_MS, on_time, stamps);
    idle_set(stamps->timer, true);
    return stamps;
}

static bool is_source(const char *path, size_t len)
{
    return len > 3 && strcmp(path + len - 3, ".rs") == 0;
}

void input_stamps_add(struct input_stamps *stamps, const char *path)
{
    size_t len = strlen(path);
    struct group *group = is_source(path, len) ? &stamps->sources : &stamps->others;
    bytes_append(&group->names, path, len + 1);
}

void input_stamps_set_dir(struct input_stamps *stamps, const char *dir)
{
    if (stamps != NULL) {
        free(stamps->dir);
        stamps->dir = mem_dup(dir);
    }
}

// What Bazel has made it seals, and links to it come and go: that is no change of what is in it.
static bool is_output(const char *path)
{
    static const char outputs[] = "bazel-out/";
    return strncmp(path, outputs, sizeof outputs - 1) == 0;
}

static bool add_stamp(struct digest_builder *builder, int dir_fd, const char *path)
{
    struct stat info;
    if (fstatat(dir_fd, path, &info, 0) != 0 || S_ISDIR(info.st_mode)) {
        return false;
    }
    int64_t stamp[] = {(int64_t)info.st_dev,          (int64_t)info.st_ino,
                       (int64_t)info.st_size,         (int64_t)info.st_mtim.tv_sec,
                       (int64_t)info.st_mtim.tv_nsec, (int64_t)info.st_ctim.tv_sec,
                       (int64_t)info.st_ctim.tv_nsec};
    size_t count = sizeof stamp / sizeof stamp[0] - (is_output(path) ? 2 : 0);
    digest_add(builder, (const char *)stamp, count * sizeof stamp[0]);
    return true;
}

// False: a file is in doubt.
static bool look(int dir_fd, const struct group *group, struct digest *ret_digest)
{
    struct digest_builder builder;
    bool good = true;
    digest_begin(&builder);
    for (size_t i = 0; good && i < group->names.len; i += strlen(group->names.data + i) + 1) {
        good = add_stamp(&builder, dir_fd, group->names.data + i);
    }
    *ret_digest = digest_end(&builder);
    return good;
}

static void take(int dir_fd, struct group *group)
{
    group->is_taken = look(dir_fd, group, &group->taken);
    group->differs = !group->is_taken;
}

static void compare(int dir_fd, struct group *group)
{
    struct digest now;
    group->differs =
        group->differs || !look(dir_fd, group, &now) || !digest_equal(&group->taken, &now);
}

// Of a directory that is gone every file is in doubt.
static void visit(const struct input_stamps *stamps, struct group *group,
                  void (*visitor)(int dir_fd, struct group *group))
{
    int dir_fd = open(stamps->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    visitor(dir_fd, group);
    if (dir_fd >= 0) {
        close(dir_fd);
    }
}

static void on_time(void *owner)
{
    struct input_stamps *stamps = owner;
    idle_close(stamps->timer);
    stamps->timer = NULL;
    visit(stamps, &stamps->sources, take);
    visit(stamps, &stamps->others, take);
    stamps->sources.differs = stamps->sources.differs && !stamps->sources_are_read;
}

void input_stamps_begin(struct input_stamps *stamps)
{
    if (stamps != NULL) {
        stamps->sources_are_read = false;
        bool is_unknown = stamps->timer == NULL && !stamps->sources.is_taken;
        stamps->sources.differs = stamps->sources.differs || is_unknown;
    }
}

void input_stamps_pass_sources(struct input_stamps *stamps)
{
    if (stamps == NULL || stamps->sources_are_read) {
        return;
    }
    if (stamps->timer == NULL) {
        visit(stamps, &stamps->sources, compare);
    }
    stamps->sources_are_read = true;
}

bool input_stamps_differ(struct input_stamps *stamps)
{
    if (stamps == NULL || stamps->timer != NULL) {
        return false;
    }
    if (!stamps->sources_are_read) {
        visit(stamps, &stamps->sources, compare);
    }
    visit(stamps, &stamps->others, compare);
    return stamps->sources.differs || stamps->others.differs;
}

void input_stamps_close(struct input_stamps *stamps)
{
    if (stamps == NULL) {
        return;
    }
    idle_close(stamps->timer);
    bytes_finish(&stamps->sources.names);
    bytes_finish(&stamps->others.names);
    free(stamps->dir);
    free(stamps);
}
