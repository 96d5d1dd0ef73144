#include "support.h"

#include "program/inlet.h"

#include <sys/socket.h>

struct record {
    struct inlet inlet;
    uv_loop_t loop;
    struct bytes frames; // each in brackets
    int closed;          // how often on_closed came
    bool clean;          // it came without a reason
    struct failure why;
    bool close_on_frame;
};

static void on_frame(void *owner, const char *frame, size_t len)
{
    struct record *record = owner;
    assert_int_equal(record->closed, 0);
    bytes_append_text(&record->frames, "[");
    bytes_append(&record->frames, frame, len);
    bytes_append_text(&record->frames, "]");
    if (record->close_on_frame) {
        inlet_close(&record->inlet);
        inlet_close(&record->inlet);
    }
}

static void on_closed(void *owner, const struct failure *why)
{
    struct record *record = owner;
    record->closed++;
    record->clean = why == NULL;
    if (why != NULL) {
        record->why = *why;
    }
    inlet_close(&record->inlet);
}

static const struct inlet_events events = {on_frame, on_closed};

static int start(void **state)
{
    struct record *record = mem_zalloc(sizeof *record);
    assert_int_equal(uv_loop_init(&record->loop), 0);
    *state = record;
    alarm(60);
    return 0;
}

static int stop(void **state)
{
    struct record *record = *state;
    inlet_close(&record->inlet);
    uv_run(&record->loop, UV_RUN_DEFAULT);
    assert(uv_loop_close(&record->loop) == 0);
    bytes_finish(&record->frames);
    free(record);
    alarm(0);
    return 0;
}

static bool try_open(struct record *record, int fd, struct failure *why)
{
    struct inlet_spec spec = {.fd = fd, .wire = WIRE_AUTO, .events = &events, .owner = record};
    return inlet_open(&record->inlet, &record->loop, &spec, why);
}

static void open_inlet(struct record *record, int fd)
{
    struct failure why;
    assert_true(try_open(record, fd, &why));
}

static void feed(int fd, const char *text)
{
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
}

static void feed_and_run(struct record *record, const char *text)
{
    int fds[2];
    assert_int_equal(pipe(fds), 0);
    open_inlet(record, fds[0]);
    feed(fds[1], text);
    close(fds[1]);
    uv_run(&record->loop, UV_RUN_DEFAULT);
    assert_int_equal(fcntl(fds[0], F_GETFD), -1);
}

static void test_frames_from_a_pipe(void **state)
{
    struct record *record = *state;
    feed_and_run(record, "{\"a\":1}\n{\"b\":2}\n");
    assert_string_equal(bytes_text(&record->frames), "[{\"a\":1}][{\"b\":2}]");
    assert_int_equal(record->closed, 1);
    assert_true(record->clean);
    assert_int_equal(inlet_wire(&record->inlet), WIRE_JSON);
}

static void test_nothing_at_all_is_a_clean_end(void **state)
{
    struct record *record = *state;
    feed_and_run(record, "");
    assert_int_equal(record->closed, 1);
    assert_true(record->clean);
}

static void test_truncated_frame(void **state)
{
    struct record *record = *state;
    feed_and_run(record, "{\"a\":1}\n{\"b\":");
    assert_string_equal(bytes_text(&record->frames), "[{\"a\":1}]");
    assert_int_equal(record->closed, 1);
    assert_false(record->clean);
    assert_string_equal(record->why.text, "stdin ended in the middle of a request");
}

static void test_broken_frame_is_the_last(void **state)
{
    struct record *record = *state;
    // A length of more than 64 bits, with what would be whole frames behind it.
    feed_and_run(record, "\002\030\001\377\377\377\377\377\377\377\377\377\377\377\002\030\001");
    assert_string_equal(bytes_text(&record->frames), "[\030\001]");
    assert_int_equal(record->closed, 1);
    assert_false(record->clean);
    assert_true(record->why.text[0] != '\0');
    assert_int_equal(inlet_wire(&record->inlet), WIRE_PROTO);
}

static void test_byte_by_byte_over_a_socket(void **state)
{
    struct record *record = *state;
    int fds[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
    open_inlet(record, fds[0]);
    const char *text = "{\"a\":1}\n{}\n";
    for (const char *at = text; *at != '\0'; at++) {
        assert_int_equal(write(fds[1], at, 1), 1);
        uv_run(&record->loop, UV_RUN_ONCE);
    }
    assert_string_equal(bytes_text(&record->frames), "[{\"a\":1}][{}]");
    close(fds[1]);
    uv_run(&record->loop, UV_RUN_DEFAULT);
    assert_true(record->closed == 1 && record->clean);
}

static void test_close_within_on_frame(void **state)
{
    struct record *record = *state;
    record->close_on_frame = true;
    feed_and_run(record, "{\"a\":1}\n{\"b\":2}\n");
    assert_string_equal(bytes_text(&record->frames), "[{\"a\":1}]");
    assert_int_equal(record->closed, 0);
}

static void expect_refusal(struct record *record, int fd, const char *sentence)
{
    struct failure why;
    assert_false(try_open(record, fd, &why));
    assert_string_equal(why.text, sentence);
    uv_run(&record->loop, UV_RUN_DEFAULT);
}

static void test_what_is_no_pipe_is_refused(void **state)
{
    struct record *record = *state;
    char *path = tree_fresh_name("/tmp/relay-test-");
    int file = open(path, O_RDWR | O_CREAT, S_IRUSR | S_IWUSR);
    int null = open("/dev/null", O_RDONLY);
    const char *sentence = "stdin must be a pipe: it is a file or a device "
                           "(a persistent worker is started by Bazel)";
    expect_refusal(record, file, sentence);
    expect_refusal(record, null, sentence);
    assert_true(fcntl(null, F_GETFD) >= 0);
    close(file);
    close(null);
    expect_refusal(record, null,
                   "stdin must be a pipe: it is closed or of an unknown kind "
                   "(a persistent worker is started by Bazel)");
    unlink(path);
    free(path);
}

static void test_terminal_is_refused(void **state)
{
    struct record *record = *state;
    int terminal = open("/dev/ptmx", O_RDWR | O_NOCTTY);
    if (terminal < 0) {
        skip();
    }
    expect_refusal(record, terminal,
                   "stdin must be a pipe: it is a terminal "
                   "(a persistent worker is started by Bazel)");
    close(terminal);
}

// The wrong end: refused with a reason instead of a loop that never hears anything.
static void test_end_for_writing_is_refused(void **state)
{
    struct record *record = *state;
    int fds[2];
    assert_int_equal(pipe(fds), 0);
    struct failure why;
    assert_false(try_open(record, fds[1], &why));
    assert_memory_equal(why.text, "cannot read stdin: ", 19);
    uv_run(&record->loop, UV_RUN_DEFAULT);
    close(fds[0]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_frames_from_a_pipe, start, stop),
        cmocka_unit_test_setup_teardown(test_nothing_at_all_is_a_clean_end, start, stop),
        cmocka_unit_test_setup_teardown(test_truncated_frame, start, stop),
        cmocka_unit_test_setup_teardown(test_broken_frame_is_the_last, start, stop),
        cmocka_unit_test_setup_teardown(test_byte_by_byte_over_a_socket, start, stop),
        cmocka_unit_test_setup_teardown(test_close_within_on_frame, start, stop),
        cmocka_unit_test_setup_teardown(test_what_is_no_pipe_is_refused, start, stop),
        cmocka_unit_test_setup_teardown(test_terminal_is_refused, start, stop),
        cmocka_unit_test_setup_teardown(test_end_for_writing_is_refused, start, stop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
