#include "child_record.h"

static void fail_to_start(struct bench *bench, const char *program, const char *cwd,
                          const char *sentence)
{
    struct failure why = {{0}};
    char *argv[] = {(char *)program, NULL};
    struct child_spec spec = {.argv = argv, .envp = environment, .cwd = cwd};
    assert_null(child_create(&bench->reaper, &spec, &events, NULL, &why));
    assert_string_equal(why.text, sentence);
    assert_null(bench->reaper.groups);
}

static void test_what_cannot_be_started(void **state)
{
    struct bench *bench = *state;
    char *plain = support_path(bench, "plain");
    support_write_file(plain, "no program");
    fail_to_start(bench, "no-such-rustc", bench->dir,
                  "cannot start 'no-such-rustc': no such file or directory");
    fail_to_start(bench, "./no-such-rustc", NULL,
                  "cannot start './no-such-rustc': no such file or directory");
    fail_to_start(bench, "./plain", bench->dir, "cannot start './plain': permission denied");
    fail_to_start(bench, "", NULL, "cannot start '': no such file or directory");
    fail_to_start(bench, "sh", "/no/such/dir",
                  "cannot start 'sh' in '/no/such/dir': no such file or directory");
    chmod(plain, S_IRWXU);
    fail_to_start(bench, "./plain", bench->dir, "cannot start './plain': exec format error");
    free(plain);
}

static void test_program_is_searched_in_the_childs_path(void **state)
{
    struct bench *bench = *state;
    struct failure why;
    char *program = support_path(bench, "relay-test-program");
    support_write_file(program, "#!/bin/sh\necho \"$0 $1\"\n");
    chmod(program, S_IRWXU);
    char *path = mem_format("PATH=/no/such/dir:%s:/bin", bench->dir);
    char *envp[] = {path, NULL};
    char *argv[] = {"relay-test-program", "arg", NULL};
    struct record record = {0};
    struct child_spec spec = {.argv = argv, .envp = envp};
    record.child = child_create(&bench->reaper, &spec, &events, &record, &why);
    assert_non_null(record.child);
    uv_run(&bench->loop, UV_RUN_DEFAULT);
    char *expected = mem_format("%s arg\n", program);
    expect(&record, expected, "", 0);
    free(expected);
    free(path);
    free(program);
    finish(&record);
}

static void test_what_a_child_inherits(void **state)
{
    struct bench *bench = *state;
    struct record record = {0};
    // One of ours that must not get there.
    int leak = open("/dev/null", O_RDONLY | O_CLOEXEC);
    run(bench, &record,
        "readlink /proc/self/fd/0; echo again > /dev/stderr; pwd; echo $COLOUR; env | wc -l;"
        "ls /proc/self/fd | tr '\\n' ' ';"
        "[ $(cut -d' ' -f5 /proc/$$/stat) = $$ ] && [ $(cut -d' ' -f6 /proc/$$/stat) = $$ ]");
    close(leak);
    // env shows PATH, COLOUR and the PWD of sh; ls has its directory at 3.
    char *expected = mem_format("/dev/null\n%s\nblue\n3\n0 1 2 3 ", bench->dir);
    expect(&record, expected, "[again]", 0);
    free(expected);
    finish(&record);
}

// Without a shell between: it would clear its own mask.
static void test_signals_are_as_in_a_fresh_process(void **state)
{
    struct bench *bench = *state;
    struct failure why;
    char *argv[] = {"grep", "-E", "^Sig(Blk|Ign)", "/proc/self/status", NULL};
    struct record record = {0};
    struct child_spec spec = {.argv = argv, .envp = environment};
    sigset_t blocked;
    sigset_t before;
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGUSR1);
    sigprocmask(SIG_BLOCK, &blocked, &before);
    record.child = child_create(&bench->reaper, &spec, &events, &record, &why);
    sigprocmask(SIG_SETMASK, &before, NULL);
    assert_non_null(record.child);
    uv_run(&bench->loop, UV_RUN_DEFAULT);
    expect(&record, "SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n", "", 0);
    finish(&record);
}

int main(void)
{
    // What our own parent leaked to us is not what the tests are about.
    platform_close_from(STDERR_FILENO + 1);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_what_cannot_be_started, bench_start, bench_stop),
        cmocka_unit_test_setup_teardown(test_program_is_searched_in_the_childs_path, bench_start,
                                        bench_stop),
        cmocka_unit_test_setup_teardown(test_what_a_child_inherits, bench_start, bench_stop),
        cmocka_unit_test_setup_teardown(test_signals_are_as_in_a_fresh_process, bench_start,
                                        bench_stop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
