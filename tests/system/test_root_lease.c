#include "stage.h"

#include "base/bytes.h"
#include "base/file.h"
#include "base/mem.h"
#include "roots/root_lease.h"

#include <errno.h>
#include <sched.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

struct place {
    char *dir;
    int lease;
};

static struct place take(const struct stage *stage)
{
    struct failure why = {""};
    struct place place = {.dir = stage_path(stage, "place")};
    place.lease = root_lease_take(place.dir, &why);
    if (place.lease < 0) {
        fail_msg("%s", why.text);
    }
    return place;
}

static void give_back(struct place *place)
{
    root_lease_release(place->lease);
    free(place->dir);
}

static void test_one_lives_there_at_a_time(void **state)
{
    struct failure why = {""};
    struct place place = take(*state);
    assert_int_equal(root_lease_take(place.dir, &why), -1);
    assert_int_equal(errno, EWOULDBLOCK);
    assert_int_equal(root_lease_take_for_look(place.dir), -1);
    give_back(&place);
    place = take(*state);
    give_back(&place);
}

static void test_a_place_that_cannot_be_made(void **state)
{
    struct failure why = {""};
    char *path = stage_path(*state, "file");
    support_write_file(path, "");
    assert_int_equal(root_lease_take(path, &why), -1);
    assert_int_not_equal(errno, EWOULDBLOCK);
    assert_string_not_equal(why.text, "");
    free(path);
}

static bool is_awaited(int lock)
{
    struct stat info;
    struct failure why;
    struct bytes text = {0};
    assert_int_equal(fstat(lock, &info), 0);
    assert_true(file_read("/proc/locks", "locks", &text, &why));
    char *inode = mem_format(":%lu ", (unsigned long)info.st_ino);
    bool awaited = false;
    for (char *line = strtok(text.data, "\n"); line != NULL; line = strtok(NULL, "\n")) {
        awaited = awaited || (strstr(line, "->") != NULL && strstr(line, inode) != NULL);
    }
    free(inode);
    bytes_finish(&text);
    return awaited;
}

// The process looks until somebody waits.
static pid_t look_until_wanted(const char *dir, const int looks[2])
{
    pid_t child = fork();
    if (child == 0) {
        int lease = root_lease_take_for_look(dir);
        bool told = write(looks[1], "", 1) == 1;
        while (!is_awaited(lease)) {
            sched_yield();
        }
        root_lease_release(lease);
        _exit(told && lease >= 0 ? 0 : 1);
    }
    return child;
}

static void test_who_looks_is_waited_for(void **state)
{
    struct failure why = {""};
    struct place place = take(*state);
    root_lease_release(place.lease);
    int looks[2];
    char byte = 0;
    int status = 0;
    assert_int_equal(pipe(looks), 0);
    pid_t child = look_until_wanted(place.dir, looks);
    assert_int_equal(read(looks[0], &byte, 1), 1);
    place.lease = root_lease_take(place.dir, &why);
    assert_true(place.lease >= 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    close(looks[0]);
    close(looks[1]);
    give_back(&place);
}

static void test_the_last_user_is_known_until_he_has_looked(void **state)
{
    struct failure why = {""};
    struct place place = take(*state);
    assert_false(root_lease_is_settled(place.lease));
    assert_true(root_lease_use(place.lease, "a", &why));
    give_back(&place);
    place = take(*state);
    assert_true(root_lease_is_used_by(place.lease, "a"));
    assert_true(root_lease_use(place.lease, "b", &why));
    assert_true(root_lease_is_used_by(place.lease, "a"));
    assert_false(root_lease_is_settled(place.lease));
    root_lease_settle(place.lease);
    assert_true(root_lease_is_settled(place.lease));
    assert_true(root_lease_use(place.lease, "b", &why));
    assert_false(root_lease_is_settled(place.lease));
    assert_true(root_lease_is_used_by(place.lease, "b"));
    give_back(&place);
}

#define ROW(test) cmocka_unit_test_setup_teardown(test, stage_start, stage_stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ROW(test_one_lives_there_at_a_time),
        ROW(test_a_place_that_cannot_be_made),
        ROW(test_who_looks_is_waited_for),
        ROW(test_the_last_user_is_known_until_he_has_looked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
