#include "support.h"

#include "program/outlet.h"

// More than a pipe holds.
enum { LARGE = 300000 };

struct record {
    struct outlet outlet;
    uv_loop_t loop;
    int read_fd; // the peer's end
    int failed;  // how often on_failed came
    struct failure why;
    bool sending; // within outlet_send
};

static void on_failed(void *owner, const struct failure *why)
{
    struct record *record = owner;
    assert_false(record->sending);
    record->failed++;
    record->why = *why;
}

static int start(void **state)
{
    struct record *record = mem_zalloc(sizeof *record);
    struct failure why;
    int fds[2];
    signal(SIGPIPE, SIG_IGN);
    alarm(60);
    assert_int_equal(uv_loop_init(&record->loop), 0);
    assert_int_equal(pipe(fds), 0);
    record->read_fd = fds[0];
    struct outlet_spec spec = {.fd = fds[1], .on_failed = on_failed, .owner = record};
    assert_true(outlet_open(&record->outlet, &record->loop, &spec, &why));
    *state = record;
    return 0;
}

static int stop(void **state)
{
    struct record *record = *state;
    outlet_close(&record->outlet);
    outlet_close(&record->outlet);
    uv_run(&record->loop, UV_RUN_DEFAULT);
    assert(uv_loop_close(&record->loop) == 0);
    assert(outlet_pending(&record->outlet) == 0);
    close(record->read_fd);
    free(record);
    alarm(0);
    return 0;
}

static void send_text(struct record *record, const char *text)
{
    struct bytes frame = {0};
    bytes_append_text(&frame, text);
    record->sending = true;
    outlet_send(&record->outlet, &frame);
    record->sending = false;
    assert_null(frame.data);
}

// What stands at `at` in block `seed`: no part of a block looks like another.
static char pattern(int seed, size_t at)
{
    return (char)((at / 251 + at % 251 + (size_t)seed * 17) & 0x7f);
}

static void send_block(struct record *record, int seed, size_t len)
{
    struct bytes frame = {0};
    char *place = bytes_reserve(&frame, len);
    for (size_t at = 0; at < len; at++) {
        place[at] = pattern(seed, at);
    }
    frame.len = len;
    record->sending = true;
    outlet_send(&record->outlet, &frame);
    record->sending = false;
}

static void test_frame_is_written_within_send(void **state)
{
    struct record *record = *state;
    char text[16] = {0};
    send_text(record, "one\n");
    send_text(record, "");
    send_text(record, "two\n");
    assert_int_equal(outlet_pending(&record->outlet), 0);
    assert_int_equal(read(record->read_fd, text, sizeof text), 8);
    assert_string_equal(text, "one\ntwo\n");
}

// Reads as the reader of a full pipe does: bit by bit, the loop running between.
static void expect_block(struct record *record, int seed, size_t len)
{
    char chunk[4096];
    size_t at = 0;
    while (at < len) {
        uv_run(&record->loop, UV_RUN_NOWAIT);
        size_t left = len - at;
        ssize_t got = read(record->read_fd, chunk, left < sizeof chunk ? left : sizeof chunk);
        assert_true(got > 0);
        for (ssize_t i = 0; i < got; i++) {
            assert_int_equal(chunk[i], pattern(seed, at + (size_t)i));
        }
        at += (size_t)got;
    }
}

static void test_slow_reader_gets_all_in_order(void **state)
{
    struct record *record = *state;
    enum { BLOCKS = 26, SMALL = 100 };
    send_block(record, 0, LARGE);
    assert_true(outlet_pending(&record->outlet) > 0);
    assert_true(outlet_pending(&record->outlet) < LARGE);
    for (int i = 1; i < BLOCKS; i++) {
        send_block(record, i, i % 2 == 0 ? SMALL : LARGE);
    }
    expect_block(record, 0, LARGE);
    for (int i = 1; i < BLOCKS; i++) {
        expect_block(record, i, i % 2 == 0 ? SMALL : LARGE);
    }
    uv_run(&record->loop, UV_RUN_DEFAULT);
    assert_int_equal(outlet_pending(&record->outlet), 0);
    assert_int_equal(record->failed, 0);
}

static void test_reader_gone_before(void **state)
{
    struct record *record = *state;
    close(record->read_fd);
    send_text(record, "one\n");
    send_text(record, "two\n");
    assert_int_equal(record->failed, 0);
    uv_run(&record->loop, UV_RUN_DEFAULT);
    assert_int_equal(record->failed, 1);
    assert_string_equal(record->why.text, "cannot write a response to stdout: broken pipe");
    send_text(record, "three\n");
    uv_run(&record->loop, UV_RUN_DEFAULT);
    assert_int_equal(record->failed, 1);
    record->read_fd = open("/dev/null", O_RDONLY);
}

static void test_reader_gone_in_the_middle(void **state)
{
    struct record *record = *state;
    send_block(record, 0, LARGE);
    send_block(record, 1, LARGE);
    uv_run(&record->loop, UV_RUN_NOWAIT);
    close(record->read_fd);
    uv_run(&record->loop, UV_RUN_DEFAULT);
    assert_int_equal(record->failed, 1);
    assert_int_equal(outlet_pending(&record->outlet), 0);
    record->read_fd = open("/dev/null", O_RDONLY);
}

static void test_close_drops_what_is_pending(void **state)
{
    struct record *record = *state;
    send_block(record, 0, LARGE);
    send_block(record, 1, LARGE);
    outlet_close(&record->outlet);
    send_text(record, "late\n");
    uv_run(&record->loop, UV_RUN_DEFAULT);
    assert_int_equal(record->failed, 0);
}

static void test_what_is_no_pipe_is_refused(void **state)
{
    struct record *record = *state;
    struct failure why;
    struct outlet other = {0};
    struct outlet_spec spec = {.fd = open("/dev/null", O_WRONLY), .on_failed = on_failed};
    assert_false(outlet_open(&other, &record->loop, &spec, &why));
    assert_string_equal(why.text, "stdout must be a pipe: it is a file or a device "
                                  "(a persistent worker is started by Bazel)");
    close(spec.fd);
    spec.fd = dup(record->read_fd);
    assert_false(outlet_open(&other, &record->loop, &spec, &why));
    assert_string_equal(why.text, "cannot write to stdout: bad file descriptor");
    uv_run(&record->loop, UV_RUN_DEFAULT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_frame_is_written_within_send, start, stop),
        cmocka_unit_test_setup_teardown(test_slow_reader_gets_all_in_order, start, stop),
        cmocka_unit_test_setup_teardown(test_reader_gone_before, start, stop),
        cmocka_unit_test_setup_teardown(test_reader_gone_in_the_middle, start, stop),
        cmocka_unit_test_setup_teardown(test_close_drops_what_is_pending, start, stop),
        cmocka_unit_test_setup_teardown(test_what_is_no_pipe_is_refused, start, stop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
