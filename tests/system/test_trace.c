#include "support.h"

#include "base/utf8.h"
#include "store/trace.h"

#include <cjson/cJSON.h>
#include <sys/resource.h>

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

// The file must be one JSON array of valid UTF-8 with nothing behind it. Owned by the caller.
static cJSON *read_document(const char *path)
{
    char *text = support_read_file(path);
    assert_non_null(text);
    struct bytes valid = {0};
    utf8_append_valid(&valid, text, strlen(text));
    assert_string_equal(bytes_text(&valid), text);
    const char *end = NULL;
    cJSON *document = cJSON_ParseWithOpts(text, &end, 0);
    assert_true(cJSON_IsArray(document));
    assert_string_equal(end, "\n");
    bytes_finish(&valid);
    free(text);
    return document;
}

static const char *text_of(const cJSON *object, const char *name)
{
    return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name));
}

static double number_of(const cJSON *object, const char *name)
{
    return cJSON_GetNumberValue(cJSON_GetObjectItemCaseSensitive(object, name));
}

static void open_trace(struct trace *trace, const char *path)
{
    struct failure why = {""};
    if (!trace_open(trace, path, &why)) {
        fail_msg("%s", why.text);
    }
}

static void test_it_is_whole_after_every_event(void **state)
{
    static const char *const letters[] = {
        [TRACE_BEGIN] = "b", [TRACE_INSTANT] = "n", [TRACE_END] = "e"};
    char *path = mem_format("%s/trace", (char *)*state);
    struct trace trace = {0};
    open_trace(&trace, path);
    double last = 0;
    for (int count = 0; count < 30; count++) {
        cJSON *document = read_document(path);
        assert_int_equal(cJSON_GetArraySize(document), count);
        cJSON_Delete(document);
        struct trace_fact facts[] = {
            {.name = "subject", .text = "crate a"}, {.name = "count", .number = count}, {0}};
        trace_write(&trace, &(struct trace_event){.phase = (enum trace_phase)(count % 3),
                                                  .category = "request",
                                                  .id = (uint64_t)count,
                                                  .name = "served",
                                                  .facts = count % 2 == 0 ? facts : NULL});
        document = read_document(path);
        const cJSON *event = cJSON_GetArrayItem(document, count);
        const cJSON *args = cJSON_GetObjectItemCaseSensitive(event, "args");
        assert_string_equal(text_of(event, "ph"), letters[count % 3]);
        assert_string_equal(text_of(event, "cat"), "request");
        assert_string_equal(text_of(event, "name"), "served");
        assert_true(number_of(event, "id") == count && number_of(event, "pid") == getpid());
        assert_true(number_of(event, "ts") >= last);
        last = number_of(event, "ts");
        assert_true(cJSON_IsObject(args));
        if (count % 2 == 0) {
            assert_string_equal(text_of(args, "subject"), "crate a");
            assert_true(number_of(args, "count") == count);
        }
        cJSON_Delete(document);
    }
    trace_close(&trace);
    trace_close(&trace);
    free(path);
}

static void test_any_text_can_be_written(void **state)
{
    static const struct {
        const char *text;
        const char *read;
    } rows[] = {
        {"", ""},
        {"\"quoted\" \\ / ]", "\"quoted\" \\ / ]"},
        {"\x01\n\t\x1b[1m\x7f", "\x01\n\t\x1b[1m\x7f"},
        {"\xc3\xa4 \xe2\x82\xac", "\xc3\xa4 \xe2\x82\xac"},
        {"not \xff text", "not \xef\xbf\xbd text"},
    };
    char *path = mem_format("%s/trace", (char *)*state);
    struct trace trace = {0};
    open_trace(&trace, path);
    for (int i = 0; i < (int)(sizeof rows / sizeof rows[0]); i++) {
        struct trace_fact facts[] = {{.name = "subject", .text = rows[i].text}, {0}};
        trace_write(&trace,
                    &(struct trace_event){.category = "compile", .name = "x", .facts = facts});
        cJSON *document = read_document(path);
        const cJSON *event = cJSON_GetArrayItem(document, i);
        const cJSON *args = cJSON_GetObjectItemCaseSensitive(event, "args");
        assert_string_equal(text_of(args, "subject"), rows[i].read);
        cJSON_Delete(document);
    }
    trace_close(&trace);
    free(path);
}

static void expect_file_for(const char *dir, const char *name, const char *expanded)
{
    char *path = mem_format("%s/%s", dir, name);
    char *file = mem_format("%s/%s", dir, expanded);
    struct trace trace = {0};
    open_trace(&trace, path);
    trace_close(&trace);
    cJSON_Delete(read_document(file));
    assert_int_equal(unlink(file), 0);
    free(path);
    free(file);
}

static void test_percent_p_is_the_process_id(void **state)
{
    char *pid = mem_format("%ld", (long)getpid());
    char *one = mem_format("t-%s.json", pid);
    char *two = mem_format("%s%s", pid, pid);
    char *mixed = mem_format("%%%s%%d%%", pid);
    expect_file_for(*state, "plain", "plain");
    expect_file_for(*state, "t-%p.json", one);
    expect_file_for(*state, "%p%p", two);
    expect_file_for(*state, "%%p%d%", mixed);
    free(pid);
    free(one);
    free(two);
    free(mixed);
}

static void test_an_old_file_is_emptied(void **state)
{
    char *path = mem_format("%s/trace", (char *)*state);
    support_write_file(path, "[\n{\"an\":\"older and longer trace\"}\n]\n");
    struct trace trace = {0};
    open_trace(&trace, path);
    cJSON *document = read_document(path);
    assert_int_equal(cJSON_GetArraySize(document), 0);
    cJSON_Delete(document);
    trace_close(&trace);
    free(path);
}

static void expect_refused(const char *path)
{
    struct trace trace = {0};
    struct failure why;
    char *sentence =
        mem_format("cannot write the trace file '%s': what is there is no file of this user", path);
    assert_false(trace_open(&trace, path, &why));
    assert_string_equal(why.text, sentence);
    assert_false(trace.on);
    free(sentence);
}

static void test_a_planted_link_is_refused(void **state)
{
    char *path = mem_format("%s/trace", (char *)*state);
    char *precious = mem_format("%s/precious", (char *)*state);
    char *missing = mem_format("%s/missing", (char *)*state);
    support_write_file(precious, "precious");
    assert_int_equal(symlink(precious, path), 0);
    expect_refused(path);
    support_expect_file(precious, "precious");
    assert_int_equal(unlink(path), 0);
    assert_int_equal(symlink(missing, path), 0);
    expect_refused(path);
    assert_int_not_equal(access(missing, F_OK), 0);
    free(missing);
    free(precious);
    free(path);
}

static void test_what_is_no_file_is_refused(void **state)
{
    char *path = mem_format("%s/trace", (char *)*state);
    assert_int_equal(mkfifo(path, S_IRUSR | S_IWUSR), 0);
    expect_refused(path);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(mkdir(path, S_IRWXU), 0);
    expect_refused(path);
    free(path);
}

static void test_a_second_name_of_a_file_is_not_written_through(void **state)
{
    char *path = mem_format("%s/trace", (char *)*state);
    char *precious = mem_format("%s/precious", (char *)*state);
    struct trace trace = {0};
    support_write_file(precious, "precious");
    assert_int_equal(link(precious, path), 0);
    open_trace(&trace, path);
    cJSON_Delete(read_document(path));
    support_expect_file(precious, "precious");
    trace_close(&trace);
    free(precious);
    free(path);
}

static void test_a_file_of_another_user_is_refused(void **state)
{
    char *path = mem_format("%s/trace", (char *)*state);
    support_write_file(path, "theirs");
    if (chown(path, geteuid() + 1, (gid_t)-1) == 0) { // we are root
        expect_refused(path);
        support_expect_file(path, "theirs");
    }
    free(path);
}

static void test_nobody_else_can_read_it(void **state)
{
    char *path = mem_format("%s/trace", (char *)*state);
    struct trace trace = {0};
    struct stat info;
    support_write_file(path, "[\n]\n");
    assert_int_equal(chmod(path, 0666), 0);
    open_trace(&trace, path);
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(info.st_mode, S_IFREG | S_IRUSR | S_IWUSR);
    trace_close(&trace);
    free(path);
}

static void test_one_that_is_off_drops_events(void **state)
{
    struct trace trace = {0};
    (void)state;
    trace_write(&trace, &(struct trace_event){.category = "compile", .name = "x"});
    trace_close(&trace);
}

static void test_a_file_that_cannot_be_made(void **state)
{
    char *path = mem_format("%s/missing/trace", (char *)*state);
    struct trace trace = {0};
    struct failure why;
    assert_false(trace_open(&trace, path, &why));
    assert_non_null(strstr(why.text, path));
    trace_write(&trace, &(struct trace_event){.category = "compile", .name = "x"});
    trace_close(&trace);
    free(path);
}

// A full disk ends the document early, and it is still one.
static void test_what_does_not_fit_is_left_out(void **state)
{
    char *path = mem_format("%s/trace", (char *)*state);
    struct rlimit old;
    struct trace trace = {0};
    const struct trace_event event = {.category = "compile", .name = "x"};
    open_trace(&trace, path);
    trace_write(&trace, &event);
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
    struct rlimit tight = {.rlim_cur = (rlim_t)trace.end + 20, .rlim_max = old.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &tight), 0);
    trace_write(&trace, &event);
    cJSON *document = read_document(path);
    assert_int_equal(cJSON_GetArraySize(document), 1);
    cJSON_Delete(document);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
    trace_write(&trace, &event);
    document = read_document(path);
    assert_int_equal(cJSON_GetArraySize(document), 2);
    cJSON_Delete(document);
    trace_close(&trace);
    free(path);
}

#define ROW(test) cmocka_unit_test_setup_teardown(test, start, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ROW(test_it_is_whole_after_every_event),
        ROW(test_any_text_can_be_written),
        ROW(test_percent_p_is_the_process_id),
        ROW(test_an_old_file_is_emptied),
        ROW(test_one_that_is_off_drops_events),
        ROW(test_a_file_that_cannot_be_made),
        ROW(test_what_does_not_fit_is_left_out),
        ROW(test_a_planted_link_is_refused),
        ROW(test_what_is_no_file_is_refused),
        ROW(test_a_second_name_of_a_file_is_not_written_through),
        ROW(test_a_file_of_another_user_is_refused),
        ROW(test_nobody_else_can_read_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
