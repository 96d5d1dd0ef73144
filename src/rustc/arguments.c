#include "rustc/arguments.h"

#include "base/file.h"
#include "base/text.h"
#include "rustc/linefile.h"

#include <stdlib.h>
#include <string.h>

// Where words stand.
struct place {
    const struct arguments_rules *rules;
    bool with_flags; // are our flags recognised there?
    int depth;       // how many param files are around them
};

static bool add_words(struct arguments *arguments, const struct place *place,
                      const struct strlist *words, struct failure *why);

void arguments_finish(struct arguments *arguments)
{
    strlist_finish(&arguments->words);
    flag_values_finish(&arguments->flags);
}

// The param file that a word names, or NULL.
static const char *param_file_of(const char *word)
{
    return word[0] == '@' && word[1] != '\0' ? word + 1 : text_after(word, "--flagfile=");
}

static bool count_file(struct arguments *arguments, const struct strlist *lines,
                       struct failure *why)
{
    arguments->file_count++;
    for (size_t i = 0; i < lines->count; i++) {
        arguments->file_bytes += strlen(lines->items[i]) + 1;
    }
    return (arguments->file_count <= PARAM_FILES_MAX && arguments->file_bytes <= FILE_MAX_BYTES) ||
           failure_set(why, "more than %d param files, or more than %d bytes in them",
                       PARAM_FILES_MAX, FILE_MAX_BYTES);
}

// rustc knows `@FILE` as well: what cannot be read is passed on, for rustc to say so. Only we know
// --flagfile=.
static bool add_param_file(struct arguments *arguments, const struct place *place, const char *word,
                           struct failure *why)
{
    const char *name = param_file_of(word);
    if (place->depth >= PARAM_FILE_DEPTH_MAX) {
        return failure_set(why, "param file '%s': nested more than %d deep", name,
                           PARAM_FILE_DEPTH_MAX);
    }
    struct place inside = {place->rules, true, place->depth + 1};
    char *path = path_join(place->rules->request_dir, name);
    struct strlist lines = {0};
    struct failure unread;
    bool good = true;
    if (linefile_read(path, "param file", &lines, &unread)) {
        good = count_file(arguments, &lines, why) && add_words(arguments, &inside, &lines, why);
    } else if (word[0] == '@') {
        strlist_push(&arguments->words, word);
    } else {
        *why = unread;
        good = false;
    }
    strlist_finish(&lines);
    free(path);
    return good;
}

static bool add_word(struct arguments *arguments, const struct place *place, const char *word,
                     struct failure *why)
{
    if (param_file_of(word) != NULL) {
        return add_param_file(arguments, place, word, why);
    }
    strlist_push(&arguments->words, word);
    return true;
}

static bool add_substituted(struct arguments *arguments, const struct place *place,
                            const struct strlist *words, struct failure *why)
{
    size_t index = 0;
    while (index < words->count) {
        size_t used = 0;
        if (place->with_flags &&
            !flags_read_request_word(words, index, &arguments->flags, &used, why)) {
            return false;
        }
        if (used == 0 && !add_word(arguments, place, words->items[index], why)) {
            return false;
        }
        index += used == 0 ? 1 : used;
    }
    return true;
}

static bool add_words(struct arguments *arguments, const struct place *place,
                      const struct strlist *words, struct failure *why)
{
    const struct substitutions *rules = place->rules->substitutions;
    struct strlist substituted = {0};
    for (size_t i = 0; i < words->count; i++) {
        strlist_push_take(&substituted, substitutions_apply(rules, words->items[i]));
    }
    bool good = add_substituted(arguments, place, &substituted, why);
    strlist_finish(&substituted);
    return good;
}

bool arguments_add(struct arguments *arguments, const struct arguments_rules *rules,
                   const struct strlist *words, bool with_flags, struct failure *why)
{
    struct place place = {rules, with_flags, 0};
    return add_words(arguments, &place, words, why);
}

bool arguments_add_file(struct arguments *arguments, const struct arguments_rules *rules,
                        const char *path, struct failure *why)
{
    struct strlist lines = {0};
    bool good = linefile_read(path, "argument file", &lines, why);
    for (size_t i = 0; good && i < lines.count; i++) {
        strlist_push_take(&arguments->words,
                          substitutions_apply(rules->substitutions, lines.items[i]));
    }
    strlist_finish(&lines);
    return good;
}
