#include "rustc/root_name.h"

#include "base/digest.h"
#include "base/text.h"
#include "rustc/arguments.h"
#include "rustc/flags.h"
#include "rustc/substitution.h"

#include <stdbool.h>
#include <string.h>

static bool names_output(const char *word)
{
    static const char *const starts[] = {"--emit",
                                         "--out-dir",
                                         "-o",
                                         "--crate-name",
                                         "-Cextra-filename",
                                         "--codegen=extra-filename",
                                         "--flagfile=",
                                         "@"};
    for (size_t i = 0; i < sizeof starts / sizeof starts[0]; i++) {
        if (text_starts_with(word, starts[i])) {
            return true;
        }
    }
    return false;
}

// Adds the key, as one word or two. False: there is none.
static bool add_key(struct digest_builder *builder, const struct strlist *words)
{
    const char *flag = flag_name(FLAG_PIPELINING_KEY);
    bool found = false;
    for (size_t i = 0; i < words->count; i++) {
        if (text_starts_with(words->items[i], flag)) {
            bool apart = strcmp(words->items[i], flag) == 0 && i + 1 < words->count;
            digest_add_text(builder, words->items[apart ? i + 1 : i]);
            found = true;
        }
    }
    return found;
}

static bool names_param_file(const struct strlist *words)
{
    for (size_t i = 0; i < words->count; i++) {
        if (words->items[i][0] == '@' || text_starts_with(words->items[i], "--flagfile=")) {
            return true;
        }
    }
    return false;
}

// The same for a key that stands in a file which Bazel did not expand.
static bool add_listed_key(struct digest_builder *builder, const struct strlist *words,
                           const char *request_dir)
{
    if (!names_param_file(words)) {
        return false;
    }
    struct arguments arguments = {0};
    struct substitutions none = {0};
    struct arguments_rules rules = {.substitutions = &none, .request_dir = request_dir};
    struct failure ignored; // it is said when the request is read
    const char *key = NULL;
    if (arguments_add(&arguments, &rules, words, true, &ignored)) {
        key = flag_value(&arguments.flags, FLAG_PIPELINING_KEY);
    }
    if (key != NULL) {
        digest_add_text(builder, key);
    }
    arguments_finish(&arguments);
    return key != NULL;
}

char *root_name_of(const struct strlist *request_words, const char *request_dir)
{
    struct digest_builder builder;
    digest_begin(&builder);
    bool has_key =
        add_key(&builder, request_words) || add_listed_key(&builder, request_words, request_dir);
    for (size_t i = 0; !has_key && i < request_words->count; i++) {
        if (names_output(request_words->items[i])) {
            digest_add_text(&builder, request_words->items[i]);
        }
    }
    struct digest digest = digest_end(&builder);
    return digest_hex(&digest);
}
