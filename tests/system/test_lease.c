#include "support.h"

#include "base/file.h"
#include "base/lease.h"

#include <poll.h>
#include <sched.h>

enum { WORKERS_AT_ONCE = 6, ROUNDS = 300 };

// What a test's process takes.
typedef int taking(const char *lock);

struct place {
    char *top;
    char *file; // a lock file, not there yet
    char *dir;  // a directory to lock, not there yet
    char *fifo;
};

static int start(void **state)
{
    struct place *place = mem_zalloc(sizeof *place);
    alarm(60); // a test that hangs is a test that fails
    place->top = support_directory("/tmp");
    place->file = mem_format("%s/lock", place->top);
    place->dir = mem_format("%s/dir", place->top);
    place->fifo = mem_format("%s/fifo", place->top);
    *state = place;
    return 0;
}

static int stop(void **state)
{
    struct place *place = *state;
    struct failure why;
    assert(tree_remove(place->top, &why));
    free(place->top);
    free(place->file);
    free(place->dir);
    free(place->fifo);
    free(place);
    alarm(0);
    return 0;
}

static bool exists(const char *path)
{
    struct stat info;
    return lstat(path, &info) == 0;
}

static void expect_none(int lease, int error)
{
    int actual = errno;
    assert_int_equal(lease, LEASE_NONE);
    assert_int_equal(actual, error);
}

// A process that takes the lease, says whether it has what is there, and keeps it.
static pid_t hold(taking *take, const char *lock, int *ret_said)
{
    int said[2];
    assert_int_equal(pipe(said), 0);
    pid_t holder = fork();
    if (holder == 0) {
        alarm(60);
        int lease = take(lock);
        bool has_it = lease != LEASE_NONE && (take == lease_show || lease_is_valid(lease, lock));
        while (write(said[1], has_it ? "y" : "n", 1) == 1) {
            pause();
        }
        _exit(EXIT_FAILURE);
    }
    close(said[1]);
    *ret_said = said[0];
    return holder;
}

static void expect_held(int said)
{
    char byte = 0;
    assert_int_equal(read(said, &byte, 1), 1);
    assert_int_equal(byte, 'y');
    close(said);
}

static void end(pid_t holder)
{
    assert_int_equal(kill(holder, SIGKILL), 0);
    assert_int_equal(waitpid(holder, NULL, 0), holder);
}

// Waits until somebody waits for what we have locked.
static void await_waiter(int lease)
{
    struct stat info;
    assert_int_equal(fstat(lease, &info), 0);
    char *inode = mem_format(":%lu ", (unsigned long)info.st_ino);
    for (bool awaited = false; !awaited; sched_yield()) {
        struct failure why;
        struct bytes text = {0};
        assert_true(file_read("/proc/locks", "locks", &text, &why));
        for (char *line = strtok(text.data, "\n"); line != NULL; line = strtok(NULL, "\n")) {
            awaited = awaited || (strstr(line, "->") != NULL && strstr(line, inode) != NULL);
        }
        bytes_finish(&text);
    }
    free(inode);
}

// --- Who keeps out whom

static void test_one_has_a_file(void **state)
{
    const struct place *place = *state;
    int lease = lease_take(place->file);
    assert_true(lease >= 0 && exists(place->file));
    expect_none(lease_take(place->file), EWOULDBLOCK);
    expect_none(lease_take_briefly(place->file), EWOULDBLOCK);
    expect_none(lease_inherit(place->file), EWOULDBLOCK);
    lease_release(lease);
    lease = lease_inherit(place->file);
    assert_true(lease >= 0);
    expect_none(lease_take(place->file), EWOULDBLOCK);
    lease_release(lease);
    lease_release(LEASE_NONE);
}

static void test_many_have_a_directory(void **state)
{
    const struct place *place = *state;
    int leases[] = {lease_share(place->dir), lease_share(place->dir)};
    struct stat info;
    assert_int_equal(lstat(place->dir, &info), 0);
    assert_int_equal(info.st_mode, S_IFDIR | S_IRWXU);
    for (size_t i = 0; i < 2; i++) {
        assert_true(leases[i] >= 0);
        expect_none(lease_inherit_dir(place->dir), EWOULDBLOCK);
        lease_release(leases[i]);
    }
    int lease = lease_inherit_dir(place->dir);
    assert_true(lease >= 0);
    lease_release(lease);
}

// --- The holder dies

static void test_a_holder_that_was_killed(void **state)
{
    const struct place *place = *state;
    const struct {
        taking *take;
        const char *lock;
        taking *sweep;
    } rows[] = {{lease_take, place->file, lease_inherit},
                {lease_take_briefly, place->file, lease_inherit},
                {lease_share, place->dir, lease_inherit_dir}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        int said = -1;
        pid_t holder = hold(rows[i].take, rows[i].lock, &said);
        expect_held(said);
        expect_none(rows[i].sweep(rows[i].lock), EWOULDBLOCK); // a sweeper meets a living holder
        assert_true(exists(rows[i].lock));
        end(holder);
        int lease = rows[i].sweep(rows[i].lock);
        assert_true(lease >= 0 && lease_is_valid(lease, rows[i].lock));
        lease_release(lease);
    }
}

// As a loop sees it.
static bool is_over(int watch)
{
    char byte;
    struct pollfd watched = {.fd = watch, .events = POLLIN};
    return poll(&watched, 1, 0) == 1 && read(watch, &byte, 1) == 0;
}

static void test_a_holder_that_is_waited_for(void **state)
{
    const struct place *place = *state;
    int said = -1;
    pid_t holder = hold(lease_show, place->fifo, &said);
    expect_held(said);
    int watch = lease_watch(place->fifo);
    assert_true(watch >= 0 && !is_over(watch));
    end(holder);
    assert_true(is_over(watch));
    close(watch);
    watch = lease_watch(place->fifo); // too late to see him
    assert_true(is_over(watch));
    close(watch);
}

static void test_what_is_no_fifo(void **state)
{
    const struct place *place = *state;
    expect_none(lease_watch(place->fifo), ENOENT);
    support_write_file(place->fifo, "");
    expect_none(lease_show(place->fifo), EEXIST);
    assert_int_equal(lease_watch(place->fifo), LEASE_NONE);
}

// --- A sweeper comes

static void test_a_sweeper_makes_nothing_and_follows_nothing(void **state)
{
    const struct place *place = *state;
    expect_none(lease_inherit(place->file), ENOENT);
    expect_none(lease_inherit_dir(place->dir), ENOENT);
    assert_false(exists(place->file) || exists(place->dir));
    char *target = mem_format("%s/target", place->top);
    assert_int_equal(symlink(target, place->file), 0);
    assert_int_equal(symlink(place->top, place->dir), 0);
    expect_none(lease_inherit(place->file), ELOOP);
    expect_none(lease_take(place->file), ELOOP);
    expect_none(lease_inherit_dir(place->dir), ENOTDIR);
    expect_none(lease_share(place->dir), ENOTDIR);
    assert_false(exists(target));
    free(target);
}

static void test_who_has_it_briefly_is_waited_for(void **state)
{
    const struct place *place = *state;
    int said = -1;
    int lease = lease_take_briefly(place->file);
    assert_true(lease >= 0);
    expect_none(lease_take_briefly(place->file), EWOULDBLOCK);
    pid_t holder = hold(lease_take, place->file, &said);
    await_waiter(lease);
    lease_release(lease);
    expect_held(said);
    end(holder);
}

// What was locked is removed or replaced while somebody waits for it.
static void replace_while_waited_for(int lease, taking *take, const char *lock,
                                     void change(const char *lock))
{
    struct stat info;
    int said = -1;
    pid_t holder = hold(take, lock, &said);
    await_waiter(lease);
    change(lock);
    assert_false(lease_is_valid(lease, lock));
    lease_release(lease);
    expect_held(said); // of what is there now
    assert_int_equal(lstat(lock, &info), 0);
    bool is_dir = S_ISDIR(info.st_mode);
    expect_none(is_dir ? lease_inherit_dir(lock) : lease_inherit(lock), EWOULDBLOCK);
    end(holder);
}

static void remove_it(const char *lock)
{
    assert_true(unlink(lock) == 0 || rmdir(lock) == 0);
}

static void replace_file(const char *lock)
{
    remove_it(lock);
    support_write_file(lock, "");
}

static void replace_directory(const char *lock)
{
    remove_it(lock);
    assert_int_equal(mkdir(lock, S_IRWXU), 0);
}

// It keeps a name.
static void move_directory(const char *lock)
{
    char *other = tree_fresh_name(lock);
    assert_int_equal(rename(lock, other), 0);
    assert_int_equal(mkdir(lock, S_IRWXU), 0);
    free(other);
}

static void test_a_directory_that_is_replaced_while_it_is_waited_for(void **state)
{
    const struct place *place = *state;
    void (*const changes[])(const char *lock) = {remove_it, replace_directory, move_directory};
    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
        lease_release(lease_share(place->dir));
        int lease = lease_inherit_dir(place->dir);
        assert_true(lease >= 0);
        replace_while_waited_for(lease, lease_share, place->dir, changes[i]);
    }
}

static void test_a_file_that_is_replaced_while_it_is_waited_for(void **state)
{
    const struct place *place = *state;
    void (*const changes[])(const char *lock) = {remove_it, replace_file};
    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
        int lease = lease_take_briefly(place->file);
        assert_true(lease >= 0);
        replace_while_waited_for(lease, lease_take, place->file, changes[i]);
    }
}

// Each removes what it has locked, as a sweeper does: nobody may have a namesake of it meanwhile.
_Noreturn static void come_and_sweep(const struct place *place)
{
    char *inside = mem_format("%s/inside", place->top);
    for (int taken = 0; taken < ROUNDS;) {
        int lease = taken % 2 == 0 ? lease_take(place->file) : lease_inherit(place->file);
        if (lease == LEASE_NONE && errno != EWOULDBLOCK && errno != ENOENT) {
            _exit(1);
        }
        if (lease != LEASE_NONE) {
            if (mkdir(inside, S_IRWXU) != 0 || rmdir(inside) != 0 ||
                !lease_is_valid(lease, place->file) || unlink(place->file) != 0) {
                _exit(2);
            }
            lease_release(lease);
        }
        taken += lease != LEASE_NONE || errno == ENOENT ? 1 : 0;
    }
    _exit(0);
}

static void test_many_that_come_and_sweep(void **state)
{
    const struct place *place = *state;
    pid_t workers[WORKERS_AT_ONCE];
    for (int i = 0; i < WORKERS_AT_ONCE; i++) {
        workers[i] = fork();
        if (workers[i] == 0) {
            come_and_sweep(place);
        }
    }
    for (int i = 0; i < WORKERS_AT_ONCE; i++) {
        int status = 0;
        assert_int_equal(waitpid(workers[i], &status, 0), workers[i]);
        assert_int_equal(status, 0);
    }
}

// --- Strangers

static void test_what_a_stranger_does_is_seen(void **state)
{
    const struct place *place = *state;
    int file = lease_take(place->file);
    int dir = lease_share(place->dir);
    assert_true(lease_is_valid(file, place->file) && lease_is_valid(dir, place->dir));
    remove_it(place->file);
    remove_it(place->dir);
    assert_false(lease_is_valid(file, place->file) || lease_is_valid(dir, place->dir));
    int others[] = {lease_take(place->file), lease_share(place->dir)};
    assert_false(lease_is_valid(file, place->file) || lease_is_valid(dir, place->dir));
    assert_true(lease_is_valid(others[0], place->file) && lease_is_valid(others[1], place->dir));
    lease_release(file);
    lease_release(dir);
    lease_release(others[0]);
    lease_release(others[1]);
}

// Not to be confused with one that somebody has. (Root reads everything: a child that is not root
// is asked.)
static void test_a_lock_that_cannot_be_opened(void **state)
{
    const struct place *place = *state;
    int status = 0;
    support_write_file(place->file, "");
    assert_int_equal(mkdir(place->dir, S_IRWXU), 0);
    assert_int_equal(chmod(place->top, 0755), 0);
    assert_int_equal(chmod(place->file, 0) | chmod(place->dir, 0), 0);
    pid_t other = fork();
    if (other == 0) {
        taking *const takings[] = {lease_take,  lease_take_briefly, lease_inherit,
                                   lease_share, lease_inherit_dir,  lease_watch};
        bool good = geteuid() != 0 || seteuid(65534) == 0;
        for (size_t i = 0; good && i < sizeof takings / sizeof takings[0]; i++) {
            bool of_dir = takings[i] == lease_share || takings[i] == lease_inherit_dir;
            good = takings[i](of_dir ? place->dir : place->file) == LEASE_NONE && errno == EACCES;
        }
        _exit(good ? 0 : 1);
    }
    assert_int_equal(waitpid(other, &status, 0), other);
    assert_int_equal(status, 0);
    assert_true(exists(place->file) && exists(place->dir));
    expect_none(lease_take(place->top), EISDIR);
}

#define ROW(test) cmocka_unit_test_setup_teardown(test, start, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ROW(test_one_has_a_file),
        ROW(test_many_have_a_directory),
        ROW(test_a_holder_that_was_killed),
        ROW(test_a_holder_that_is_waited_for),
        ROW(test_what_is_no_fifo),
        ROW(test_a_sweeper_makes_nothing_and_follows_nothing),
        ROW(test_who_has_it_briefly_is_waited_for),
        ROW(test_a_directory_that_is_replaced_while_it_is_waited_for),
        ROW(test_a_file_that_is_replaced_while_it_is_waited_for),
        ROW(test_many_that_come_and_sweep),
        ROW(test_what_a_stranger_does_is_seen),
        ROW(test_a_lock_that_cannot_be_opened),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
