// pipe2
#define _GNU_SOURCE
#include "io/jobserver.h"

#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

struct job_pool {
    int read_fd;
    int write_fd;
    char *flags;
    size_t users;  // jobs whose process was given this pool
    size_t credit; // tokens that are in the pipe, or with the threads of its users
    struct job_pool *next;
};

struct job {
    struct jobserver *jobserver;
    struct job_pool *pool; // NULL without a jobserver
    bool computes;
    bool has_token;
    struct job *next;
};

static size_t count_cores(void)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    return cores > 1 ? (size_t)cores : 1;
}

static struct job_pool *make_pool(size_t tokens)
{
    int fds[2];
    if (pipe2(fds, O_CLOEXEC | O_NONBLOCK) != 0) {
        return NULL;
    }
    struct job_pool *pool = mem_zalloc(sizeof *pool);
    pool->read_fd = fds[0];
    pool->write_fd = fds[1];
    pool->flags =
        mem_format("-j%zu --jobserver-auth=fifo:/proc/%ld/fd/%d", tokens, (long)getpid(), fds[0]);
    return pool;
}

static void destroy_pool(struct job_pool *pool)
{
    close(pool->read_fd);
    close(pool->write_fd);
    free(pool->flags);
    free(pool);
}

static bool take(struct job_pool *pool)
{
    char token;
    bool taken = pool->credit > 0 && read(pool->read_fd, &token, 1) == 1;
    pool->credit -= taken ? 1 : 0;
    return taken;
}

static void put(struct job_pool *pool, size_t count)
{
    static const char token = '+';
    for (size_t i = 0; i < count && write(pool->write_fd, &token, 1) == 1; i++) {
        pool->credit++; // a pipe takes thousands
    }
}

static bool needs_token(const struct job *job)
{
    return job->computes && !job->has_token;
}

// Whoever computes without a token comes first, the oldest one of all.
static void give(struct jobserver *jobserver, size_t count)
{
    for (; count > 0; count--) {
        struct job *oldest = NULL;
        for (struct job *job = jobserver->jobs; job != NULL; job = job->next) {
            oldest = needs_token(job) ? job : oldest;
        }
        if (oldest == NULL) {
            put(jobserver->pools, count);
            return;
        }
        oldest->has_token = true;
    }
}

static size_t drain(struct job_pool *pool)
{
    size_t count = 0;
    while (take(pool)) {
        count++;
    }
    return count;
}

// Collects what came back to older pools, and to all that nobody uses any more what was lost.
static void settle(struct jobserver *jobserver)
{
    size_t free_tokens = 0;
    struct job_pool **link = &jobserver->pools;
    while (*link != NULL) {
        struct job_pool *pool = *link;
        free_tokens += drain(pool);
        if (pool->users == 0) {
            free_tokens += pool->credit;
            pool->credit = 0;
        }
        if (pool->users == 0 && pool != jobserver->pools) {
            *link = pool->next;
            destroy_pool(pool);
        } else {
            link = &pool->next;
        }
    }
    give(jobserver, free_tokens);
}

bool jobserver_open(struct jobserver *jobserver, size_t tokens, struct failure *why)
{
    jobserver->tokens = tokens == 0 ? count_cores() : tokens;
    jobserver->pools = make_pool(jobserver->tokens);
    if (jobserver->pools == NULL) {
        return failure_errno(why, errno, "cannot make a jobserver");
    }
    put(jobserver->pools, jobserver->tokens);
    return true;
}

void jobserver_close(struct jobserver *jobserver)
{
    while (jobserver->pools != NULL) {
        struct job_pool *pool = jobserver->pools;
        jobserver->pools = pool->next;
        destroy_pool(pool);
    }
    *jobserver = (struct jobserver){0};
}

struct job *job_begin(struct jobserver *jobserver)
{
    struct job *job = mem_zalloc(sizeof *job);
    job->jobserver = jobserver;
    job->computes = true;
    if (jobserver->pools != NULL) {
        job->pool = jobserver->pools;
        job->pool->users++;
        job->next = jobserver->jobs;
        jobserver->jobs = job;
        settle(jobserver);
    }
    return job;
}

const char *job_make_flags(const struct job *job)
{
    return job->pool == NULL ? NULL : job->pool->flags;
}

static void give_back(struct job *job)
{
    size_t count = job->has_token ? 1 : 0;
    job->has_token = false;
    give(job->jobserver, count);
}

void job_rest(struct job *job)
{
    job->computes = false;
    if (job->pool != NULL) {
        give_back(job);
        settle(job->jobserver);
    }
}

void job_resume(struct job *job)
{
    job->computes = true;
    if (job->pool != NULL) {
        settle(job->jobserver);
    }
}

// Without a pipe for it the old pool stays, and what was lost comes back when nobody uses it.
static void begin_new_pool(struct jobserver *jobserver)
{
    struct job_pool *pool = make_pool(jobserver->tokens);
    if (pool != NULL) {
        pool->next = jobserver->pools;
        jobserver->pools = pool;
    }
}

static void remove_job(struct job *job)
{
    struct job **link = &job->jobserver->jobs;
    while (*link != job) {
        link = &(*link)->next;
    }
    *link = job->next;
}

void job_end(struct job *job, bool killed)
{
    if (job != NULL && job->pool != NULL) {
        struct job_pool *pool = job->pool;
        remove_job(job);
        job->computes = false;
        pool->users--;
        if (killed && pool == job->jobserver->pools && pool->users > 0) {
            begin_new_pool(job->jobserver);
        }
        give_back(job);
        settle(job->jobserver);
    }
    free(job);
}
