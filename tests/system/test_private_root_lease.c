#include "root_list.h"

static void expect_place(const struct fixture *fixture, const struct private_root *root, int spare)
{
    char *dir = mem_format("%s/state/roots/crate/%d/tree", fixture->top, spare);
    assert_string_equal(private_root_dir(root), dir);
    free(dir);
}

static void test_a_second_lease_gets_a_spare(void **state)
{
    const struct fixture *fixture = *state;
    struct private_root *roots[] = {lease(fixture), lease(fixture), lease(fixture)};
    char *state_dir = fixture_path(fixture, "state");
    char *usual = private_root_path(state_dir, "crate");
    assert_string_equal(private_root_dir(roots[0]), usual);
    expect_place(fixture, roots[1], 1);
    expect_place(fixture, roots[2], 2);
    private_root_release(roots[1]);
    roots[1] = lease(fixture);
    expect_place(fixture, roots[1], 1);
    private_root_release(roots[0]);
    private_root_release(roots[2]);
    roots[0] = lease(fixture);
    expect_place(fixture, roots[0], 0);
    private_root_release(roots[0]);
    private_root_release(roots[1]);
    private_root_release(NULL);
    free(usual);
    free(state_dir);
}

// A root is not emptied by whoever gets a spare, nor by its next holder.
static void test_spares_have_links_of_their_own(void **state)
{
    const struct fixture *fixture = *state;
    struct list one = {0};
    struct list two = {0};
    fixture_add(fixture, "src/one");
    fixture_add(fixture, "src/two");
    list_add(&one, "src/one", "1");
    list_add(&two, "src/two", "1");
    struct private_root *roots[] = {lease(fixture), lease(fixture)};
    fill(fixture, roots[0], &one);
    fill(fixture, roots[1], &two);
    fixture_expect_names(private_root_dir(roots[0]), "src/ src/one");
    fixture_expect_names(private_root_dir(roots[1]), "src/ src/two");
    private_root_release(roots[0]);
    roots[0] = lease(fixture);
    fixture_expect_names(private_root_dir(roots[0]), "src/ src/one");
    private_root_release(roots[0]);
    private_root_release(roots[1]);
    list_finish(&one);
    list_finish(&two);
}

static void test_other_crates_do_not_meet(void **state)
{
    const struct fixture *fixture = *state;
    struct failure why;
    char *state_dir = fixture_path(fixture, "state");
    struct private_root *root = lease(fixture);
    struct private_root *other = private_root_lease(state_dir, "other", "user", &why);
    assert_non_null(other);
    char *usual = private_root_path(state_dir, "other");
    assert_string_equal(private_root_dir(other), usual);
    private_root_release(root);
    private_root_release(other);
    free(usual);
    free(state_dir);
}

static void test_the_lease_of_a_killed_process_is_free_again(void **state)
{
    const struct fixture *fixture = *state;
    int told[2];
    assert_int_equal(pipe(told), 0);
    pid_t holder = fork();
    if (holder == 0) {
        lease(fixture);
        if (write(told[1], "", 1) == 1) {
            pause();
        }
        _exit(EXIT_FAILURE);
    }
    char byte;
    assert_int_equal(read(told[0], &byte, 1), 1);
    struct private_root *root = lease(fixture);
    expect_place(fixture, root, 1);
    private_root_release(root);
    assert_int_equal(kill(holder, SIGKILL), 0);
    assert_int_equal(waitpid(holder, NULL, 0), holder);
    root = lease(fixture);
    expect_place(fixture, root, 0);
    private_root_release(root);
    close(told[0]);
    close(told[1]);
}

// rustc must not inherit the lock: it may live on for a moment when its worker is dead.
static void test_children_do_not_hold_the_lease(void **state)
{
    const struct fixture *fixture = *state;
    struct private_root *root = lease(fixture);
    int told[2];
    assert_int_equal(pipe(told), 0);
    pid_t child = fork();
    if (child == 0) {
        dup2(told[0], STDIN_FILENO);
        close(told[1]);
        execl("/bin/cat", "cat", (char *)NULL);
        _exit(EXIT_FAILURE);
    }
    char *link = mem_format("/proc/%ld/exe", (long)child);
    char program[PATH_MAX] = "";
    while (strstr(program, "/cat") == NULL) { // until it has exec'ed; alarm() ends a vain wait
        ssize_t len = readlink(link, program, sizeof program - 1);
        program[len < 0 ? 0 : len] = '\0';
    }
    private_root_release(root);
    root = lease(fixture);
    expect_place(fixture, root, 0);
    private_root_release(root);
    close(told[0]);
    close(told[1]);
    assert_int_equal(waitpid(child, NULL, 0), child);
    free(link);
}

static void test_leases_come_to_an_end(void **state)
{
    const struct fixture *fixture = *state;
    struct private_root *roots[256];
    struct failure why = {""};
    size_t count = 0;
    char *state_dir = fixture_path(fixture, "state");
    do {
        roots[count] = private_root_lease(state_dir, "crate", "user", &why);
    } while (roots[count] != NULL && ++count < 256);
    assert_in_range(count, 16, 255);
    assert_non_null(strstr(why.text, "runs in each"));
    private_root_release(roots[7]);
    roots[7] = lease(fixture);
    expect_place(fixture, roots[7], 7);
    for (size_t i = 0; i < count; i++) {
        private_root_release(roots[i]);
    }
    free(state_dir);
}

static void test_a_root_that_cannot_be_made(void **state)
{
    const struct fixture *fixture = *state;
    struct failure why;
    char *state_dir = fixture_path(fixture, "state");
    support_write_file(state_dir, "");
    assert_null(private_root_lease(state_dir, "crate", "user", &why));
    assert_non_null(strstr(why.text, state_dir));
    assert_int_equal(unlink(state_dir), 0);
    char *lock = fixture_path(fixture, "state/roots/crate/0/lock");
    fixture_make_folder(fixture, "state/roots/crate/0/lock");
    assert_null(private_root_lease(state_dir, "crate", "user", &why));
    assert_non_null(strstr(why.text, lock));
    free(lock);
    free(state_dir);
}

#define ROW(test) cmocka_unit_test_setup_teardown(test, fixture_start, fixture_stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ROW(test_a_second_lease_gets_a_spare),
        ROW(test_spares_have_links_of_their_own),
        ROW(test_other_crates_do_not_meet),
        ROW(test_the_lease_of_a_killed_process_is_free_again),
        ROW(test_children_do_not_hold_the_lease),
        ROW(test_leases_come_to_an_end),
        ROW(test_a_root_that_cannot_be_made),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
