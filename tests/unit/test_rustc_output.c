// One line of rustc's stderr.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "rustc/rustc_output.h"
#include "words.h"

#include <cjson/cJSON.h>
#include <stdlib.h>

#define BYTES(literal) literal, sizeof(literal) - 1

// What a line is: "show"/"drop"/"metadata PATH", then "!" for an error, then ": ", in <> what stood
// before the JSON, and what is shown.
struct line_row {
    const char *name;
    const char *line;
    size_t len;
    const char *raw;
    const char *rendered;
    const char *json;
};

#define RMETA                                                                                      \
    "{\"$message_type\":\"artifact\",\"artifact\":\"/p/libx.rmeta\",\"emit\":\"metadata\"}"
#define LINK "{\"$message_type\":\"artifact\",\"artifact\":\"/p/libx.rlib\",\"emit\":\"link\"}"
#define WARNING "{\"message\":\"m\",\"level\":\"warning\",\"rendered\":\"warning: m\\n\\n\"}"
#define ERROR "{\"level\":\"error\",\"rendered\":\"error: \\u001b[1mm\\n\"}"
#define MARKED                                                                                     \
    "{\"$message_type\":\"diagnostic\",\"message\":\"}{\\\"\",\"level\":\"error\",\"rendered\":"   \
    "\"error\\n\"}"
#define ICE "{\"level\":\"error: internal compiler error\",\"rendered\":\"ice\"}"

static const struct line_row rows[] = {
    {"artifact", BYTES(RMETA), "metadata /p/libx.rmeta: " RMETA "\n",
     "metadata /p/libx.rmeta: ", "metadata /p/libx.rmeta: "},
    {"artifact of an older rustc", BYTES("{\"artifact\":\"m\",\"emit\":\"metadata\"}"),
     "metadata m: {\"artifact\":\"m\",\"emit\":\"metadata\"}\n", "metadata m: ", "metadata m: "},
    {"another artifact", BYTES(LINK), "show: " LINK "\n", "drop: ", "drop: "},
    {"an artifact without a kind", BYTES("{\"artifact\":\"m\"}"), "show: {\"artifact\":\"m\"}\n",
     "drop: ", "drop: "},
    {"metadata of nothing", BYTES("{\"artifact\":1,\"emit\":\"metadata\"}"),
     "show: {\"artifact\":1,\"emit\":\"metadata\"}\n", "drop: ", "drop: "},

    {"a warning", BYTES(WARNING), "show: " WARNING "\n", "show: warning: m\n\n",
     "show: " WARNING "\n"},
    {"an error, coloured", BYTES(ERROR), "show!: " ERROR "\n", "show!: error: \x1b[1mm\n",
     "show!: " ERROR "\n"},
    {"a crash of rustc", BYTES(ICE), "show!: " ICE "\n", "show!: ice", "show!: " ICE "\n"},
    {"nothing rendered", BYTES("{\"level\":\"note\",\"rendered\":null}"),
     "show: {\"level\":\"note\",\"rendered\":null}\n", "drop: ", "drop: "},
    {"blanks behind", BYTES("{\"rendered\":\"r\"} \r"), "show: {\"rendered\":\"r\"} \r\n",
     "show: r", "show: {\"rendered\":\"r\"} \r\n"},
    {"bytes inside that are not UTF-8", BYTES("{\"rendered\":\"\xff\xe9\"}"),
     "show: {\"rendered\":\"\xff\xe9\"}\n", "show: \xff\xe9",
     "show: {\"rendered\":\"\xff\xe9\"}\n"},
    {"\\u0000 inside", BYTES("{\"rendered\":\"a\\u0000b\\\\u0000\\u0000\"}"),
     "show: {\"rendered\":\"a\\u0000b\\\\u0000\\u0000\"}\n",
     "show: a\xef\xbf\xbd"
     "b\\u0000\xef\xbf\xbd",
     "show: {\"rendered\":\"a\\u0000b\\\\u0000\\u0000\"}\n"},
    {"an artifact with \\u0000", BYTES("{\"artifact\":\"m\\u0000x\",\"emit\":\"metadata\"}"),
     "metadata m\xef\xbf\xbdx: {\"artifact\":\"m\\u0000x\",\"emit\":\"metadata\"}\n",
     "metadata m\xef\xbf\xbdx: ", "metadata m\xef\xbf\xbdx: "},

    {"JSON that is not rustc's", BYTES("{\"level\":3,\"x\":{}}"), "show: {\"level\":3,\"x\":{}}\n",
     "drop: ", "drop: "},
    {"JSON that is no object", BYTES("[1]"), "show: [1]\n", "show: [1]\n", "show: [1]\n"},

#define PLAIN(text) "show: " text "\n", "show: " text "\n", "show: " text "\n"
#define PLAIN_ERROR(text) "show!: " text "\n", "show!: " text "\n", "show!: " text "\n"
    {"plain text", BYTES("linking with cc"), PLAIN("linking with cc")},
    {"a plain error", BYTES("error: linking"), PLAIN_ERROR("error: linking")},
    {"a plain coded error", BYTES("error[E0463]: x"), PLAIN_ERROR("error[E0463]: x")},
    {"error within", BYTES("an error"), PLAIN("an error")},
    {"an empty line", BYTES(""), PLAIN("")},
    {"blanks", BYTES("  "), PLAIN("  ")},
    {"bytes that are not UTF-8", BYTES("caf\xe9 \xff"), PLAIN("caf\xe9 \xff")},
    {"colours", BYTES("\x1b[1mx\x1b[0m"), PLAIN("\x1b[1mx\x1b[0m")},
    {"JSON behind text that is not marked as rustc's", BYTES("x " WARNING), PLAIN("x " WARNING)},
    {"text behind JSON", BYTES(RMETA " x"), PLAIN(RMETA " x")},
    {"marked JSON behind text", BYTES("x {\"}" RMETA), "metadata /p/libx.rmeta: x {\"}" RMETA "\n",
     "metadata /p/libx.rmeta: <x {\"}\n>", "metadata /p/libx.rmeta: <x {\"}\n>"},
    {"a diagnostic behind text", BYTES("x\\" MARKED), "show!: x\\" MARKED "\n",
     "show!: <x\\\n>error\n", "show!: <x\\\n>" MARKED "\n"},
    {"a diagnostic behind bytes and braces", BYTES("\xff{{\x1b[1m\"}" MARKED " "),
     "show!: \xff{{\x1b[1m\"}" MARKED " \n", "show!: <\xff{{\x1b[1m\"}\n>error\n",
     "show!: <\xff{{\x1b[1m\"}\n>" MARKED " \n"},
    {"an error before what is none", BYTES("error: x" LINK), "show: error: x" LINK "\n",
     "drop: <!error: x\n>", "drop: <!error: x\n>"},
    {"two objects", BYTES(RMETA RMETA), "metadata /p/libx.rmeta: " RMETA RMETA "\n",
     "metadata /p/libx.rmeta: <" RMETA "\n>", "metadata /p/libx.rmeta: <" RMETA "\n>"},
    {"a marked object within another", BYTES("x{\"report\":[" MARKED "]}"),
     PLAIN("x{\"report\":[" MARKED "]}")},
    {"a marked object in a report of rustc's",
     BYTES("x{\"$message_type\":\"future_incompat\",\"report\":[" MARKED "]}"),
     "show: x{\"$message_type\":\"future_incompat\",\"report\":[" MARKED "]}\n", "drop: <x\n>",
     "drop: <x\n>"},
    {"marked JSON that is broken", BYTES("x{\"$message_type\":\"artifact\",}"),
     PLAIN("x{\"$message_type\":\"artifact\",}")},
    {"truncated JSON", BYTES("{\"artifact\":\"m\",\"emit\":\"metadata\""),
     PLAIN("{\"artifact\":\"m\",\"emit\":\"metadata\"")},
    {"truncated in a string", BYTES("{\"rendered\":\"abc"), PLAIN("{\"rendered\":\"abc")},
    {"a brace", BYTES("{"), PLAIN("{")},
    {"a broken escape", BYTES("{\"rendered\":\"\\uZZZZ\"}"), PLAIN("{\"rendered\":\"\\uZZZZ\"}")},
};

static void append_read(struct bytes *got, const char *text, size_t len, enum output_format format)
{
    static const char *const kinds[] = {"metadata ", "show", "drop"};
    char *exact = malloc(len == 0 ? 1 : len);
    memcpy(exact, text, len);
    struct rustc_line line;
    rustc_line_read(exact, len, format, &line);
    free(exact);
    assert_true(line.kind == LINE_METADATA || line.artifact.len == 0);
    bytes_append_format(got, "%s%s%s: ", kinds[line.kind], bytes_text(&line.artifact),
                        line.is_error ? "!" : "");
    if (line.before.len > 0) {
        bytes_append_text(got, line.before_is_error ? "<!" : "<");
        bytes_append(got, bytes_text(&line.before), line.before.len);
        bytes_append_text(got, ">");
    }
    bytes_append(got, bytes_text(&line.shown), line.shown.len);
    rustc_line_finish(&line);
}

static void lines_are_read_in_every_format(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        const char *const expected[] = {
            [OUTPUT_RAW] = rows[i].raw,
            [OUTPUT_RENDERED] = rows[i].rendered,
            [OUTPUT_JSON] = rows[i].json,
        };
        for (size_t format = OUTPUT_RAW; format <= OUTPUT_JSON; format++) {
            struct bytes got = {0};
            append_read(&got, rows[i].line, rows[i].len, (enum output_format)format);
            assert_text(rows[i].name, &got, expected[format]);
        }
    }
}

struct blame_row {
    const char *line;
    bool expected;
};

#define SPANS "\"spans\":[{\"is_primary\":true}]"

static const struct blame_row blames[] = {
    {"{\"level\":\"error\"," SPANS ",\"rendered\":\"r\"}", true},
    {"{\"level\":\"error\"," SPANS ",\"code\":{\"code\":\"E0308\"}}", true},
    {"{\"level\":\"error\"," SPANS ",\"code\":null}", true},
    {"{\"level\":\"error\"," SPANS ",\"code\":{\"code\":\"E0460\"}}", false},
    {"{\"level\":\"error\"," SPANS ",\"code\":{\"code\":\"E0463\"}}", false},
    {"{\"level\":\"error\"," SPANS ",\"code\":{\"code\":\"E0519\"}}", false},
    {"{\"level\":\"error\",\"spans\":[],\"rendered\":\"linking failed\"}", false},
    {"{\"level\":\"error\",\"rendered\":\"aborting\"}", false},
    {"{\"level\":\"warning\"," SPANS ",\"rendered\":\"r\"}", false},
    {"error: linking", false},
};

static void errors_in_the_sources_are_told_from_others(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(blames); i++) {
        struct rustc_line line;
        rustc_line_read(blames[i].line, strlen(blames[i].line), OUTPUT_RENDERED, &line);
        if (line.blames_source != blames[i].expected) {
            fail_msg("%s", blames[i].line);
        }
        rustc_line_finish(&line);
    }
}

static void a_nul_is_a_byte_of_plain_text(void **state)
{
    (void)state;
    static const char *const texts[] = {"a\0b\n", "{\0b\n", "\0\0b\n"};
    for (size_t i = 0; i < COUNT(texts); i++) {
        for (size_t format = OUTPUT_RAW; format <= OUTPUT_JSON; format++) {
            struct rustc_line line;
            rustc_line_read(texts[i], 3, (enum output_format)format, &line);
            assert_int_equal(line.kind, LINE_SHOW);
            assert_int_equal(line.shown.len, 4);
            assert_memory_equal(line.shown.data, texts[i], 4);
            rustc_line_finish(&line);
            rustc_line_finish(&line);
        }
    }
}

// rules_rust-contract.md 7: whoever reads JSON gets these two kinds of lines as JSON.
struct wrap_row {
    const char *line;
    size_t len;
    const char *rendered; // NULL: not wrapped
};

static const struct wrap_row wrap_rows[] = {
    {BYTES(" WARN rustc_x: \"y\""), " WARN rustc_x: \"y\""},
    {BYTES("'+x' is not a recognized feature for this target (ignoring feature)"),
     "'+x' is not a recognized feature for this target (ignoring feature)"},
    {BYTES(" WARN \xff\0z\t"), " WARN \xef\xbf\xbd\xef\xbf\xbdz\t"},
    {BYTES("WARN x"), NULL},
    {BYTES(" WARN"), NULL},
    {BYTES("is not a recognized feature"), NULL},
};

static void assert_wrapped(const struct wrap_row *row, const struct rustc_line *line)
{
    cJSON *object = cJSON_ParseWithLength(line->shown.data, line->shown.len);
    assert_int_equal(object != NULL, row->rendered != NULL);
    if (object != NULL) {
        const cJSON *rendered = cJSON_GetObjectItemCaseSensitive(object, "rendered");
        const cJSON *level = cJSON_GetObjectItemCaseSensitive(object, "level");
        assert_string_equal(cJSON_GetStringValue(rendered), row->rendered);
        assert_string_equal(cJSON_GetStringValue(level), "warning");
    }
    cJSON_Delete(object);
}

static void known_warnings_are_wrapped_for_json(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(wrap_rows); i++) {
        struct rustc_line line;
        rustc_line_read(wrap_rows[i].line, wrap_rows[i].len, OUTPUT_JSON, &line);
        assert_int_equal(line.kind, LINE_SHOW);
        assert_false(line.is_error);
        assert_int_equal(line.shown.data[line.shown.len - 1], '\n');
        assert_wrapped(&wrap_rows[i], &line);
        rustc_line_finish(&line);
        rustc_line_read(wrap_rows[i].line, wrap_rows[i].len, OUTPUT_RENDERED, &line);
        assert_int_equal(line.shown.len, wrap_rows[i].len + 1);
        assert_memory_equal(line.shown.data, wrap_rows[i].line, wrap_rows[i].len);
        rustc_line_finish(&line);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_are_read_in_every_format),
        cmocka_unit_test(errors_in_the_sources_are_told_from_others),
        cmocka_unit_test(a_nul_is_a_byte_of_plain_text),
        cmocka_unit_test(known_warnings_are_wrapped_for_json),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
