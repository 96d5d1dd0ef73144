/**
 * What the tests of links to inputs share: an execroot whose top folder is a link, as Bazel plants
 * it, a sandbox with links to its files, and a look at what a directory holds.
 */
#ifndef RELAY_TESTS_SYSTEM_STAGE_H
#define RELAY_TESTS_SYSTEM_STAGE_H

#include "support.h"

#include "base/strlist.h"

#include <dirent.h>
#include <limits.h>

/**
 *     <top>/home/src/          where sources really are
 *     <top>/execroot/src       a link to it
 *     <top>/execroot/...       everything else
 *     <top>/sandbox/           links to files of the execroot
 *     <top>/root               what a test makes
 */
struct stage {
    char *top;
    char *sandbox;
    char *root;
};

/** A path below the top. Owned by the caller. */
static inline char *stage_path(const struct stage *stage, const char *name)
{
    return mem_format("%s/%s", stage->top, name);
}

static inline void stage_make_folder(const struct stage *stage, const char *name)
{
    struct failure why;
    char *path = stage_path(stage, name);
    assert_true(tree_make(path, S_IRWXU, &why));
    free(path);
}

static inline void stage_link(const char *target, const char *link)
{
    struct failure why;
    assert_true(tree_make_parent(link, &why));
    assert_true(unlink(link) == 0 || errno == ENOENT);
    assert_int_equal(symlink(target, link), 0);
}

static inline int stage_start(void **state)
{
    struct stage *stage = mem_zalloc(sizeof *stage);
    char *dir = support_directory("/tmp");
    alarm(60); // a test that hangs is a test that fails
    stage->top = realpath(dir, NULL);
    free(dir);
    stage->sandbox = stage_path(stage, "sandbox");
    stage->root = stage_path(stage, "root");
    stage_make_folder(stage, "home/src");
    stage_make_folder(stage, "execroot");
    stage_make_folder(stage, "sandbox");
    char *home = stage_path(stage, "home/src");
    char *link = stage_path(stage, "execroot/src");
    stage_link(home, link);
    free(home);
    free(link);
    *state = stage;
    return 0;
}

static inline int stage_stop(void **state)
{
    struct stage *stage = *state;
    struct failure why;
    assert(tree_remove(stage->top, &why));
    free(stage->top);
    free(stage->sandbox);
    free(stage->root);
    free(stage);
    alarm(0);
    return 0;
}

/** Makes a file of the execroot, with its name as its text, and the sandbox's link to it. */
static inline void stage_add(const struct stage *stage, const char *name)
{
    struct failure why;
    char *file = mem_format("%s/execroot/%s", stage->top, name);
    char *link = mem_format("%s/%s", stage->sandbox, name);
    assert_true(tree_make_parent(file, &why));
    support_write_file(file, name);
    stage_link(file, link);
    free(file);
    free(link);
}

/** What Bazel does with the sandbox after an answer. */
static inline void stage_empty_sandbox(const struct stage *stage)
{
    struct failure why;
    assert_true(tree_remove(stage->sandbox, &why));
    assert_true(tree_make(stage->sandbox, S_IRWXU, &why));
}

static inline bool stage_is_folder(const char *path)
{
    struct stat info;
    return lstat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

static inline void stage_collect(const char *top, const char *below, struct strlist *names)
{
    char *path = mem_format("%s/%s", top, below);
    DIR *dir = opendir(path);
    assert_non_null(dir);
    for (struct dirent *entry = readdir(dir); entry != NULL; entry = readdir(dir)) {
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) {
            char *name = mem_format("%s%s", below, entry->d_name);
            char *full = mem_format("%s/%s", top, name);
            char *deeper = mem_format("%s/", name);
            bool is_folder = stage_is_folder(full);
            strlist_push(names, is_folder ? deeper : name);
            if (is_folder) {
                stage_collect(top, deeper, names);
            }
            free(deeper);
            free(full);
            free(name);
        }
    }
    closedir(dir);
    free(path);
}

/** Everything in the directory, folders too (those end in '/'), sorted, with blanks between. */
static inline void stage_expect_names(const char *dir, const char *expected)
{
    struct strlist names = {0};
    struct bytes text = {0};
    stage_collect(dir, "", &names);
    strlist_sort(&names);
    for (size_t i = 0; i < names.count; i++) {
        bytes_append_format(&text, "%s%s", i == 0 ? "" : " ", names.items[i]);
    }
    assert_string_equal(bytes_text(&text), expected);
    bytes_finish(&text);
    strlist_finish(&names);
}

static inline void stage_expect_link(const char *dir, const char *name, const char *expected)
{
    char target[PATH_MAX];
    char *link = mem_format("%s/%s", dir, name);
    ssize_t len = readlink(link, target, sizeof target - 1);
    assert_true(len >= 0);
    target[len] = '\0';
    assert_string_equal(target, expected);
    free(link);
}

/** Which file it is, the link itself. One that is made again is another one. */
static inline ino_t stage_inode(const char *dir, const char *name)
{
    struct stat info;
    char *link = mem_format("%s/%s", dir, name);
    assert_int_equal(lstat(link, &info), 0);
    free(link);
    return info.st_ino;
}

#endif
