#include "turns/token_pool.h"

#include "base/byte_lock.h"
#include "base/mem.h"
#include "process/platform.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { GENERATIONS = 64, TOKENS_AT_A_TIME = 256 };

// The bytes of the ledger that are locked, whatever is in them.
enum { LOCK_LEDGER = 0, LOCK_GENERATION = 1 };

// Changed under LOCK_LEDGER only.
struct ledger {
    volatile uint32_t newest;
    volatile uint32_t credit[GENERATIONS]; // tokens that are in the FIFO, or with those who use it
};

struct generation {
    int fd; // valid while `flags` is set
    char *flags;
    size_t users; // children that have joined, and tokens that we have taken
};

struct token_pool {
    char *dir;
    size_t tokens;
    int fd;
    struct ledger *ledger;
    struct generation generations[GENERATIONS];
};

static bool open_ledger(struct token_pool *pool, struct failure *why)
{
    char *path = mem_format("%s/ledger", pool->dir);
    pool->fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, S_IRUSR | S_IWUSR);
    void *mapped = MAP_FAILED;
    if (pool->fd >= 0 && ftruncate(pool->fd, sizeof(struct ledger)) == 0 &&
        byte_lock_wait(pool->fd, LOCK_LEDGER)) {
        byte_lock_release(pool->fd, LOCK_LEDGER);
        mapped = mmap(NULL, sizeof(struct ledger), PROT_READ | PROT_WRITE, MAP_SHARED, pool->fd, 0);
    }
    bool opened = mapped != MAP_FAILED;
    if (opened) {
        pool->ledger = mapped;
    } else {
        failure_errno(why, errno, "cannot open, lock and map '%s'", path);
    }
    free(path);
    return opened;
}

static size_t newest_of(const struct token_pool *pool)
{
    return pool->ledger->newest % GENERATIONS;
}

// How a child finds the FIFO: the flags end at a blank, which the path may have.
static char *name_of(int fd, const char *path)
{
    char *name = platform_fd_path(fd);
    return name != NULL || strpbrk(path, " \t") != NULL ? name : mem_dup(path);
}

static void close_unnamed(int fd)
{
    if (fd >= 0) {
        close(fd);
        errno = ENOTSUP;
    }
}

static bool open_generation(struct token_pool *pool, size_t number)
{
    struct generation *generation = &pool->generations[number];
    if (generation->flags != NULL) {
        return true;
    }
    char *path = mem_format("%s/tokens.%zu", pool->dir, number);
    bool made = mkfifo(path, S_IRUSR | S_IWUSR) == 0 || errno == EEXIST;
    generation->fd = made ? open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC) : -1;
    char *name = generation->fd < 0 ? NULL : name_of(generation->fd, path);
    free(path);
    if (name == NULL) {
        close_unnamed(generation->fd);
        return false;
    }
    generation->flags = mem_format("-j%zu --jobserver-auth=fifo:%s", pool->tokens, name);
    free(name);
    return true;
}

struct token_pool *token_pool_open(const char *dir, size_t tokens, struct failure *why)
{
    struct token_pool *pool = mem_zalloc(sizeof *pool);
    pool->dir = mem_dup(dir);
    pool->tokens = tokens;
    pool->fd = -1;
    bool opened = false;
    if (mkdir(dir, S_IRWXU) != 0 && errno != EEXIST) {
        failure_errno(why, errno, "cannot make the directory '%s'", dir);
    } else if (open_ledger(pool, why)) {
        opened = open_generation(pool, newest_of(pool)) ||
                 failure_errno(why, errno, "cannot make a FIFO in '%s'", dir);
    }
    if (!opened) {
        token_pool_close(pool);
        pool = NULL;
    }
    return pool;
}

void token_pool_close(struct token_pool *pool)
{
    if (pool == NULL) {
        return;
    }
    for (size_t i = 0; i < GENERATIONS; i++) {
        if (pool->generations[i].flags != NULL) {
            close(pool->generations[i].fd);
            free(pool->generations[i].flags);
        }
    }
    if (pool->ledger != NULL) {
        munmap(pool->ledger, sizeof *pool->ledger);
    }
    if (pool->fd >= 0) {
        close(pool->fd);
    }
    free(pool->dir);
    free(pool);
}

static bool read_token(const struct token_pool *pool, size_t number)
{
    char token;
    return read(pool->generations[number].fd, &token, 1) == 1;
}

// A pipe takes thousands.
static void write_tokens(const struct token_pool *pool, size_t number, size_t count)
{
    char tokens[TOKENS_AT_A_TIME];
    memset(tokens, '+', sizeof tokens);
    while (count > 0) {
        size_t len = count < sizeof tokens ? count : sizeof tokens;
        if (write(pool->generations[number].fd, tokens, len) != (ssize_t)len) {
            break;
        }
        count -= len;
    }
}

static uint32_t drain(const struct token_pool *pool, size_t number)
{
    char tokens[TOKENS_AT_A_TIME];
    uint32_t count = 0;
    ssize_t got = 0;
    while ((got = read(pool->generations[number].fd, tokens, sizeof tokens)) > 0) {
        count += (uint32_t)got;
    }
    return count;
}

static bool others_use(const struct token_pool *pool, size_t first, size_t count)
{
    return byte_lock_is_used(pool->fd, LOCK_GENERATION + (off_t)first, (off_t)count);
}

static bool is_used(const struct token_pool *pool, size_t number)
{
    return pool->generations[number].users > 0 || others_use(pool, number, 1);
}

static bool is_alone(const struct token_pool *pool)
{
    for (size_t i = 0; i < GENERATIONS; i++) {
        if (pool->generations[i].users > 0) {
            return false;
        }
    }
    return !others_use(pool, 0, GENERATIONS);
}

// Nobody uses the generation: what should be there is there again.
static void restore(struct token_pool *pool, size_t number)
{
    struct ledger *ledger = pool->ledger;
    if (is_alone(pool)) {
        for (size_t i = 0; i < GENERATIONS; i++) {
            ledger->credit[i] = 0;
        }
        ledger->credit[number] = (uint32_t)pool->tokens;
    }
    drain(pool, number);
    write_tokens(pool, number, ledger->credit[number]);
}

// What came back to an older generation goes on to the newest; so does, when nobody uses the older
// one any more, what was lost.
static void collect(struct token_pool *pool)
{
    struct ledger *ledger = pool->ledger;
    size_t newest = newest_of(pool);
    for (size_t i = 0; i < GENERATIONS; i++) {
        if (i == newest || ledger->credit[i] == 0 || !open_generation(pool, i)) {
            continue;
        }
        bool used = is_used(pool, i);
        uint32_t found = drain(pool, i);
        uint32_t moved = used && found < ledger->credit[i] ? found : ledger->credit[i];
        ledger->credit[i] -= moved;
        ledger->credit[newest] += moved;
        write_tokens(pool, newest, moved);
    }
}

// Without a free place for it the old one stays, and what was lost comes back when nobody uses it.
static void begin_generation(struct token_pool *pool)
{
    struct ledger *ledger = pool->ledger;
    size_t next = (newest_of(pool) + 1) % GENERATIONS;
    if (ledger->credit[next] == 0 && !is_used(pool, next) && open_generation(pool, next)) {
        drain(pool, next);
        ledger->newest = (uint32_t)next;
    }
}

static bool is_settled(const struct token_pool *pool)
{
    size_t newest = newest_of(pool);
    for (size_t i = 0; i < GENERATIONS; i++) {
        if (i != newest && pool->ledger->credit[i] > 0) {
            return false;
        }
    }
    return true;
}

static int join_locked(struct token_pool *pool)
{
    size_t newest = newest_of(pool);
    struct generation *generation = &pool->generations[newest];
    if (!open_generation(pool, newest)) {
        return TOKEN_POOL_NONE;
    }
    if (generation->users == 0) {
        if (!others_use(pool, newest, 1)) {
            restore(pool, newest);
        }
        byte_lock_share(pool->fd, LOCK_GENERATION + (off_t)newest);
    }
    generation->users++;
    collect(pool);
    return (int)newest;
}

int token_pool_join(struct token_pool *pool)
{
    size_t newest = newest_of(pool);
    if (pool->generations[newest].users > 0 && is_settled(pool)) {
        pool->generations[newest].users++;
        return (int)newest;
    }
    byte_lock_wait(pool->fd, LOCK_LEDGER);
    int joined = join_locked(pool);
    byte_lock_release(pool->fd, LOCK_LEDGER);
    return joined;
}

void token_pool_leave(struct token_pool *pool, int number, bool killed)
{
    struct generation *generation = &pool->generations[number];
    generation->users--;
    if (generation->users > 0 && !killed && is_settled(pool)) {
        return;
    }
    byte_lock_wait(pool->fd, LOCK_LEDGER);
    if (killed && (size_t)number == newest_of(pool) && is_used(pool, (size_t)number)) {
        begin_generation(pool);
    }
    if (generation->users == 0) {
        byte_lock_release(pool->fd, LOCK_GENERATION + (off_t)number);
    }
    collect(pool);
    byte_lock_release(pool->fd, LOCK_LEDGER);
}

const char *token_pool_flags(const struct token_pool *pool, int generation)
{
    return pool->generations[generation].flags;
}

int token_pool_take(struct token_pool *pool)
{
    int joined = token_pool_join(pool);
    if (joined == TOKEN_POOL_NONE || read_token(pool, (size_t)joined)) {
        return joined;
    }
    token_pool_leave(pool, joined, false);
    return TOKEN_POOL_NONE;
}

void token_pool_put(struct token_pool *pool, int generation)
{
    write_tokens(pool, (size_t)generation, 1);
    token_pool_leave(pool, generation, false);
}
