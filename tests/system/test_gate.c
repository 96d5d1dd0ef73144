// The worker's side of the gate, with linkers that come and wait.
#include "gate_place.h"

#include <limits.h>

// --- The layout

static void expect_link(const struct place *place, const char *name, const char *expected)
{
    char text[PATH_MAX] = {0};
    char *path = mem_format("%s/%s", place->dir, name);
    assert_true(readlink(path, text, sizeof text - 1) > 0);
    assert_string_equal(text, expected);
    free(path);
}

static void test_the_layout(void **state)
{
    struct place *place = *state;
    struct failure why;
    make_gate(place);
    char *path = gate_linker_path(place->dir, "tools/bin/my-ld");
    char *expected = mem_format("%s/gate/bin/my-ld", place->dir);
    assert_string_equal(path, expected);
    expect_link(place, "gate/bin/my-ld", "/proc/self/exe");
    expect_link(place, "gate/linker", "tools/bin/my-ld");
    char *dir = gate_keeper_dir(path);
    assert_string_equal(dir, place->dir);
    char *linker = gate_keeper_linker(dir, &why);
    assert_string_equal(linker, "tools/bin/my-ld");
    free(linker);
    free(dir);
    free(expected);
    free(path);
}

static void test_a_bare_name(void **state)
{
    struct place *place = *state;
    char *path = gate_linker_path(place->dir, "cc");
    assert_string_equal(path + strlen(place->dir), "/gate/bin/cc");
    free(path);
}

static int next_fd(void)
{
    int fd = open("/dev/null", O_RDONLY);
    close(fd);
    return fd;
}

static void test_it_cannot_be_made(void **state)
{
    struct place *place = *state;
    struct failure why;
    struct gate_spec spec = spec_of(place);
    int free_fd = next_fd();
    for (int i = 0; i < 2; i++) { // one file is in the way, each time a later one
        static const char *const parts[] = {GATE_ASKED, GATE_GO};
        char *in_the_way = mem_format("%s/%s", place->dir, parts[i]);
        char *folder = mem_format("%s/gate", place->dir);
        assert_int_equal(mkdir(folder, S_IRWXU), 0);
        support_write_file(in_the_way, "");
        assert_null(gate_create(&spec, &why));
        assert_non_null(strstr(why.text, in_the_way));
        assert_non_null(strstr(why.text, "file exists"));
        assert_true(tree_remove(folder, &why));
        free(folder);
        free(in_the_way);
    }
    make_gate(place);
    assert_null(gate_create(&spec, &why)); // there is one already
    close_gate(place);
    uv_run(&place->loop, UV_RUN_DEFAULT);
    spec.dir = "/proc/none";
    assert_null(gate_create(&spec, &why));
    assert_int_equal(next_fd(), free_fd); // nothing stayed open
}

// --- Waiting

static void test_asked_and_then_opened(void **state)
{
    struct place *place = *state;
    struct failure why;
    make_gate(place);
    assert_false(gate_is_open(place->dir));
    pid_t keeper = start_keeper(place->dir);
    run_until_told(place);
    expect_waiting(keeper);
    assert_true(gate_open(place->dir, &why));
    assert_true(gate_is_open(place->dir));
    expect_waiting(keeper); // its owner was not told yet
    run_until_opened(place);
    expect_end(keeper, PASSED);
}

static void test_opened_and_then_asked(void **state)
{
    struct place *place = *state;
    struct failure why;
    make_gate(place);
    assert_true(gate_open(place->dir, &why));
    assert_true(gate_open(place->dir, &why)); // again is no failure
    run_until_opened(place);
    assert_int_equal(place->told, 0);
    expect_end(start_keeper(place->dir), PASSED);
    run_until_told(place);
}

// rustc may call its linker again: with other flags, or for the next crate type.
static void test_asked_several_times(void **state)
{
    struct place *place = *state;
    make_gate(place);
    place->open_when_told = true;
    pid_t first = start_keeper(place->dir);
    run_until_told(place);
    run_until_opened(place);
    expect_end(first, PASSED);
    for (int i = 0; i < 3; i++) {
        expect_end(start_keeper(place->dir), PASSED);
        uv_run(&place->loop, UV_RUN_NOWAIT);
    }
    assert_int_equal(place->told, 1);
    assert_int_equal(place->opened, 1);
}

// More than one read takes, and after an end of all other writers.
static void test_told_once(void **state)
{
    struct place *place = *state;
    make_gate(place);
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < 20; i++) {
            put_byte(place, GATE_ASKED, GATE_SAYS_ASKED);
        }
        for (int i = 0; i < 4; i++) {
            uv_run(&place->loop, UV_RUN_NOWAIT);
        }
        assert_int_equal(place->told, 1);
    }
}

static void test_another_process_opens(void **state)
{
    struct place *place = *state;
    struct failure why;
    make_gate(place);
    pid_t keeper = start_keeper(place->dir);
    run_until_told(place);
    pid_t opener = fork();
    if (opener == 0) {
        platform_close_from(STDERR_FILENO + 1);
        _exit(gate_open(place->dir, &why) ? EXIT_SUCCESS : EXIT_FAILURE);
    }
    expect_end(opener, EXIT_SUCCESS);
    run_until_opened(place);
    expect_end(keeper, PASSED);
    assert_true(gate_is_open(place->dir));
}

// --- The gate is closed

static void test_closed_while_one_waits(void **state)
{
    struct place *place = *state;
    make_gate(place);
    pid_t keeper = start_keeper(place->dir);
    run_until_told(place);
    close_gate(place);
    expect_end(keeper, GONE);
}

static void test_closed_from_within(void **state)
{
    struct place *place = *state;
    make_gate(place);
    place->close_when_told = true;
    pid_t keeper = start_keeper(place->dir);
    run_until_told(place);
    expect_end(keeper, GONE);
    uv_run(&place->loop, UV_RUN_DEFAULT);
    assert_int_equal(place->told, 1);
}

static void test_no_event_after_the_close(void **state)
{
    struct place *place = *state;
    make_gate(place);
    put_byte(place, GATE_ASKED, GATE_SAYS_ASKED);
    close_gate(place);
    uv_run(&place->loop, UV_RUN_DEFAULT);
    assert_int_equal(place->told, 0);
    gate_close(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ROW(test_the_layout),
        ROW(test_a_bare_name),
        ROW(test_it_cannot_be_made),
        ROW(test_asked_and_then_opened),
        ROW(test_opened_and_then_asked),
        ROW(test_asked_several_times),
        ROW(test_told_once),
        ROW(test_another_process_opens),
        ROW(test_closed_while_one_waits),
        ROW(test_closed_from_within),
        ROW(test_no_event_after_the_close),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
