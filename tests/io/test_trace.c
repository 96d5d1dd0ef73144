#include "support.h"

#include "base/utf8.h"
#include "io/trace.h"

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
        ROW(test_it_is_whole_after_every_event), ROW(test_any_text_can_be_written),
        ROW(test_percent_p_is_the_process_id),   ROW(test_an_old_file_is_emptied),
        ROW(test_one_that_is_off_drops_events),  ROW(test_a_file_that_cannot_be_made),
        ROW(test_what_does_not_fit_is_left_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
