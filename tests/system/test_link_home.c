// What needs a file system that is full or small is in tests/integration/test_links.py.
#include "support.h"

#include "roots/link_home.h"

#include <limits.h>

enum { WORKERS_AT_ONCE = 8, ROUNDS = 40 };

// `memory` is a directory on the system's tmpfs; the state directories are on the disk.
struct fixture {
    char *memory;
    char *ours; // in it
    char *disk;
};

static char *text_of_link(const char *link)
{
    char text[PATH_MAX];
    ssize_t len = readlink(link, text, sizeof text);
    return len < 0 ? NULL : mem_dup_len(text, (size_t)len);
}

static int start(void **state)
{
    struct fixture *fixture = mem_zalloc(sizeof *fixture);
    alarm(60);
    fixture->memory = support_directory(LINK_HOME_MEMORY);
    fixture->ours = mem_format("%s/rustc-relay-%lu", fixture->memory, (unsigned long)geteuid());
    fixture->disk = support_directory("/tmp");
    *state = fixture;
    return 0;
}

static int stop(void **state)
{
    struct fixture *fixture = *state;
    struct failure why;
    assert(tree_remove(fixture->memory, &why) && tree_remove(fixture->disk, &why));
    free(fixture->memory);
    free(fixture->ours);
    free(fixture->disk);
    free(fixture);
    alarm(0);
    return 0;
}

// Makes it; owned by the caller.
static char *state_dir(const struct fixture *fixture, const char *name)
{
    struct failure why;
    char *root = mem_format("%s/%s/rustc-relay/1", fixture->disk, name);
    assert_true(tree_make(root, S_IRWXU, &why));
    return root;
}

static void expunge(const struct fixture *fixture, const char *name)
{
    struct failure why;
    char *output_base = mem_format("%s/%s", fixture->disk, name);
    assert_true(tree_remove(output_base, &why));
    free(output_base);
}

static void use(const struct fixture *fixture, struct link_home *home, const char *name)
{
    struct failure why = {""};
    char *root = state_dir(fixture, name);
    if (!link_home_init(home, root, fixture->memory, &why)) {
        fail_msg("%s", why.text);
    }
    free(root);
}

// What a dead worker leaves of that name; returns where, owned by the caller.
static char *leave_links(const struct fixture *fixture, const char *name)
{
    struct failure why;
    struct link_home home;
    use(fixture, &home, name);
    char *dir = mem_dup(link_home_usual(&home));
    char *deep = mem_format("%s/roots/crate/0/tree/src", dir);
    assert_true(tree_make(deep, S_IRWXU, &why));
    free(deep);
    link_home_finish(&home);
    return dir;
}

static bool exists(const char *path)
{
    struct stat info;
    return lstat(path, &info) == 0;
}

static void start_another(const struct fixture *fixture)
{
    struct link_home home;
    use(fixture, &home, "another");
    link_home_finish(&home);
}

// --- Where

static void test_a_place_of_the_state_dirs_own(void **state)
{
    const struct fixture *fixture = *state;
    struct link_home homes[3];
    const char *const names[] = {"one", "one", "two"};
    struct stat info;
    for (size_t i = 0; i < 3; i++) {
        use(fixture, &homes[i], names[i]);
        const char *usual = link_home_usual(&homes[i]);
        assert_memory_equal(usual, fixture->ours, strlen(fixture->ours));
        assert_ptr_equal(link_home_now(&homes[i]), usual);
        assert_int_equal(lstat(usual, &info), 0);
        assert_int_equal(info.st_mode, S_IFDIR | S_IRWXU);
        char *link = mem_format("%s/base", usual);
        char *leads = text_of_link(link);
        char *root = state_dir(fixture, names[i]);
        assert_string_equal(leads, root);
        free(root);
        free(leads);
        free(link);
    }
    assert_int_equal(lstat(fixture->ours, &info), 0);
    assert_int_equal(info.st_mode, S_IFDIR | S_IRWXU);
    assert_string_equal(link_home_usual(&homes[0]), link_home_usual(&homes[1]));
    assert_string_not_equal(link_home_usual(&homes[0]), link_home_usual(&homes[2]));
    for (size_t i = 0; i < 3; i++) {
        link_home_finish(&homes[i]);
    }
}

static void test_memory_that_is_not_wanted(void **state)
{
    const struct fixture *fixture = *state;
    struct link_home home;
    struct failure why;
    assert_true(link_home_init(&home, fixture->disk, NULL, &why));
    assert_string_equal(link_home_usual(&home), fixture->disk);
    assert_string_equal(link_home_now(&home), fixture->disk);
    link_home_finish(&home);
    link_home_finish(&(struct link_home){0});
}

static void expect_refused(const struct fixture *fixture, const char *memory, const char *reason)
{
    struct link_home home;
    struct failure why = {""};
    assert_false(link_home_init(&home, fixture->disk, memory, &why));
    if (strstr(why.text, reason) == NULL) {
        fail_msg("'%s' is not in '%s'", reason, why.text);
    }
    assert_string_equal(link_home_usual(&home), fixture->disk);
    assert_string_equal(link_home_now(&home), fixture->disk);
    link_home_finish(&home);
}

static void test_what_is_no_tmpfs(void **state)
{
    const struct fixture *fixture = *state;
    char *missing = mem_format("%s/missing", fixture->memory);
    expect_refused(fixture, "/proc", "tmpfs");
    expect_refused(fixture, missing, "tmpfs");
    free(missing);
}

// Anybody can make names in a directory that all may write to.
static void test_a_directory_that_others_can_enter(void **state)
{
    const struct fixture *fixture = *state;
    const mode_t modes[] = {0755, 0770, 0701};
    assert_int_equal(mkdir(fixture->ours, S_IRWXU), 0);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(chmod(fixture->ours, modes[i]), 0);
        expect_refused(fixture, fixture->memory, fixture->ours);
    }
    assert_int_equal(rmdir(fixture->ours), 0); // nothing was put there
}

static void test_somebody_elses_directory(void **state)
{
    const struct fixture *fixture = *state;
    if (geteuid() != 0) {
        skip();
    }
    assert_int_equal(mkdir(fixture->ours, S_IRWXU), 0);
    assert_int_equal(chown(fixture->ours, 65534, 65534), 0);
    expect_refused(fixture, fixture->memory, fixture->ours);
    assert_int_equal(rmdir(fixture->ours), 0);
}

static void test_a_link_to_a_directory_of_ours(void **state)
{
    const struct fixture *fixture = *state;
    char *target = mem_format("%s/target", fixture->memory);
    assert_int_equal(mkdir(target, S_IRWXU), 0);
    assert_int_equal(symlink(target, fixture->ours), 0);
    expect_refused(fixture, fixture->memory, fixture->ours);
    assert_int_equal(rmdir(target), 0);
    free(target);
}

static void test_a_file(void **state)
{
    const struct fixture *fixture = *state;
    support_write_file(fixture->ours, "");
    expect_refused(fixture, fixture->memory, fixture->ours);
}

// --- Sweeping

static void test_links_of_an_output_base_that_is_gone(void **state)
{
    const struct fixture *fixture = *state;
    char *gone = leave_links(fixture, "gone");
    char *there = leave_links(fixture, "there");
    char *without = leave_links(fixture, "without");
    char *base = mem_format("%s/base", without);
    assert_int_equal(unlink(base), 0);
    expunge(fixture, "gone");
    start_another(fixture);
    assert_false(exists(gone));
    assert_false(exists(without)); // it has no owner either
    assert_true(exists(there));
    free(base);
    free(gone);
    free(there);
    free(without);
}

static void test_links_that_a_worker_uses(void **state)
{
    const struct fixture *fixture = *state;
    struct link_home home;
    use(fixture, &home, "gone");
    expunge(fixture, "gone");
    start_another(fixture);
    assert_true(exists(link_home_usual(&home)));
    char *dir = mem_dup(link_home_usual(&home));
    link_home_finish(&home);
    start_another(fixture);
    assert_false(exists(dir));
    free(dir);
}

static void test_what_is_not_ours_to_sweep(void **state)
{
    const struct fixture *fixture = *state;
    char *file = mem_format("%s/file", fixture->ours);
    char *link = mem_format("%s/link", fixture->ours);
    char *target = mem_format("%s/target", fixture->disk);
    start_another(fixture);
    support_write_file(file, "");
    assert_int_equal(mkdir(target, S_IRWXU), 0);
    assert_int_equal(symlink(target, link), 0);
    start_another(fixture);
    assert_true(exists(file) && exists(target) && exists(link));
    free(file);
    free(link);
    free(target);
}

// Each has an output base that comes and goes, and sweeps what others left.
static void live(const struct fixture *fixture, int number)
{
    char name[16];
    snprintf(name, sizeof name, "%d", number / 2); // two of them share one
    for (int i = 0; i < ROUNDS; i++) {
        struct link_home home;
        struct failure why = {""};
        char *root = mem_format("%s/%s/rustc-relay/1", fixture->disk, name);
        tree_make(root, S_IRWXU, &why);
        if (!link_home_init(&home, root, fixture->memory, &why)) {
            _exit(1);
        }
        char *mine = mem_format("%s/%d", link_home_now(&home), number);
        int fd = open(mine, O_WRONLY | O_CREAT | O_EXCL, S_IRUSR);
        tree_remove(root, &why);
        if (fd < 0 || close(fd) != 0 || !exists(link_home_now(&home)) || unlink(mine) != 0) {
            _exit(2);
        }
        free(mine);
        free(root);
        link_home_finish(&home);
    }
    _exit(0);
}

static void test_many_that_start_and_sweep(void **state)
{
    const struct fixture *fixture = *state;
    pid_t workers[WORKERS_AT_ONCE];
    for (int i = 0; i < WORKERS_AT_ONCE; i++) {
        workers[i] = fork();
        if (workers[i] == 0) {
            live(fixture, i);
        }
    }
    for (int i = 0; i < WORKERS_AT_ONCE; i++) {
        int status = 0;
        assert_int_equal(waitpid(workers[i], &status, 0), workers[i]);
        assert_int_equal(status, 0);
    }
}

// --- Under a live worker

// As systemd does when the user has logged out.
static void test_a_place_that_was_removed(void **state)
{
    const struct fixture *fixture = *state;
    struct link_home home;
    struct failure why;
    use(fixture, &home, "one");
    char *usual = mem_dup(link_home_usual(&home));
    char *link = mem_format("%s/base", usual);
    assert_true(tree_remove(fixture->ours, &why));
    assert_string_equal(link_home_now(&home), usual);
    assert_true(exists(link));
    expunge(fixture, "one");
    start_another(fixture);
    assert_true(exists(link)); // it is locked again
    link_home_finish(&home);
    free(link);
    free(usual);
}

static void test_a_place_that_somebody_else_took(void **state)
{
    const struct fixture *fixture = *state;
    struct link_home home;
    struct failure why;
    use(fixture, &home, "one");
    char *usual = mem_dup(link_home_usual(&home));
    char *root = state_dir(fixture, "one");
    assert_true(tree_remove(fixture->ours, &why));
    assert_int_equal(mkdir(fixture->ours, S_IRWXU), 0);
    assert_int_equal(chmod(fixture->ours, 0777), 0);
    assert_string_equal(link_home_now(&home), root);
    assert_string_equal(link_home_usual(&home), usual);
    assert_int_equal(rmdir(fixture->ours), 0);
    assert_string_equal(link_home_now(&home), usual);
    link_home_finish(&home);
    free(root);
    free(usual);
}

static void test_a_link_to_the_state_dir_that_leads_elsewhere(void **state)
{
    const struct fixture *fixture = *state;
    char *dir = leave_links(fixture, "one");
    char *link = mem_format("%s/base", dir);
    assert_int_equal(unlink(link), 0);
    assert_int_equal(symlink("/nowhere", link), 0);
    free(leave_links(fixture, "one"));
    start_another(fixture);
    assert_true(exists(dir));
    free(link);
    free(dir);
}

#define ROW(test) cmocka_unit_test_setup_teardown(test, start, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ROW(test_a_place_of_the_state_dirs_own),
        ROW(test_memory_that_is_not_wanted),
        ROW(test_what_is_no_tmpfs),
        ROW(test_a_directory_that_others_can_enter),
        ROW(test_somebody_elses_directory),
        ROW(test_a_link_to_a_directory_of_ours),
        ROW(test_a_file),
        ROW(test_links_of_an_output_base_that_is_gone),
        ROW(test_links_that_a_worker_uses),
        ROW(test_what_is_not_ours_to_sweep),
        ROW(test_many_that_start_and_sweep),
        ROW(test_a_place_that_was_removed),
        ROW(test_a_place_that_somebody_else_took),
        ROW(test_a_link_to_the_state_dir_that_leads_elsewhere),
    };
    struct platform_room room;
    if (!platform_memory_room(LINK_HOME_MEMORY, &room) || room.bytes >> 20 < LINK_HOME_MIN_MIB) {
        print_message("skipped: '%s' is no tmpfs of %d MiB\n", LINK_HOME_MEMORY, LINK_HOME_MIN_MIB);
        return 0;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
