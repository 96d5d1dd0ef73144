// Whether files have changed since a process began to read them.
#include "support.h"

#include "roots/input_stamps.h"

#define OUTPUT "bazel-out/made"

struct files {
    struct bench *bench;
    struct input_stamps *stamps;
    char *dir; // with a source, a file, an output, and a link to the file
};

static char *path_of(const struct files *files, const char *name)
{
    return mem_format("%s/%s", files->dir, name);
}

static void write_to(const struct files *files, const char *name, const char *text)
{
    char *path = path_of(files, name);
    support_write_file(path, text);
    free(path);
}

// As Bazel does: never through what was there.
static void replace(const struct files *files, const char *name, const char *text)
{
    char *path = path_of(files, name);
    assert_int_equal(unlink(path), 0);
    support_write_file(path, text);
    free(path);
}

static void close_permissions(const struct files *files, const char *name)
{
    char *path = path_of(files, name);
    assert_int_equal(chmod(path, S_IRUSR), 0);
    free(path);
}

static void make(const struct files *files)
{
    char *folder = path_of(files, "bazel-out");
    char *link = path_of(files, "link");
    assert_int_equal(mkdir(files->dir, S_IRWXU), 0);
    assert_int_equal(mkdir(folder, S_IRWXU), 0);
    assert_int_equal(symlink("file", link), 0);
    write_to(files, "main.rs", "source");
    write_to(files, "file", "file");
    write_to(files, OUTPUT, "made");
    free(link);
    free(folder);
}

static int start(void **state)
{
    struct files *files = mem_zalloc(sizeof *files);
    void *bench = NULL;
    bench_start(&bench);
    files->bench = bench;
    files->dir = support_path(files->bench, "dir");
    make(files);
    files->stamps = input_stamps_create(&files->bench->loop);
    input_stamps_set_dir(files->stamps, files->dir);
    input_stamps_begin(files->stamps);
    *state = files;
    return 0;
}

static int stop(void **state)
{
    struct files *files = *state;
    void *bench = files->bench;
    input_stamps_close(files->stamps);
    free(files->dir);
    free(files);
    return bench_stop(&bench);
}

static void add(const struct files *files, const char *const *names)
{
    for (; *names != NULL; names++) {
        input_stamps_add(files->stamps, *names);
    }
}

static void add_all(const struct files *files)
{
    static const char *const names[] = {"main.rs", OUTPUT, "link", "/dev/null", NULL};
    add(files, names);
}

static void on_later(uv_timer_t *timer)
{
    int *is_later = timer->data;
    *is_later = 1;
}

// The stamps are taken, and the file system's clock has moved on.
static void let_time_pass(const struct files *files)
{
    int is_later = 0;
    uv_timer_t timer = {.data = &is_later};
    uv_timer_init(&files->bench->loop, &timer);
    uv_timer_start(&timer, on_later, 2 * INPUT_STAMPS_AFTER_MS, 0);
    support_run_until(&files->bench->loop, &is_later);
    uv_close((uv_handle_t *)&timer, NULL);
    uv_run(&files->bench->loop, UV_RUN_NOWAIT);
}

static void test_nothing_changes(void **state)
{
    struct files *files = *state;
    add_all(files);
    assert_false(input_stamps_differ(files->stamps));
    let_time_pass(files);
    assert_false(input_stamps_differ(files->stamps));
    input_stamps_pass_sources(files->stamps);
    assert_false(input_stamps_differ(files->stamps));
}

static void test_what_changes_at_once_is_no_change(void **state)
{
    struct files *files = *state;
    add_all(files);
    replace(files, "file", "other");
    assert_false(input_stamps_differ(files->stamps));
    let_time_pass(files);
    assert_false(input_stamps_differ(files->stamps));
}

static void test_a_file_is_changed_and_changed_back(void **state)
{
    struct files *files = *state;
    add_all(files);
    let_time_pass(files);
    replace(files, "file", "eggs");
    replace(files, "file", "file");
    assert_true(input_stamps_differ(files->stamps));
    input_stamps_begin(files->stamps);
    assert_true(input_stamps_differ(files->stamps));
}

static void test_a_file_is_changed_in_place_and_its_time_set_back(void **state)
{
    struct files *files = *state;
    struct stat info;
    char *path = path_of(files, "file");
    add_all(files);
    let_time_pass(files);
    assert_int_equal(stat(path, &info), 0);
    write_to(files, "file", "eggs");
    struct timespec times[2] = {info.st_atim, info.st_mtim};
    assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
    assert_true(input_stamps_differ(files->stamps));
    free(path);
}

static void test_an_output_is_sealed(void **state)
{
    struct files *files = *state;
    add_all(files);
    let_time_pass(files);
    close_permissions(files, OUTPUT);
    assert_false(input_stamps_differ(files->stamps));
    replace(files, OUTPUT, "made");
    assert_true(input_stamps_differ(files->stamps));
}

static void test_another_files_permissions(void **state)
{
    struct files *files = *state;
    add_all(files);
    let_time_pass(files);
    close_permissions(files, "file");
    assert_true(input_stamps_differ(files->stamps));
}

static void test_a_source_is_read_early(void **state)
{
    struct files *files = *state;
    add_all(files);
    let_time_pass(files);
    input_stamps_pass_sources(files->stamps);
    replace(files, "main.rs", "source");
    input_stamps_pass_sources(files->stamps);
    assert_false(input_stamps_differ(files->stamps));
    input_stamps_begin(files->stamps); // and once more by the next process
    assert_true(input_stamps_differ(files->stamps));
}

static void test_a_source_is_changed_before_it_is_read(void **state)
{
    struct files *files = *state;
    add_all(files);
    let_time_pass(files);
    replace(files, "main.rs", "source");
    input_stamps_pass_sources(files->stamps);
    assert_true(input_stamps_differ(files->stamps));
}

static void test_sources_are_read_at_once(void **state)
{
    struct files *files = *state;
    add_all(files);
    input_stamps_pass_sources(files->stamps);
    let_time_pass(files);
    replace(files, "main.rs", "source");
    assert_false(input_stamps_differ(files->stamps));
    input_stamps_begin(files->stamps);
    assert_true(input_stamps_differ(files->stamps));
}

// It may start again without a change.
static void test_sources_are_read_at_once_and_again(void **state)
{
    struct files *files = *state;
    add_all(files);
    input_stamps_pass_sources(files->stamps);
    let_time_pass(files);
    input_stamps_begin(files->stamps);
    assert_false(input_stamps_differ(files->stamps));
}

static void test_sources_are_read_and_gone(void **state)
{
    struct files *files = *state;
    input_stamps_add(files->stamps, "gone.rs");
    input_stamps_pass_sources(files->stamps);
    let_time_pass(files);
    assert_false(input_stamps_differ(files->stamps));
    input_stamps_begin(files->stamps);
    assert_true(input_stamps_differ(files->stamps));
}

static void assert_in_doubt(const struct files *files, const char *name)
{
    input_stamps_add(files->stamps, name);
    let_time_pass(files);
    assert_true(input_stamps_differ(files->stamps));
}

static void test_a_file_that_is_not_there(void **state)
{
    assert_in_doubt(*state, "missing");
}

static void test_a_folder(void **state)
{
    assert_in_doubt(*state, "bazel-out");
}

static void test_they_are_read_elsewhere(void **state)
{
    struct files *files = *state;
    char *dir = support_path(files->bench, "same");
    char *gone = support_path(files->bench, "gone");
    add_all(files);
    let_time_pass(files);
    assert_int_equal(symlink("dir", dir), 0);
    input_stamps_set_dir(files->stamps, dir);
    assert_false(input_stamps_differ(files->stamps));
    input_stamps_set_dir(files->stamps, gone);
    assert_true(input_stamps_differ(files->stamps));
    free(gone);
    free(dir);
}

static void test_none(void **state)
{
    (void)state;
    input_stamps_set_dir(NULL, "/");
    input_stamps_begin(NULL);
    input_stamps_pass_sources(NULL);
    assert_false(input_stamps_differ(NULL));
    input_stamps_close(NULL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_nothing_changes),
        TEST(test_what_changes_at_once_is_no_change),
        TEST(test_a_file_is_changed_and_changed_back),
        TEST(test_a_file_is_changed_in_place_and_its_time_set_back),
        TEST(test_an_output_is_sealed),
        TEST(test_another_files_permissions),
        TEST(test_a_source_is_read_early),
        TEST(test_a_source_is_changed_before_it_is_read),
        TEST(test_sources_are_read_at_once),
        TEST(test_sources_are_read_at_once_and_again),
        TEST(test_sources_are_read_and_gone),
        TEST(test_a_file_that_is_not_there),
        TEST(test_a_folder),
        TEST(test_they_are_read_elsewhere),
        TEST(test_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
