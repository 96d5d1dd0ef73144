#include "rustc/crate_args.h"

#include "base/file.h"
#include "base/mem.h"
#include "base/text.h"
#include "rustc/option.h"

#include <stdlib.h>
#include <string.h>

void crate_args_finish(struct crate_args *args)
{
    for (size_t i = 0; i < args->emit_count; i++) {
        free(args->emits[i].kind);
        free(args->emits[i].path);
    }
    free(args->emits);
    free(args->out_dir);
    free(args->output);
    free(args->crate_name);
    free(args->extra_filename);
    strlist_finish(&args->rest);
    strlist_finish(&args->crate_types);
    *args = (struct crate_args){0};
}

static void replace(char **field, const char *value)
{
    char *old = *field;
    *field = value == NULL ? NULL : mem_dup(value);
    free(old);
}

static struct emit *find_emit(const struct crate_args *args, const char *kind)
{
    for (size_t i = 0; i < args->emit_count; i++) {
        if (strcmp(args->emits[i].kind, kind) == 0) {
            return &args->emits[i];
        }
    }
    return NULL;
}

const struct emit *crate_args_emit(const struct crate_args *args, const char *kind)
{
    return find_emit(args, kind);
}

static int compare_emit(const void *left, const void *right)
{
    return strcmp(((const struct emit *)left)->kind, ((const struct emit *)right)->kind);
}

static void set_emit(struct crate_args *args, const char *kind, const char *path)
{
    struct emit *known = find_emit(args, kind);
    if (known != NULL) {
        replace(&known->path, path);
        return;
    }
    args->emits = mem_reserve_one(args->emits, args->emit_count, sizeof args->emits[0]);
    args->emits[args->emit_count++] =
        (struct emit){.kind = mem_dup(kind), .path = path == NULL ? NULL : mem_dup(path)};
    qsort(args->emits, args->emit_count, sizeof args->emits[0], compare_emit);
}

void crate_args_need_emit(struct crate_args *args, const char *kind)
{
    if (find_emit(args, kind) == NULL) {
        set_emit(args, kind, NULL);
    }
}

// `kind,kind=path`: a comma always separates, and the last one of a kind counts, as in rustc.
static void add_emits(struct crate_args *args, const char *value)
{
    char *copy = mem_dup(value);
    for (char *item = copy; item != NULL;) {
        char *comma = strchr(item, ',');
        if (comma != NULL) {
            *comma = '\0';
        }
        char *equals = strchr(item, '=');
        if (equals != NULL) {
            *equals = '\0';
        }
        set_emit(args, item, equals == NULL ? NULL : equals + 1);
        item = comma == NULL ? NULL : comma + 1;
    }
    free(copy);
}

static void add_crate_types(struct crate_args *args, const char *value)
{
    const char *item = value;
    while (*item != '\0') {
        size_t len = strcspn(item, ",");
        strlist_push_take(&args->crate_types, mem_dup_len(item, len));
        item += len + (item[len] == ',' ? 1 : 0);
    }
}

static void read_codegen(struct crate_args *args, const char *setting)
{
    const char *value = NULL;
    if (option_setting_is(setting, "extra-filename", &value) && value != NULL) {
        replace(&args->extra_filename, value);
    }
}

// Options that name outputs are taken out. Returns how many words the option takes, 0 for none.
static size_t take_output_option(struct crate_args *args, const struct strlist *words, size_t index)
{
    size_t used = 0;
    const char *value = option_value(words, index, "--emit", &used);
    if (value != NULL) {
        add_emits(args, value);
        return used;
    }
    value = option_value(words, index, "--out-dir", &used);
    if (value != NULL) {
        replace(&args->out_dir, value);
        return used;
    }
    value = option_value(words, index, "-o", &used);
    if (value != NULL) {
        replace(&args->output, value);
        return used;
    }
    return 0;
}

// Options that tell us something and stay. Returns how many words the option takes, 0 for none.
static size_t read_crate_option(struct crate_args *args, const struct strlist *words, size_t index)
{
    size_t used = 0;
    const char *value = option_value(words, index, "--crate-name", &used);
    if (value != NULL) {
        replace(&args->crate_name, value);
        return used;
    }
    value = option_value(words, index, "--crate-type", &used);
    if (value != NULL) {
        add_crate_types(args, value);
        return used;
    }
    value = option_codegen(words, index, &used);
    if (value != NULL) {
        read_codegen(args, value);
        return used;
    }
    return 0;
}

// Any other word stays, alone or with its value. Returns how many words that are.
static size_t keep_words(struct crate_args *args, const struct strlist *words, size_t index)
{
    size_t used = read_crate_option(args, words, index);
    size_t kept = used == 0 ? 1 : used;
    for (size_t i = index; i < index + kept; i++) {
        strlist_push(&args->rest, words->items[i]);
    }
    return kept;
}

bool crate_args_read(struct crate_args *args, const struct strlist *words, struct failure *why)
{
    args->extra_filename = mem_dup("");
    size_t index = 0;
    while (index < words->count) {
        size_t taken = take_output_option(args, words, index);
        index += taken > 0 ? taken : keep_words(args, words, index);
    }
    if (args->output != NULL && args->output[0] == '\0') {
        return failure_set(why, "-o needs a file name");
    }
    if (args->emit_count == 0) {
        crate_args_need_emit(args, "link");
    }
    return true;
}

bool crate_args_is_library(const struct crate_args *args)
{
    return args->crate_types.count == 1 && (strcmp(args->crate_types.items[0], "lib") == 0 ||
                                            strcmp(args->crate_types.items[0], "rlib") == 0);
}

bool crate_args_knows_kind(const char *kind)
{
    return kind[0] != '\0' && kind[strspn(kind, "abcdefghijklmnopqrstuvwxyz0123456789-")] == '\0';
}

bool crate_args_to_stdout(const struct emit *emit)
{
    return emit->path != NULL && strcmp(emit->path, "-") == 0;
}

// How much of a file's name stands before its last dot.
static size_t stem_len(const char *name, size_t len)
{
    size_t dot = len;
    while (dot > 0 && name[dot - 1] != '.') {
        dot--;
    }
    return dot <= 1 ? len : dot - 1;
}

// As rustc sets it: what stands behind a last dot gives way.
static char *with_extension(const char *name, size_t len, const char *extension)
{
    return mem_format("%.*s.%s", (int)stem_len(name, len), name, extension);
}

bool crate_args_is_of_units(const char *kind)
{
    static const char *const kinds[] = {"asm", "llvm-bc", "llvm-ir", "obj", "thin-link-bitcode"};
    bool is_one = false;
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        is_one = is_one || strcmp(kind, kinds[i]) == 0;
    }
    return is_one;
}

char *crate_args_library_output(const struct crate_args *args, const char *kind)
{
    static const struct {
        const char *kind;
        const char *extension;
        bool is_library; // lib<crate><extra>.<extension>
    } names[] = {
        {"link", "rlib", true},
        {"metadata", "rmeta", true},
        {"dep-info", "d", false},
        {"asm", "s", false},
        {"llvm-ir", "ll", false},
        {"llvm-bc", "bc", false},
        {"mir", "mir", false},
        {"obj", "o", false},
        {"thin-link-bitcode", "indexing.o", false},
    };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(names[i].kind, kind) == 0) {
            char *stem = mem_format("%s%s", args->crate_name, args->extra_filename);
            char *name = names[i].is_library
                             ? mem_format("lib%s.%s", stem, names[i].extension)
                             : with_extension(stem, strlen(stem), names[i].extension);
            free(stem);
            return name;
        }
    }
    return NULL;
}

// Is this kind called after -o as it stands? Only when it is the only one without a name.
static bool is_called_o(const struct crate_args *args)
{
    size_t unnamed = 0;
    for (size_t i = 0; i < args->emit_count; i++) {
        unnamed += args->emits[i].path == NULL ? 1 : 0;
    }
    return unnamed <= 1;
}

bool crate_args_calls_dep_info(const struct crate_args *args, const char *file)
{
    const struct emit *emit = find_emit(args, "dep-info");
    if (emit == NULL || emit->path != NULL) {
        return false;
    }
    if (args->output == NULL) {
        // Each name is rustc's own then, and no other kind's ends so.
        return text_ends_with(file, ".d");
    }
    const char *output = path_basename(args->output);
    char *name = is_called_o(args) ? mem_dup(output) // else its extension goes, before one is set
                                   : with_extension(output, stem_len(output, strlen(output)), "d");
    bool same = strcmp(name, file) == 0;
    free(name);
    return same;
}
