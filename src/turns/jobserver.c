#include "turns/jobserver.h"

#include "base/mem.h"
#include "turns/seats.h"
#include "turns/token_pool.h"

#include <stdlib.h>
#include <unistd.h>

enum job_state { JOB_RESTS, JOB_WAITS, JOB_COMPUTES };

struct job {
    struct jobserver *jobserver;
    enum job_state state;
    int seat;       // SEATS_NONE: it computes as the only one of this worker
    int token;      // the generation of the token that it has
    int generation; // the one that its rustc uses, from its first turn on
    job_turn *on_turn;
    void *owner;
    struct job *next;
};

static void give_turns(struct jobserver *jobserver);

static void on_seat_left(void *owner)
{
    give_turns(owner);
}

static void on_soon(uv_idle_t *soon)
{
    uv_idle_stop(soon);
    give_turns(soon->data);
}

static void open_soon(struct jobserver *jobserver, uv_loop_t *loop)
{
    jobserver->soon = mem_zalloc(sizeof *jobserver->soon);
    uv_idle_init(loop, jobserver->soon);
    jobserver->soon->data = jobserver;
}

static void on_soon_closed(uv_handle_t *handle)
{
    free(handle);
}

static void close_soon(uv_idle_t *soon)
{
    if (soon != NULL) {
        uv_close((uv_handle_t *)soon, on_soon_closed);
    }
}

static size_t count_cores(void)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    return cores > 1 ? (size_t)cores : 1;
}

static bool open_seats(struct jobserver *jobserver, uv_loop_t *loop, const char *dir,
                       struct failure *why)
{
    char *path = mem_format("%s/seats", dir);
    struct seats_spec spec = {.path = path,
                              .count = jobserver->tokens + 1,
                              .loop = loop,
                              .on_left = on_seat_left,
                              .owner = jobserver};
    jobserver->seats = seats_open(&spec, why);
    free(path);
    return jobserver->seats != NULL;
}

bool jobserver_open(struct jobserver *jobserver, uv_loop_t *loop, const char *dir, size_t tokens,
                    struct failure *why)
{
    jobserver->tokens = tokens == 0 ? count_cores() : tokens;
    jobserver->pool = token_pool_open(dir, jobserver->tokens, why);
    if (jobserver->pool != NULL && open_seats(jobserver, loop, dir, why)) {
        open_soon(jobserver, loop);
        return true;
    }
    jobserver_close(jobserver);
    return false;
}

void jobserver_close(struct jobserver *jobserver)
{
    close_soon(jobserver->soon);
    seats_close(jobserver->seats);
    token_pool_close(jobserver->pool);
    *jobserver = (struct jobserver){0};
}

static bool lacks_token(const struct job *job)
{
    return job->state == JOB_COMPUTES && job->token == TOKEN_POOL_NONE;
}

// Threads give tokens back without telling anybody: whenever something happens we look.
static void give_tokens(struct jobserver *jobserver)
{
    bool found = true;
    for (struct job *job = jobserver->jobs; job != NULL && found; job = job->next) {
        if (lacks_token(job)) {
            job->token = token_pool_take(jobserver->pool);
            found = job->token != TOKEN_POOL_NONE;
        }
    }
}

static bool is_any_computing(const struct jobserver *jobserver)
{
    for (const struct job *job = jobserver->jobs; job != NULL; job = job->next) {
        if (job->state == JOB_COMPUTES) {
            return true;
        }
    }
    return false;
}

static bool find_seat(struct jobserver *jobserver, struct job *job)
{
    job->seat = seats_take(jobserver->seats);
    if (job->seat != SEATS_NONE || !is_any_computing(jobserver)) {
        return true;
    }
    seats_want(jobserver->seats, true);
    job->seat = seats_take(jobserver->seats); // left before we said so
    return job->seat != SEATS_NONE;
}

static bool begin_turn(struct jobserver *jobserver, struct job *job)
{
    if (!find_seat(jobserver, job)) {
        return false;
    }
    job->state = JOB_COMPUTES;
    if (job->generation == TOKEN_POOL_NONE) {
        job->generation = token_pool_join(jobserver->pool);
    }
    give_tokens(jobserver);
    return true;
}

static struct job *next_in_turn(const struct jobserver *jobserver)
{
    struct job *job = jobserver->jobs;
    while (job != NULL && job->state != JOB_WAITS) {
        job = job->next;
    }
    return job;
}

static void want_seat_while_one_waits(struct jobserver *jobserver)
{
    if (next_in_turn(jobserver) == NULL) {
        seats_want(jobserver->seats, false);
    }
}

// Whoever is told may begin and end jobs.
static void give_turns(struct jobserver *jobserver)
{
    struct job *job = next_in_turn(jobserver);
    while (job != NULL && begin_turn(jobserver, job)) {
        job->on_turn(job->owner);
        job = next_in_turn(jobserver);
    }
    want_seat_while_one_waits(jobserver);
}

// Who has just left a seat is in the middle of something: the next one's turn comes behind it.
static void share_what_was_left(struct jobserver *jobserver)
{
    give_tokens(jobserver);
    want_seat_while_one_waits(jobserver);
    if (next_in_turn(jobserver) != NULL) {
        uv_idle_start(jobserver->soon, on_soon);
    }
}

static void wait_for_turn(struct job *job)
{
    if (next_in_turn(job->jobserver) != NULL || !begin_turn(job->jobserver, job)) {
        job->state = JOB_WAITS;
    }
}

struct job *job_begin(struct jobserver *jobserver, job_turn *on_turn, void *owner)
{
    struct job *job = mem_zalloc(sizeof *job);
    *job = (struct job){.jobserver = jobserver,
                        .seat = SEATS_NONE,
                        .token = TOKEN_POOL_NONE,
                        .generation = TOKEN_POOL_NONE,
                        .on_turn = on_turn,
                        .owner = owner};
    struct job **link = &jobserver->jobs;
    while (*link != NULL) {
        link = &(*link)->next;
    }
    *link = job;
    if (jobserver->pool == NULL) {
        job->state = JOB_COMPUTES;
    } else {
        wait_for_turn(job);
    }
    return job;
}

bool job_computes(const struct job *job)
{
    return job->state == JOB_COMPUTES;
}

const char *job_make_flags(const struct job *job)
{
    bool joined = job->generation != TOKEN_POOL_NONE;
    return joined ? token_pool_flags(job->jobserver->pool, job->generation) : NULL;
}

static void end_turn(struct job *job)
{
    if (job->token != TOKEN_POOL_NONE) {
        token_pool_put(job->jobserver->pool, job->token);
        job->token = TOKEN_POOL_NONE;
    }
    if (job->seat != SEATS_NONE) {
        seats_leave(job->jobserver->seats, job->seat);
        job->seat = SEATS_NONE;
    }
}

void job_rest(struct job *job)
{
    job->state = JOB_RESTS;
    if (job->jobserver->pool != NULL) {
        end_turn(job);
        share_what_was_left(job->jobserver);
    }
}

void job_resume(struct job *job)
{
    if (job->jobserver->pool == NULL) {
        job->state = JOB_COMPUTES;
    } else if (job->state == JOB_RESTS) {
        wait_for_turn(job);
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
    if (job == NULL) {
        return;
    }
    struct jobserver *jobserver = job->jobserver;
    remove_job(job);
    end_turn(job);
    if (job->generation != TOKEN_POOL_NONE) {
        token_pool_leave(jobserver->pool, job->generation, killed);
    }
    free(job);
    if (jobserver->pool != NULL) {
        share_what_was_left(jobserver);
    }
}
