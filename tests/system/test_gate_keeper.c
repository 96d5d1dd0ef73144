// The linker's side of the gate: who waits there, until when, and what ends the wait.
#include "gate_place.h"

enum { MANY = 8 };

// --- Waiting

// One byte must do for all of them, also for who looked just before the gate was open.
static void test_many_wait(void **state)
{
    struct place *place = *state;
    pid_t keepers[MANY];
    make_gate(place);
    for (int i = 0; i < MANY; i++) {
        keepers[i] = start_keeper(place->dir);
    }
    put_byte(place, GATE_GO, GATE_SAYS_GO);
    for (int i = 0; i < MANY; i++) {
        expect_end(keepers[i], PASSED);
    }
    assert_false(gate_is_open(place->dir));
}

// The byte may have gone with one who was killed before it handed it on.
static void test_who_is_let_through_needs_no_byte(void **state)
{
    struct place *place = *state;
    struct failure why;
    char byte;
    char *path = mem_format("%s/%s", place->dir, GATE_GO);
    make_gate(place);
    assert_true(gate_pass(place->gate, &why));
    int fd = open(path, O_RDONLY | O_NONBLOCK);
    assert_int_equal(read(fd, &byte, 1), 1);
    close(fd);
    expect_end(start_keeper(place->dir), PASSED);
    free(path);
}

static void on_signal(int number)
{
    (void)number;
}

static void test_a_signal_does_not_end_the_wait(void **state)
{
    struct place *place = *state;
    struct failure why;
    struct sigaction action = {.sa_handler = on_signal}; // without SA_RESTART: read() ends
    struct sigaction before;
    sigaction(SIGUSR1, &action, &before);
    make_gate(place);
    pid_t keeper = start_keeper(place->dir);
    sigaction(SIGUSR1, &before, NULL);
    run_until_told(place);
    for (int i = 0; i < 3; i++) {
        expect_waiting(keeper);
        assert_int_equal(kill(keeper, SIGUSR1), 0); // it runs when this returns
    }
    expect_waiting(keeper);
    assert_true(gate_pass(place->gate, &why));
    expect_end(keeper, PASSED);
}

// --- The worker goes

struct owner {
    pid_t pid;
    int told_fd;    // a byte comes when the linker was asked for
    int program_fd; // the program that it has started lives until this is closed
};

static void tell_parent(void *owner)
{
    const int *fd = owner;
    assert(write(*fd, "", 1) == 1);
}

// A program of the worker's must not hold the gate for it. It tells when it is one: before, it is
// a copy of the worker.
static void start_program(const int fds[2])
{
    if (fork() == 0) {
        dup2(fds[0], STDIN_FILENO);
        dup2(fds[1], STDOUT_FILENO);
        execl("/bin/sh", "sh", "-c", "printf x; exec cat", (char *)NULL);
        _exit(EXIT_FAILURE);
    }
}

_Noreturn static void own(struct place *place, const int fds[2])
{
    uv_loop_t loop;
    struct failure why;
    struct gate_spec spec = spec_of(place);
    int told_fd = fds[1];
    spec.loop = &loop;
    spec.asked = tell_parent;
    spec.owner = &told_fd;
    if (uv_loop_init(&loop) == 0 && gate_create(&spec, &why) != NULL) {
        start_program(fds);
        uv_run(&loop, UV_RUN_DEFAULT);
    }
    _exit(EXIT_FAILURE);
}

static void await_byte(int fd)
{
    char byte;
    assert_int_equal(read(fd, &byte, 1), 1);
}

// Another process has the gate.
static struct owner start_owner(struct place *place)
{
    int told[2];
    int held[2];
    assert_true(pipe(told) == 0 && pipe(held) == 0);
    struct owner owner = {.pid = fork(), .told_fd = told[0], .program_fd = held[1]};
    if (owner.pid == 0) {
        close(held[1]);
        own(place, (int[]){held[0], told[1]});
    }
    close(told[1]);
    close(held[0]);
    await_byte(owner.told_fd);
    return owner;
}

static void kill_owner(const struct owner *owner)
{
    assert_int_equal(kill(owner->pid, SIGKILL), 0);
    assert_int_equal(waitpid(owner->pid, NULL, 0), owner->pid);
}

static void finish_owner(const struct owner *owner)
{
    close(owner->told_fd);
    close(owner->program_fd);
}

static void test_the_worker_is_killed_while_gates_wait(void **state)
{
    struct place *place = *state;
    pid_t keepers[MANY];
    struct owner owner = start_owner(place);
    for (int i = 0; i < MANY; i++) {
        keepers[i] = start_keeper(place->dir);
    }
    await_byte(owner.told_fd);
    expect_waiting(keepers[0]);
    kill_owner(&owner);
    for (int i = 0; i < MANY; i++) {
        expect_end(keepers[i], GONE);
    }
    finish_owner(&owner);
}

static void test_the_worker_was_killed_before(void **state)
{
    struct place *place = *state;
    struct failure why;
    struct owner owner = start_owner(place);
    kill_owner(&owner);
    expect_end(start_keeper(place->dir), GONE);
    assert_false(gate_open(place->dir, &why));
    assert_non_null(strstr(why.text, "its rustc is gone"));
    expect_end(start_keeper(place->dir), GONE); // open, and still nobody's
    finish_owner(&owner);
}

// --- The linker's side alone

static void expect_no_dir(const char *argv0)
{
    char *dir = gate_keeper_dir(argv0);
    if (dir != NULL) {
        fail_msg("'%s' was taken for a linker of '%s'", argv0 == NULL ? "" : argv0, dir);
    }
}

static void test_who_is_a_linker(void **state)
{
    struct place *place = *state;
    char *path = gate_linker_path(place->dir, "cc");
    char *elsewhere = mem_format("%s/bin/cc", place->dir);
    char *deeper = mem_format("%s/gate/bin/x/cc", place->dir);
    char *other = mem_format("%s/xgate/bin/cc", place->dir);
    expect_no_dir(path); // there is no gate yet
    make_gate(place);
    char *dir = gate_keeper_dir(path);
    assert_string_equal(dir, place->dir);
    expect_no_dir(elsewhere);
    expect_no_dir(deeper);
    expect_no_dir(other);
    assert_int_equal(chdir(place->dir), 0);
    expect_no_dir("gate/bin/my-ld");
    expect_no_dir("./gate/bin/my-ld");
    assert_int_equal(chdir("/"), 0);
    expect_no_dir("/gate/bin/cc");
    expect_no_dir("rustc-relay");
    expect_no_dir("/");
    expect_no_dir("");
    expect_no_dir(NULL);
    free(dir);
    free(other);
    free(deeper);
    free(elsewhere);
    free(path);
}

static void test_a_gate_that_is_gone(void **state)
{
    struct place *place = *state;
    struct failure why;
    assert_false(gate_keeper_wait(place->dir, &why));
    assert_non_null(strstr(why.text, "cannot link: cannot use the FIFO '"));
    assert_non_null(strstr(why.text, "gate/go': no such file or directory"));
    assert_null(gate_keeper_linker(place->dir, &why));
    assert_non_null(strstr(why.text, "gate/linker': no such file or directory"));
    assert_false(gate_open(place->dir, &why));
    assert_non_null(strstr(why.text, "gate/open': no such file or directory"));
    assert_false(gate_is_open(place->dir));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ROW(test_many_wait),
        ROW(test_who_is_let_through_needs_no_byte),
        ROW(test_a_signal_does_not_end_the_wait),
        ROW(test_the_worker_is_killed_while_gates_wait),
        ROW(test_the_worker_was_killed_before),
        ROW(test_who_is_a_linker),
        ROW(test_a_gate_that_is_gone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
