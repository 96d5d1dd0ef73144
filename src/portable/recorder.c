// realpath
#define _XOPEN_SOURCE 700
#include "portable/recorder.h"

#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/placing.h"
#include "base/tree.h"
#include "rustc/environment.h"
#include "rustc/gating.h"
#include "rustc/linker_call.h"
#include "rustc/response_file.h"
#include "rustc/substitution.h"
#include "rustc/sysroot.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define RECORDER_BIN "record/bin"
// A record, too: the sysroot and the working directory as arguments, rustc's environment.
#define RECORDER_SPEC "record/spec"
// A record of nothing but the obstacle.
#define RECORDER_OBSTACLE "record/obstacle"

extern char **environ;

// One call of the linker that is being noted.
struct recording {
    const char *dir;
    struct linker_call spec;
    struct linker_call record;
    struct substitutions rules;
};

static bool write_spec(const char *dir, const struct command *command, struct failure *why)
{
    struct linker_call record = {.command_sum = linker_call_command_sum(command)};
    strlist_push_take(&record.argv, sysroot_of(command));
    strlist_push(&record.argv, command->working_dir);
    strlist_push_all(&record.env, &command->env);
    char *path = path_join(dir, RECORDER_SPEC);
    bool good = linker_call_write(&record, path, why);
    free(path);
    linker_call_finish(&record);
    return good;
}

bool recorder_make(const char *dir, const char *program, const struct command *command,
                   struct failure *why)
{
    char *bin = path_join(dir, RECORDER_BIN);
    char *stand_in = recorder_linker_path(dir, gating_linker(command));
    char *objects = path_join(dir, RECORDER_OBJECTS);
    bool good = tree_make(bin, S_IRWXU, why) && tree_make(objects, S_IRWXU, why) &&
                (symlink(program, stand_in) == 0 ||
                 failure_errno(why, errno, "cannot make the link '%s'", stand_in)) &&
                write_spec(dir, command, why);
    free(objects);
    free(stand_in);
    free(bin);
    return good;
}

char *recorder_linker_path(const char *dir, const char *linker)
{
    return mem_format("%s/" RECORDER_BIN "/%s", dir, path_basename(linker));
}

static bool is_there(const char *dir, const char *name)
{
    char *path = path_join(dir, name);
    bool there = access(path, F_OK) == 0;
    free(path);
    return there;
}

bool recorder_is_done(const char *dir)
{
    return is_there(dir, RECORDER_RECORD);
}

char *recorder_obstacle(const char *dir)
{
    struct linker_call record = {0};
    struct failure ignored; // there is none
    char *path = path_join(dir, RECORDER_OBSTACLE);
    bool found = linker_call_read(&record, path, &ignored) && record.obstacle != NULL;
    char *reason = found ? mem_dup(record.obstacle) : NULL;
    free(path);
    linker_call_finish(&record);
    return reason;
}

char *recorder_dir(const char *argv0)
{
    static const char suffix[] = "/" RECORDER_BIN;
    if (argv0 == NULL || argv0[0] != '/') {
        return NULL;
    }
    char *dir = path_dirname(argv0);
    size_t len = strlen(dir);
    bool found = len >= sizeof suffix && strcmp(dir + len - (sizeof suffix - 1), suffix) == 0;
    if (found) {
        dir[len - (sizeof suffix - 1)] = '\0';
        found = is_there(dir, RECORDER_SPEC);
    }
    if (!found) {
        free(dir);
        return NULL;
    }
    return dir;
}

// A file of rustc's own is read now and never again; in the directory of objects it would name this
// machine.
static bool read_file(struct recording *recording, const char *path, struct failure *why)
{
    bool good = response_file_read(path, &recording->record.argv, why);
    if (good && strncmp(path, recording->dir, strlen(recording->dir)) == 0) {
        unlink(path);
    }
    return good;
}

// rustc hands its arguments over in a file when there are too many.
static bool read_words(struct recording *recording, char **argv, struct failure *why)
{
    struct strlist *words = &recording->record.argv;
    bool good = true;
    for (char **word = argv + 1; good && *word != NULL; word++) {
        if ((*word)[0] == '@' && access(*word + 1, R_OK) == 0) {
            good = read_file(recording, *word + 1, why);
        } else {
            strlist_push(words, *word);
        }
    }
    for (size_t i = 0; good && i < words->count; i++) {
        good =
            strstr(words->items[i], PLACEHOLDER_MARK) == NULL ||
            failure_set(why, "its linker's argument %zu has a byte 0x01, which cannot be recorded",
                        i + 1);
    }
    return good;
}

// rustc looks at the file when the linker has ended, and it must be ours: its name gets a
// placeholder.
static bool make_output(struct recording *recording, struct failure *why)
{
    struct strlist *words = &recording->record.argv;
    size_t dir_len = strlen(recording->dir);
    for (size_t i = 0; i + 1 < words->count; i++) {
        const char *path = words->items[i + 1];
        if (strcmp(words->items[i], "-o") == 0 && strncmp(path, recording->dir, dir_len) == 0) {
            bool made = file_write(path, "", 0, why);
            strlist_replace_take(words, i + 1,
                                 mem_format(PLACEHOLDER_PRIVATE "%s", path + dir_len));
            return made;
        }
    }
    return failure_set(why, "its linker is not told with -o where its output goes");
}

// The index of the first argument that mentions the path; the count when none does.
static size_t first_mention(const struct strlist *words, const char *path)
{
    size_t index = 0;
    while (index < words->count && strstr(words->items[index], path) == NULL) {
        index++;
    }
    return index;
}

// Keeps what the linker would be given; the rest of rustc's own files stays behind. A directory of
// rustc's has a random name: which argument names it first says as much, and is always the same.
static bool keep(struct recording *recording, const char *folder, const char *name,
                 struct failure *why)
{
    char *from = mem_format("%s/%s/%s", recording->dir, folder, name);
    size_t index = first_mention(&recording->record.argv, from);
    struct stat info;
    bool is_dir = lstat(from, &info) == 0 && S_ISDIR(info.st_mode);
    bool good = true;
    if (index < recording->record.argv.count) {
        char *kept =
            is_dir ? mem_format("%s/%zu", folder, index) : mem_format("%s/%s", folder, name);
        char *to = mem_format("%s/" RECORDER_OBJECTS "/%s", recording->dir, kept);
        good = place_tree(from, to, why);
        if (is_dir) {
            char *replacement = mem_format(PLACEHOLDER_OBJECTS "/%s", kept);
            substitutions_add(&recording->rules, from, replacement);
            free(replacement);
        }
        free(to);
        free(kept);
    }
    free(from);
    return good;
}

// Calls `visit` for each entry of a folder of the private directory.
typedef bool visit_entry(struct recording *recording, const char *folder, const char *name,
                         struct failure *why);

static bool visit_folder(struct recording *recording, const char *folder, visit_entry *visit,
                         struct failure *why)
{
    char *path = path_join(recording->dir, folder);
    DIR *dir = opendir(path);
    bool good = true;
    for (struct dirent *entry = NULL; good && dir != NULL && (entry = readdir(dir)) != NULL;) {
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) {
            good = visit(recording, folder, entry->d_name, why);
        }
    }
    if (dir != NULL) {
        closedir(dir);
    }
    free(path);
    return good;
}

// rustc gives the linker the real paths of libraries that it was shown by links.
static bool add_real_path(struct recording *recording, const char *folder, const char *name,
                          struct failure *why)
{
    (void)why;
    char *link = mem_format("%s/%s/%s", recording->dir, folder, name);
    char *real = realpath(link, NULL);
    if (real != NULL && strcmp(real, link) != 0) {
        char *replacement = mem_format(PLACEHOLDER_PRIVATE "/%s/%s", folder, name);
        substitutions_add(&recording->rules, real, replacement);
        free(replacement);
    }
    free(real);
    free(link);
    return true;
}

static bool add_libraries(struct recording *recording, const char *folder, const char *name,
                          struct failure *why)
{
    char *inner = mem_format("%s/%s", folder, name);
    bool good = visit_folder(recording, inner, add_real_path, why);
    free(inner);
    return good;
}

static bool visit_private(struct recording *recording, const char *folder, const char *name,
                          struct failure *why)
{
    (void)folder;
    if (strcmp(name, "record") == 0) {
        return true;
    }
    bool is_libraries = strcmp(name, "deps") == 0;
    return visit_folder(recording, name, is_libraries ? add_libraries : keep, why);
}

// Longer paths first: the private directory and the sysroot may lie in the working directory.
static void add_rules(struct recording *recording)
{
    char *libraries = mem_format("%s/deps/", recording->dir);
    char *files = mem_format("%s/", recording->dir);
    substitutions_add(&recording->rules, libraries, PLACEHOLDER_PRIVATE "/deps/");
    substitutions_add(&recording->rules, files, PLACEHOLDER_OBJECTS "/");
    substitutions_add(&recording->rules, recording->spec.argv.items[0], PLACEHOLDER_SYSROOT);
    substitutions_add(&recording->rules, recording->spec.argv.items[1], PLACEHOLDER_DIRECTORY);
    free(files);
    free(libraries);
}

static bool replace_words(struct recording *recording, struct failure *why)
{
    struct strlist *words = &recording->record.argv;
    for (size_t i = 0; i < words->count; i++) {
        char *replaced = substitutions_apply(&recording->rules, words->items[i]);
        strlist_replace_take(words, i, replaced);
        if (replaced[0] == '/' && strstr(replaced, "/lib/rustlib/") != NULL) {
            return failure_set(why,
                               "rustc's own libraries are not in the directory of its toolchain");
        }
    }
    return true;
}

// What rustc changed; mostly it puts a folder of its own before the PATH.
static void note_variable(struct recording *recording, const char *item)
{
    size_t name_len = strcspn(item, "=");
    char *name = mem_dup_len(item, name_len);
    const char *value = item[name_len] == '=' ? item + name_len + 1 : "";
    const char *before = environment_value(&recording->spec.env, name);
    if (!linker_call_ignores(item) && (before == NULL || strcmp(before, value) != 0)) {
        struct substitutions own = {0};
        substitutions_add(&own, before == NULL ? "" : before, PLACEHOLDER_VALUE);
        char *kept = substitutions_apply(&own, value);
        char *replaced = substitutions_apply(&recording->rules, kept);
        strlist_push_take(&recording->record.env, mem_format("%s=%s", name, replaced));
        free(replaced);
        free(kept);
        substitutions_finish(&own);
    }
    free(name);
}

static void note_env(struct recording *recording)
{
    for (char **item = environ; *item != NULL; item++) {
        note_variable(recording, *item);
    }
    strlist_sort(&recording->record.env);
}

static bool read_spec(struct recording *recording, struct failure *why)
{
    char *path = path_join(recording->dir, RECORDER_SPEC);
    bool good = linker_call_read(&recording->spec, path, why) &&
                ((recording->spec.argv.count == 2 && recording->spec.command_sum != NULL) ||
                 failure_set(why, "'%s' is incomplete", path));
    free(path);
    return good;
}

// A second call (several crate types) would have to be made, too.
static bool write_record(struct recording *recording, struct failure *why)
{
    char *path = path_join(recording->dir, RECORDER_RECORD);
    bool good = linker_call_write(&recording->record, path, why);
    free(path);
    return good;
}

static bool record(struct recording *recording, char **argv, struct failure *why)
{
    if (recorder_is_done(recording->dir)) {
        return failure_set(why, "rustc calls its linker more than once");
    }
    if (!read_spec(recording, why) || !read_words(recording, argv, why) ||
        !make_output(recording, why) || !visit_folder(recording, ".", visit_private, why)) {
        return false;
    }
    recording->record.command_sum = mem_dup(recording->spec.command_sum);
    add_rules(recording);
    note_env(recording);
    return replace_words(recording, why) && write_record(recording, why);
}

static void note_obstacle(const char *dir, const char *reason)
{
    struct linker_call record = {.obstacle = mem_dup(reason)};
    struct failure ignored; // rustc's failure is told then
    char *path = path_join(dir, RECORDER_OBSTACLE);
    linker_call_write(&record, path, &ignored);
    free(path);
    linker_call_finish(&record);
}

int recorder_run(const char *dir, char **argv)
{
    struct recording recording = {.dir = dir};
    struct failure why;
    bool good = record(&recording, argv, &why);
    if (!good) {
        log_line("%s", why.text);
        note_obstacle(dir, why.text);
    }
    substitutions_finish(&recording.rules);
    linker_call_finish(&recording.spec);
    linker_call_finish(&recording.record);
    return good ? 0 : 1;
}
