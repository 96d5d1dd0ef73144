#include "support.h"

#include "base/file.h"
#include "store/state_dir.h"

#include <dirent.h>

enum { PASSED = 42, WORKERS_AT_ONCE = 8, ROUNDS = 20 };

static const struct strlist nothing = {0};

static int start(void **state)
{
    *state = support_directory("/tmp");
    return 0;
}

static int stop(void **state)
{
    struct failure why;
    assert(tree_remove(*state, &why));
    free(*state);
    return 0;
}

static int entries_in(const char *path)
{
    DIR *dir = opendir(path);
    if (dir == NULL) {
        return -1;
    }
    int count = 0;
    while (readdir(dir) != NULL) {
        count++;
    }
    closedir(dir);
    return count - 2;
}

static bool is_private_directory(const char *path)
{
    struct stat info;
    return lstat(path, &info) == 0 && S_ISDIR(info.st_mode) && (info.st_mode & 0777) == 0700;
}

static void open_state(struct state_dir *state, const char *base)
{
    struct failure why;
    assert_true(state_dir_open(state, base, "/", &why));
}

static void test_life_of_a_state_directory(void **test_state)
{
    struct state_dir state;
    struct failure why;
    char *base = mem_format("%s/deep/base", (char *)*test_state);
    open_state(&state, base);
    char *root = mem_dup(state.dir);
    char *path = state_dir_make(&state, 7, &nothing, &why);
    assert_non_null(path);
    assert_true(is_private_directory(base) && is_private_directory(path));
    assert_memory_equal(path, root, strlen(root));
    assert_null(state_dir_make(&state, 7, &nothing, &why));
    assert_true(state_dir_remove(path, &why));
    assert_true(state_dir_remove(path, &why));
    free(path);
    path = state_dir_make(&state, 7, &nothing, &why);
    assert_non_null(path);
    state_dir_close(&state);
    state_dir_close(&state);
    assert_int_equal(entries_in(root), 0);
    free(path);
    free(root);
    free(base);
}

// Makes a state directory in `base` and dies without a word.
static void leave_dead_worker(const char *base)
{
    pid_t pid = fork();
    if (pid == 0) {
        struct state_dir state;
        struct failure why;
        bool ok = state_dir_open(&state, base, "/", &why);
        char *path = ok ? state_dir_make(&state, 1, &nothing, &why) : NULL;
        char *file = path == NULL ? NULL : mem_format("%s/libx.rlib", path);
        if (file != NULL) {
            support_write_file(file, "left behind");
        }
        raise(SIGKILL);
    }
    assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static void test_dead_workers_are_swept_and_live_ones_kept(void **test_state)
{
    const char *base = *test_state;
    struct state_dir live;
    struct state_dir next;
    struct failure why;
    open_state(&live, base);
    char *path = state_dir_make(&live, 1, &nothing, &why);
    leave_dead_worker(base);
    assert_int_equal(entries_in(live.dir), 4);
    char *unlocked = mem_format("%s/worker-1-0000", live.dir);
    char *foreign = mem_format("%s/something-else", live.dir);
    mkdir(unlocked, 0700);
    mkdir(foreign, 0700);
    open_state(&next, base);
    assert_true(is_private_directory(path));
    assert_true(is_private_directory(foreign));
    assert_int_equal(entries_in(live.dir), 5);
    char *root = mem_dup(next.dir);
    state_dir_close(&next);
    state_dir_close(&live);
    assert_int_equal(entries_in(root), 1);
    free(root);
    free(unlocked);
    free(foreign);
    free(path);
}

_Noreturn static void open_and_close(const char *base)
{
    bool ok = true;
    for (int i = 0; i < ROUNDS && ok; i++) {
        struct state_dir state;
        struct failure why;
        ok = state_dir_open(&state, base, "/", &why);
        char *path = ok ? state_dir_make(&state, 1, &nothing, &why) : NULL;
        // Others open and sweep all the time: what is ours must stay.
        for (int looks = 0; looks < 50 && ok; looks++) {
            ok = path != NULL && is_private_directory(path) && access(state.lock, F_OK) == 0;
        }
        free(path);
        if (ok && i % 2 == 0) {
            state_dir_close(&state);
        }
    }
    _exit(ok ? PASSED : 1);
}

static void test_many_open_and_sweep_at_once(void **test_state)
{
    const char *base = *test_state;
    struct state_dir last;
    for (int i = 0; i < WORKERS_AT_ONCE; i++) {
        leave_dead_worker(base);
        if (fork() == 0) {
            open_and_close(base);
        }
    }
    for (int i = 0; i < WORKERS_AT_ONCE; i++) {
        int status = 0;
        assert_true(waitpid(-1, &status, 0) > 0);
        assert_true(WIFEXITED(status) && WEXITSTATUS(status) == PASSED);
    }
    open_state(&last, base);
    assert_int_equal(entries_in(last.dir), 2);
    state_dir_close(&last);
}

static void expect_folders(struct state_dir *state, uint64_t serial, const struct strlist *folders)
{
    struct failure why;
    char *path = state_dir_make(state, serial, folders, &why);
    assert_non_null(path);
    assert_true(is_private_directory(path));
    assert_int_equal(entries_in(path), folders->count);
    for (size_t i = 0; i < folders->count; i++) {
        char *folder = path_join(path, folders->items[i]);
        assert_true(is_private_directory(folder));
        free(folder);
    }
    free(path);
}

// Whatever the last one wanted, and whatever happened to what was made ahead.
static void test_made_ahead_or_not_it_has_its_folders(void **test_state)
{
    struct state_dir state;
    struct failure why;
    struct strlist wanted[3] = {{0}};
    uint64_t serial = 0;
    strlist_push(&wanted[1], "out");
    strlist_push(&wanted[2], "tmp");
    strlist_push(&wanted[2], "out");
    open_state(&state, *test_state);
    char *ahead = path_join(state.worker, "ahead");
    for (size_t last = 0; last < 3; last++) {
        for (size_t next = 0; next < 3; next++) {
            expect_folders(&state, serial++, &wanted[last]);
            state_dir_make_ahead(&state);
            state_dir_make_ahead(&state);
            assert_int_equal(entries_in(ahead), wanted[last].count);
            expect_folders(&state, serial++, &wanted[next]);
        }
    }
    expect_folders(&state, serial++, &wanted[2]);
    state_dir_make_ahead(&state);
    assert_true(tree_remove(ahead, &why));
    expect_folders(&state, serial++, &wanted[2]);
    state_dir_make_ahead(&state);
    assert_int_equal(entries_in(ahead), 2);
    expect_folders(&state, serial++, &wanted[2]);
    assert_int_equal(entries_in(ahead), -1);
    state_dir_close(&state);
    free(ahead);
    for (size_t i = 0; i < 3; i++) {
        strlist_finish(&wanted[i]);
    }
}

static void test_removed_directory_is_made_again(void **test_state)
{
    const char *base = *test_state;
    struct state_dir state;
    struct failure why;
    open_state(&state, base);
    assert_true(tree_remove(state.worker, &why));
    char *first = state_dir_make(&state, 1, &nothing, &why);
    assert_true(first != NULL && is_private_directory(first));
    assert_true(tree_remove(state.dir, &why));
    char *second = state_dir_make(&state, 2, &nothing, &why);
    assert_true(second != NULL && is_private_directory(second));
    leave_dead_worker(base);
    struct state_dir next;
    open_state(&next, base);
    assert_true(is_private_directory(second));
    state_dir_close(&next);
    state_dir_close(&state);
    free(first);
    free(second);
}

static void make_directories(const char *dir, const char *const names[])
{
    struct failure why;
    for (; *names != NULL; names++) {
        char *path = mem_format("%s/%s", dir, *names);
        assert_true(tree_make(path, 0755, &why));
        free(path);
    }
}

static void test_a_removal_that_was_cut_short_is_finished(void **test_state)
{
    const char *base = *test_state;
    static const char *const names[] = {"1/worker-1-00ff", "1/worker-1-00ff.gone/2/deps",
                                        "1/worker-2-00ff.gone/1", NULL};
    char *root = mem_format("%s/1", base);
    assert_int_equal(mkdir(root, S_IRWXU), 0);
    free(root);
    make_directories(base, names);
    struct state_dir state;
    struct failure why;
    assert_true(state_dir_open(&state, base, "/", &why));
    for (size_t i = 0; names[i] != NULL; i++) {
        char *path = mem_format("%s/%s", base, names[i]);
        assert_int_equal(access(path, F_OK), -1);
        free(path);
    }
    state_dir_close(&state);
}

static void test_output_base_is_found(void **test_state)
{
    const char *base = *test_state;
    static const char *const names[] = {"server", "execroot/ws/bazel-out",
                                        "sandbox/linux-sandbox/3/execroot/ws", NULL};
    static const char *const working[] = {"", "/execroot/ws", "/execroot/ws/bazel-out",
                                          "/sandbox/linux-sandbox/3/execroot/ws"};
    make_directories(base, names);
    char *expected = mem_format("%s/rustc-relay/" STATE_DIR_FORMAT, base);
    for (size_t i = 0; i < sizeof working / sizeof working[0]; i++) {
        struct state_dir state;
        struct failure why;
        char *cwd = mem_format("%s%s", base, working[i]);
        assert_true(state_dir_open(&state, NULL, cwd, &why));
        assert_string_equal(state.dir, expected);
        state_dir_close(&state);
        free(cwd);
    }
    free(expected);
}

static void test_relative_explicit_directory(void **test_state)
{
    struct state_dir state;
    struct failure why;
    char *expected = mem_format("%s/rel/" STATE_DIR_FORMAT, (char *)*test_state);
    assert_true(state_dir_open(&state, "rel", *test_state, &why));
    assert_string_equal(state.dir, expected);
    state_dir_close(&state);
    free(expected);
}

static void expect_temporary(const char *tmp, const char *cwd)
{
    struct state_dir state;
    struct failure why;
    char *expected =
        mem_format("%s/rustc-relay-%lu/" STATE_DIR_FORMAT, tmp, (unsigned long)geteuid());
    assert_true(state_dir_open(&state, NULL, cwd, &why));
    assert_string_equal(state.dir, expected);
    assert_true(is_private_directory(state.worker));
    state_dir_close(&state);
    free(expected);
}

static void test_temporary_directory_is_the_fallback(void **test_state)
{
    const char *tmp = *test_state;
    static const char *const names[] = {"base/server", "base/execroot/ws", NULL};
    assert_int_equal(setenv("TMPDIR", tmp, 1), 0);
    expect_temporary(tmp, tmp);
    // An output base where nothing can be made, as in linux-sandbox. A file in the way works as
    // root too.
    make_directories(tmp, names);
    char *obstacle = mem_format("%s/base/rustc-relay", tmp);
    char *cwd = mem_format("%s/base/execroot/ws", tmp);
    support_write_file(obstacle, "");
    expect_temporary(tmp, cwd);
    free(obstacle);
    free(cwd);
    unsetenv("TMPDIR");
}

static void expect_refusal(const char *tmp)
{
    struct state_dir state;
    struct failure why;
    char *sentence =
        mem_format("cannot use '%s/rustc-relay-%lu' for our files: it must be a directory "
                   "of this user with mode 0700 (--state-dir names another place)",
                   tmp, (unsigned long)geteuid());
    assert_false(state_dir_open(&state, NULL, tmp, &why));
    assert_string_equal(why.text, sentence);
    state_dir_close(&state);
    free(sentence);
}

static void test_temporary_directory_of_others_is_refused(void **test_state)
{
    const char *tmp = *test_state;
    char *dir = mem_format("%s/rustc-relay-%lu", tmp, (unsigned long)geteuid());
    char *elsewhere = mem_format("%s/elsewhere", tmp);
    assert_int_equal(setenv("TMPDIR", tmp, 1), 0);
    mkdir(dir, 0700);
    chmod(dir, 0777);
    expect_refusal(tmp);
    rmdir(dir);
    mkdir(elsewhere, 0700);
    assert_int_equal(symlink(elsewhere, dir), 0);
    expect_refusal(tmp);
    assert_int_equal(entries_in(elsewhere), 0);
    unlink(dir);
    unsetenv("TMPDIR");
    free(dir);
    free(elsewhere);
}

static void test_explicit_directory_has_no_fallback(void **test_state)
{
    struct state_dir state;
    struct failure why;
    char *file = mem_format("%s/file", (char *)*test_state);
    support_write_file(file, "");
    assert_false(state_dir_open(&state, file, "/", &why));
    assert_memory_equal(why.text, "cannot make the directory '", 27);
    state_dir_close(&state);
    free(file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_life_of_a_state_directory, start, stop),
        cmocka_unit_test_setup_teardown(test_dead_workers_are_swept_and_live_ones_kept, start,
                                        stop),
        cmocka_unit_test_setup_teardown(test_many_open_and_sweep_at_once, start, stop),
        cmocka_unit_test_setup_teardown(test_made_ahead_or_not_it_has_its_folders, start, stop),
        cmocka_unit_test_setup_teardown(test_removed_directory_is_made_again, start, stop),
        cmocka_unit_test_setup_teardown(test_a_removal_that_was_cut_short_is_finished, start, stop),
        cmocka_unit_test_setup_teardown(test_output_base_is_found, start, stop),
        cmocka_unit_test_setup_teardown(test_relative_explicit_directory, start, stop),
        cmocka_unit_test_setup_teardown(test_temporary_directory_is_the_fallback, start, stop),
        cmocka_unit_test_setup_teardown(test_temporary_directory_of_others_is_refused, start, stop),
        cmocka_unit_test_setup_teardown(test_explicit_directory_has_no_fallback, start, stop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
