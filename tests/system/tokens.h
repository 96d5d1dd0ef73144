/**
 * A child of the jobserver, as its tests play it: what it does with the value of CARGO_MAKEFLAGS.
 */
#ifndef RELAY_TESTS_SYSTEM_TOKENS_H
#define RELAY_TESTS_SYSTEM_TOKENS_H

#include "support.h"

enum { ALL_TOKENS = 1000 };

// Opens the pool as a child does, by the path in the flags.
static inline int open_tokens(const char *flags)
{
    const char *path = strstr(flags, "fifo:");
    assert_non_null(path);
    int fd = open(path + strlen("fifo:"), O_RDWR | O_NONBLOCK | O_CLOEXEC);
    assert_true(fd >= 0);
    return fd;
}

static inline size_t take_tokens(int fd, size_t most)
{
    size_t taken = 0;
    char token = 0;
    while (taken < most && read(fd, &token, 1) == 1) {
        assert_int_equal(token, '+');
        taken++;
    }
    return taken;
}

static inline void put_tokens(int fd, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(write(fd, "+", 1), 1);
    }
}

// How many tokens a child finds; they are put back.
static inline size_t tokens_left(const char *flags)
{
    int fd = open_tokens(flags);
    size_t count = take_tokens(fd, ALL_TOKENS);
    put_tokens(fd, count);
    close(fd);
    return count;
}

// A child takes so many, and is killed.
static inline void lose_tokens(const char *flags, size_t count)
{
    int told[2];
    assert_int_equal(pipe(told), 0);
    pid_t pid = fork();
    if (pid == 0) {
        size_t taken = take_tokens(open_tokens(flags), count);
        ssize_t done = write(told[1], &taken, sizeof taken);
        pause();
        _exit(done == 0);
    }
    size_t taken = 0;
    assert_int_equal(read(told[0], &taken, sizeof taken), sizeof taken);
    assert_int_equal(taken, count);
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    close(told[0]);
    close(told[1]);
}

#endif
