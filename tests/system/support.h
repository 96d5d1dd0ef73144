/**
 * What the tests of system/ share: a loop with guardian and reaper, a private directory, a clock.
 * A header, because each test is one executable of one source.
 */
#ifndef RELAY_TESTS_SYSTEM_SUPPORT_H
#define RELAY_TESTS_SYSTEM_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/bytes.h"
#include "base/failure.h"
#include "base/mem.h"
#include "base/tree.h"
#include "process/guardian.h"
#include "process/platform.h"
#include "process/reaper.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <uv.h>

struct bench {
    uv_loop_t loop;
    struct guardian guardian;
    struct reaper reaper;
    char *dir; /**< empty at the start of each test, removed at its end */
};

static inline char *support_directory(const char *parent)
{
    char *prefix = mem_format("%s/relay-test-", parent);
    char *dir = tree_fresh_name(prefix);
    free(prefix);
    assert_int_equal(mkdir(dir, S_IRWXU), 0);
    return dir;
}

static inline char *support_path(const struct bench *bench, const char *name)
{
    return mem_format("%s/%s", bench->dir, name);
}

static inline int bench_start(void **state)
{
    struct failure why;
    struct bench *bench = mem_zalloc(sizeof *bench);
    signal(SIGPIPE, SIG_IGN);
    // As a careless parent may leave it.
    sigset_t blocked;
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGCHLD);
    sigprocmask(SIG_BLOCK, &blocked, NULL);
    // A test that hangs is a test that fails.
    alarm(60);
    bench->dir = support_directory("/tmp");
    platform_become_subreaper(&why); // where that can be
    assert_true(guardian_start(&bench->guardian, &why));
    assert_int_equal(uv_loop_init(&bench->loop), 0);
    assert_true(reaper_init(&bench->reaper, &bench->loop, &bench->guardian, &why));
    *state = bench;
    return 0;
}

/** No handle, no process and no file may be left. */
static inline int bench_stop(void **state)
{
    struct bench *bench = *state;
    struct failure why;
    uv_run(&bench->loop, UV_RUN_DEFAULT);
    assert(bench->reaper.groups == NULL);
    reaper_close(&bench->reaper);
    uv_run(&bench->loop, UV_RUN_DEFAULT);
    assert(uv_loop_close(&bench->loop) == 0);
    guardian_finish(&bench->guardian);
    assert(waitpid(-1, NULL, WNOHANG) == -1 && errno == ECHILD);
    assert(tree_remove(bench->dir, &why));
    free(bench->dir);
    free(bench);
    alarm(0);
    return 0;
}

static inline void support_on_poke(uv_async_t *async)
{
    (void)async;
}

/** Runs the loop until `*count` is not 0, whatever else is on it. */
static inline void support_run_until(uv_loop_t *loop, const int *count)
{
    uv_async_t stay;
    uv_async_init(loop, &stay, support_on_poke);
    while (*count == 0) {
        uv_run(loop, UV_RUN_ONCE);
    }
    uv_close((uv_handle_t *)&stay, NULL);
    uv_run(loop, UV_RUN_NOWAIT);
}

static inline uint64_t support_now_ms(void)
{
    return uv_hrtime() / 1000000;
}

/** Waits until the process `pid`, our child, is dead; it stays to be reaped. */
static inline void support_await_death(pid_t pid)
{
    siginfo_t info = {0};
    assert_int_equal(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
}

static inline void support_write_file(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, S_IRUSR | S_IWUSR);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    close(fd);
}

/** The file's text, owned by the caller; NULL when it cannot be read. */
static inline char *support_read_file(const char *path)
{
    int fd = open(path, O_RDONLY);
    if (fd < 0) {
        return NULL;
    }
    struct bytes text = {0};
    ssize_t len = 0;
    do {
        char *place = bytes_reserve(&text, 4096);
        len = read(fd, place, 4096);
        text.len += len > 0 ? (size_t)len : 0;
    } while (len > 0);
    close(fd);
    // Through append, so that the NUL is in place.
    bytes_append(&text, "", 0);
    return bytes_detach(&text);
}

static inline void support_expect_file(const char *path, const char *expected)
{
    char *text = support_read_file(path);
    assert_non_null(text);
    assert_string_equal(text, expected);
    free(text);
}

#endif
