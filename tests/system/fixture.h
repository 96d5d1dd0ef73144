/**
 * What the tests of links to inputs share: an execroot whose top folder is a link, as Bazel plants
 * it, a sandbox with links to its files, and a look at what a directory holds.
 */
#ifndef RELAY_TESTS_SYSTEM_FIXTURE_H
#define RELAY_TESTS_SYSTEM_FIXTURE_H

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
struct fixture {
    char *top;
    char *sandbox;
    char *root;
};

/** A path below the top. Owned by the caller. */
static inline char *fixture_path(const struct fixture *fixture, const char *name)
{
    return mem_format("%s/%s", fixture->top, name);
}

static inline void fixture_make_folder(const struct fixture *fixture, const char *name)
{
    struct failure why;
    char *path = fixture_path(fixture, name);
    assert_true(tree_make(path, S_IRWXU, &why));
    free(path);
}

static inline void fixture_link(const char *target, const char *link)
{
    struct failure why;
    assert_true(tree_make_parent(link, &why));
    assert_true(unlink(link) == 0 || errno == ENOENT);
    assert_int_equal(symlink(target, link), 0);
}

static inline int fixture_start(void **state)
{
    struct fixture *fixture = mem_zalloc(sizeof *fixture);
    char *dir = support_directory("/tmp");
    alarm(60); // a test that hangs is a test that fails
    fixture->top = realpath(dir, NULL);
    free(dir);
    fixture->sandbox = fixture_path(fixture, "sandbox");
    fixture->root = fixture_path(fixture, "root");
    fixture_make_folder(fixture, "home/src");
    fixture_make_folder(fixture, "execroot");
    fixture_make_folder(fixture, "sandbox");
    char *home = fixture_path(fixture, "home/src");
    char *link = fixture_path(fixture, "execroot/src");
    fixture_link(home, link);
    free(home);
    free(link);
    *state = fixture;
    return 0;
}

static inline int fixture_stop(void **state)
{
    struct fixture *fixture = *state;
    struct failure why;
    assert(tree_remove(fixture->top, &why));
    free(fixture->top);
    free(fixture->sandbox);
    free(fixture->root);
    free(fixture);
    alarm(0);
    return 0;
}

/** Makes a file of the execroot, with its name as its text, and the sandbox's link to it. */
static inline void fixture_add(const struct fixture *fixture, const char *name)
{
    struct failure why;
    char *file = mem_format("%s/execroot/%s", fixture->top, name);
    char *link = mem_format("%s/%s", fixture->sandbox, name);
    assert_true(tree_make_parent(file, &why));
    support_write_file(file, name);
    fixture_link(file, link);
    free(file);
    free(link);
}

/** What Bazel does with the sandbox after an answer. */
static inline void fixture_empty_sandbox(const struct fixture *fixture)
{
    struct failure why;
    assert_true(tree_remove(fixture->sandbox, &why));
    assert_true(tree_make(fixture->sandbox, S_IRWXU, &why));
}

static inline bool fixture_is_folder(const char *path)
{
    struct stat info;
    return lstat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

static inline void fixture_collect(const char *top, const char *below, struct strlist *names)
{
    char *path = mem_format("%s/%s", top, below);
    DIR *dir = opendir(path);
    assert_non_null(dir);
    for (struct dirent *entry = readdir(dir); entry != NULL; entry = readdir(dir)) {
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) {
            char *name = mem_format("%s%s", below, entry->d_name);
            char *full = mem_format("%s/%s", top, name);
            char *deeper = mem_format("%s/", name);
            bool is_folder = fixture_is_folder(full);
            strlist_push(names, is_folder ? deeper : name);
            if (is_folder) {
                fixture_collect(top, deeper, names);
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
static inline void fixture_expect_names(const char *dir, const char *expected)
{
    struct strlist names = {0};
    struct bytes text = {0};
    fixture_collect(dir, "", &names);
    strlist_sort(&names);
    for (size_t i = 0; i < names.count; i++) {
        bytes_append_format(&text, "%s%s", i == 0 ? "" : " ", names.items[i]);
    }
    assert_string_equal(bytes_text(&text), expected);
    bytes_finish(&text);
    strlist_finish(&names);
}

static inline void fixture_expect_link(const char *dir, const char *name, const char *expected)
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
static inline ino_t fixture_inode(const char *dir, const char *name)
{
    struct stat info;
    char *link = mem_format("%s/%s", dir, name);
    assert_int_equal(lstat(link, &info), 0);
    free(link);
    return info.st_ino;
}

#endif
