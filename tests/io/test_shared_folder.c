#include "stage.h"

#include "io/link_tree.h"
#include "io/shared_folder.h"

#include <sys/file.h>

enum { PASSED = 42, MAKERS_AT_ONCE = 8, ROUNDS = 20 };

// external/rust with two files.
static const struct input files[] = {
    {.path = "external/rust/bin/rustc", .digest = "1", .digest_len = 1},
    {.path = "external/rust/lib/std", .digest = "2", .digest_len = 1},
};
enum { FILES = sizeof files / sizeof files[0] };
#define WHOLE "bin/ bin/rustc lib/ lib/std"

static int start(void **state)
{
    stage_start(state);
    for (size_t i = 0; i < FILES; i++) {
        stage_add(*state, files[i].path);
    }
    return 0;
}

static char *try_path(const struct stage *stage, const struct input *items, struct failure *why)
{
    struct root_inputs inputs = {.sandbox = stage->sandbox, .items = items, .count = FILES};
    struct input_group group = input_group_at(&inputs, 0);
    char *state_root = stage_path(stage, "state");
    char *path = shared_folder_path(state_root, &group, why);
    free(state_root);
    return path;
}

static char *path_of(const struct stage *stage, const struct input *items)
{
    struct failure why = {""};
    char *path = try_path(stage, items, &why);
    if (path == NULL) {
        fail_msg("%s", why.text);
    }
    return path;
}

static void expect_whole(const struct stage *stage, const char *path)
{
    char *real = stage_path(stage, "execroot/external/rust/bin/rustc");
    stage_expect_names(path, WHOLE);
    stage_expect_link(path, "bin/rustc", real);
    free(real);
}

static void test_it_is_made_once(void **state)
{
    const struct stage *stage = *state;
    char *path = path_of(stage, files);
    expect_whole(stage, path);
    stage_mark(path, "bin/rustc");
    char *again = path_of(stage, files);
    assert_string_equal(again, path);
    stage_expect_link(path, "bin/rustc", "marked");
    free(path);
    free(again);
}

static void expect_another(const struct stage *stage, const char *path, const struct input *items)
{
    char *other = path_of(stage, items);
    assert_string_not_equal(other, path);
    free(other);
}

static void test_other_content_is_another_folder(void **state)
{
    const struct stage *stage = *state;
    char *path = path_of(stage, files);
    struct input changed[FILES] = {files[0], files[1]};
    changed[1].digest = "3";
    expect_another(stage, path, changed);
    // What one item ends with is not what the next one begins with.
    changed[1].digest = "22";
    changed[1].digest_len = 2;
    expect_another(stage, path, changed);
    struct input moved[FILES] = {files[0], files[1]};
    moved[1].path = "external/rust/lib/st";
    moved[1].digest = "d2";
    moved[1].digest_len = 2;
    expect_another(stage, path, moved);
    // The same files of another place, as in an output base whose repository was made elsewhere.
    char *planted = stage_path(stage, "execroot/external/rust");
    char *elsewhere = stage_path(stage, "elsewhere");
    assert_int_equal(rename(planted, elsewhere), 0);
    stage_link(elsewhere, planted);
    expect_another(stage, path, files);
    expect_whole(stage, path); // nobody touched it
    free(path);
    free(planted);
    free(elsewhere);
}

static void test_half_a_folder_is_made_anew(void **state)
{
    const struct stage *stage = *state;
    char *path = path_of(stage, files);
    char *manifest = mem_format("%s.manifest", path);
    char *link = mem_format("%s/lib/std", path);
    assert_int_equal(unlink(manifest), 0);
    assert_int_equal(unlink(link), 0);
    stage_mark(path, "bin/rustc");
    free(path_of(stage, files));
    expect_whole(stage, path);
    struct failure why;
    assert_true(tree_remove(path, &why)); // the manifest stays
    free(path_of(stage, files));
    expect_whole(stage, path);
    free(path);
    free(manifest);
    free(link);
}

static void test_one_that_cannot_be_made(void **state)
{
    const struct stage *stage = *state;
    struct failure why;
    char *obstacle = stage_path(stage, "state");
    support_write_file(obstacle, "");
    assert_null(try_path(stage, files, &why));
    assert_non_null(strstr(why.text, obstacle));
    assert_int_equal(unlink(obstacle), 0);
    // A failure leaves nothing that passes for a whole folder.
    assert_true(tree_remove(stage->sandbox, &why));
    assert_null(try_path(stage, files, &why));
    stage_add(stage, files[0].path);
    stage_add(stage, files[1].path);
    char *path = path_of(stage, files);
    expect_whole(stage, path);
    free(path);
    free(obstacle);
}

// --- Several processes

// Starts when the writing end of the pipe is closed everywhere.
static pid_t start_maker(const struct stage *stage, const int gate[2])
{
    pid_t pid = fork();
    if (pid == 0) {
        struct failure why;
        char byte;
        close(gate[1]);
        bool went = read(gate[0], &byte, 1) == 0;
        char *path = went ? try_path(stage, files, &why) : NULL;
        _exit(path != NULL && access(path, F_OK) == 0 ? PASSED : EXIT_FAILURE);
    }
    assert_true(pid > 0);
    return pid;
}

static void expect_passed(pid_t pid)
{
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == PASSED);
}

// Does the kernel list the process among those that wait for a lock?
static bool waits_for_lock(pid_t pid)
{
    char *locks = support_read_file("/proc/locks");
    char *number = mem_format(" %ld ", (long)pid);
    bool waits = false;
    for (char *line = locks; line != NULL && !waits; line = strchr(line + 1, '\n')) {
        const char *blocked = strstr(line, "->");
        const char *found = strstr(line, number);
        const char *end = line[0] == '\0' ? NULL : strchr(line + 1, '\n');
        waits = blocked != NULL && found != NULL && end != NULL && blocked < end && found < end;
    }
    free(number);
    free(locks);
    return waits;
}

// We are the process that makes it first: the other one must wait, and take what we made.
static void test_the_second_waits_for_the_first(void **state)
{
    const struct stage *stage = *state;
    char *path = path_of(stage, files);
    char *place = mem_dup_len(path, strlen(path) - strlen("/tree"));
    int gate[2];
    assert_int_equal(pipe(gate), 0);
    pid_t maker = start_maker(stage, gate); // before the lock, which it would inherit
    int lock = open(place, O_RDONLY | O_DIRECTORY);
    assert_true(lock >= 0 && flock(lock, LOCK_EX) == 0);
    char *manifest = mem_format("%s.manifest", path);
    char *hidden = mem_format("%s.hidden", manifest);
    stage_mark(path, "bin/rustc");
    assert_int_equal(rename(manifest, hidden), 0); // not whole yet
    close(gate[0]);
    close(gate[1]);
    int status;
    while (!waits_for_lock(maker)) {
        assert_int_equal(waitpid(maker, &status, WNOHANG), 0); // it has not gone on
    }
    assert_int_equal(rename(hidden, manifest), 0);
    close(lock);
    expect_passed(maker);
    stage_expect_link(path, "bin/rustc", "marked");
    free(path);
    free(place);
    free(manifest);
    free(hidden);
}

static void test_many_at_once(void **state)
{
    const struct stage *stage = *state;
    for (int round = 0; round < ROUNDS; round++) {
        int gate[2];
        pid_t makers[MAKERS_AT_ONCE];
        assert_int_equal(pipe(gate), 0);
        for (int i = 0; i < MAKERS_AT_ONCE; i++) {
            makers[i] = start_maker(stage, gate);
        }
        close(gate[0]);
        close(gate[1]);
        for (int i = 0; i < MAKERS_AT_ONCE; i++) {
            expect_passed(makers[i]);
        }
        char *path = path_of(stage, files);
        expect_whole(stage, path);
        struct failure why;
        char *state_root = stage_path(stage, "state");
        assert_true(tree_remove(state_root, &why));
        free(state_root);
        free(path);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_it_is_made_once, start, stage_stop),
        cmocka_unit_test_setup_teardown(test_other_content_is_another_folder, start, stage_stop),
        cmocka_unit_test_setup_teardown(test_half_a_folder_is_made_anew, start, stage_stop),
        cmocka_unit_test_setup_teardown(test_one_that_cannot_be_made, start, stage_stop),
        cmocka_unit_test_setup_teardown(test_the_second_waits_for_the_first, start, stage_stop),
        cmocka_unit_test_setup_teardown(test_many_at_once, start, stage_stop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
