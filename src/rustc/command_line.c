#include "rustc/command_line.h"

#include "base/bytes.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/utf8.h"

#include <stdlib.h>
#include <string.h>

enum { FIRST_WORDS = 2 };

static size_t total_bytes(const struct strlist *list)
{
    size_t total = 0;
    for (size_t i = 0; i < list->count; i++) {
        total += strlen(list->items[i]) + 1 + sizeof list->items[i];
    }
    return total;
}

// The index of the first that is too long for the system; the count when none is.
static size_t find_long(const struct strlist *list)
{
    size_t index = 0;
    while (index < list->count && strlen(list->items[index]) < COMMAND_LINE_WORD_MAX_BYTES) {
        index++;
    }
    return index;
}

bool command_line_is_short(const struct command_line *line)
{
    size_t limit = line->max_bytes / 2;
    limit = limit < COMMAND_LINE_SHORT_BYTES ? limit : COMMAND_LINE_SHORT_BYTES;
    return total_bytes(line->argv) + total_bytes(line->env) <= limit &&
           find_long(line->argv) == line->argv->count && find_long(line->env) == line->env->count;
}

bool command_line_check(const struct command_line *line, struct failure *why)
{
    size_t word = find_long(line->argv);
    size_t variable = find_long(line->env);
    size_t total = total_bytes(line->argv) + total_bytes(line->env);
    const char *tool = path_basename(line->argv->items[0]);
    if (word < line->argv->count) {
        return failure_set(why,
                           "cannot start '%s': its argument %zu ('%.40s...') has %zu bytes, more "
                           "than the system takes, and cannot be in an argument file",
                           tool, word, line->argv->items[word], strlen(line->argv->items[word]));
    }
    if (variable < line->env->count) {
        const char *item = line->env->items[variable];
        return failure_set(why,
                           "cannot start '%s': its environment variable %.*s has %zu bytes, more "
                           "than the system takes",
                           tool, (int)strcspn(item, "="), item, strlen(item));
    }
    return total <= line->max_bytes ||
           failure_set(why,
                       "cannot start '%s': its environment and those of its arguments that cannot "
                       "be in an argument file have %zu bytes, the system takes %zu",
                       tool, total, line->max_bytes);
}

bool command_line_reads_files(const char *tool)
{
    const char *name = path_basename(tool);
    return strstr(name, "rustc") != NULL || strstr(name, "rustdoc") != NULL ||
           strcmp(name, "clippy-driver") == 0;
}

static bool is_utf8(const char *word, size_t len)
{
    struct bytes valid = {0};
    utf8_append_valid(&valid, word, len);
    bool same = valid.len == len && (len == 0 || memcmp(valid.data, word, len) == 0);
    bytes_finish(&valid);
    return same;
}

// A line of a file is not split any further, loses a carriage return at its end, and is UTF-8 like
// the rest. An `@` in it is one.
static bool may_be_in_file(const char *word)
{
    size_t len = strlen(word);
    return word[0] != '@' && memchr(word, '\n', len) == NULL &&
           (len == 0 || word[len - 1] != '\r') && is_utf8(word, len);
}

void command_line_split(const struct strlist *words, const char *prefix, struct strlist *argv,
                        struct strlist *texts)
{
    struct bytes text = {0};
    for (size_t i = 0; i <= words->count; i++) {
        bool is_first = i < FIRST_WORDS && i < words->count &&
                        (i == 0 || strlen(words->items[i]) < COMMAND_LINE_WORD_MAX_BYTES);
        if (i < words->count && !is_first && may_be_in_file(words->items[i])) {
            bytes_append_format(&text, "%s\n", words->items[i]);
            continue;
        }
        if (text.len > 0) {
            strlist_push_take(argv, mem_format("@%s%zu", prefix, texts->count));
            strlist_push_take(texts, bytes_detach(&text));
        }
        if (i < words->count) {
            strlist_push(argv, words->items[i]);
        }
    }
}
