/*
 * A rustc that obeys a script: the text of its crate root (the first argument that ends in .rs),
 * one command a line. Nothing here sleeps; a test holds and releases it through fifos. Texts know
 * the escapes \n, \xNN and, at the end, \c (no newline).
 *
 *   metadata TEXT | link TEXT | dep-info TEXT   write that output, print its artifact line
 *   linker                  runs the program of -Clinker with every --extern file, and where the
 *                           output goes; ends as it does when it fails. With an argument
 *                           (linker -o) that stands before the output's path
 *   copy SOURCE KIND        the same, with the bytes of a file read now
 *   stderr TEXT | stdout TEXT | print-env NAME | print-args | print-cwd
 *   write PATH TEXT | append PATH TEXT
 *   fifo-signal PATH        tells the test our pid
 *   fifo-wait PATH          until the test writes or opens for writing
 *   grandchild-hold FIFO    a child that keeps stdout and stderr open until FIFO is released
 *   daemon FIFO PATH        a child without stdout and stderr that writes PATH when released
 *   stray FIFO PATH         the same, a real one: it has left the session, its parent is dead
 *   shell COMMANDS          runs sh, which ends before the next command
 *   once PATH COMMAND       only if PATH does not exist; makes it
 *   repeat N COMMAND        so many times
 *   ignore-sigterm | exit N | signal N
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PATH_BYTES = 4096, WORDS_MAX = 4096, EMITS_MAX = 16 };

static char *words[WORDS_MAX];
static int word_count;
static struct {
    const char *kind, *path;
} emits[EMITS_MAX];
static int emit_count;

static _Noreturn void die(const char *what, const char *object)
{
    fprintf(stderr, "fake_rustc: %s '%s': %s\n", what, object, strerror(errno));
    exit(70);
}

static char *read_all(const char *path)
{
    struct stat info;
    int fd = open(path, O_RDONLY);
    if (fd < 0 || fstat(fd, &info) != 0) {
        die("cannot read", path);
    }
    char *text = calloc(1, (size_t)info.st_size + 1);
    if (text == NULL || read(fd, text, (size_t)info.st_size) != info.st_size) {
        die("cannot read", path);
    }
    close(fd);
    return text;
}

// Cuts the text after its first word; returns what follows.
static char *cut(char *text)
{
    char *end = text + strcspn(text, " ");
    if (*end == ' ') {
        *end++ = '\0';
    }
    return end;
}

// The last value of `name=value` or `name value`.
static const char *option(const char *name)
{
    size_t len = strlen(name);
    const char *value = NULL;
    for (int i = 0; i < word_count; i++) {
        if (strncmp(words[i], name, len) == 0 && words[i][len] == '=') {
            value = words[i] + len + 1;
        } else if (strcmp(words[i], name) == 0 && i + 1 < word_count) {
            value = words[i + 1];
        }
    }
    return value;
}

static void note_emits(const char *list)
{
    char *item = strdup(list);
    while (item != NULL) {
        if (emit_count == EMITS_MAX) {
            die("too many kinds in", list);
        }
        char *next = strchr(item, ',');
        if (next != NULL) {
            *next++ = '\0';
        }
        char *path = strchr(item, '=');
        if (path != NULL) {
            *path++ = '\0';
        }
        emits[emit_count].kind = item;
        emits[emit_count++].path = path;
        item = next;
    }
}

// As rustc does: @FILE stands for its lines.
static void note_word(char *word)
{
    if (word[0] == '@') {
        char *rest = NULL;
        for (char *line = strtok_r(read_all(word + 1), "\n", &rest); line != NULL;
             line = strtok_r(NULL, "\n", &rest)) {
            note_word(line);
        }
    } else if (word_count < WORDS_MAX) {
        bool apart = word_count > 0 && strcmp(words[word_count - 1], "--emit") == 0;
        words[word_count++] = word;
        if (apart || strncmp(word, "--emit=", 7) == 0) {
            note_emits(apart ? word : word + 7);
        }
    }
}

static void implied_path(const char *kind, char path[PATH_BYTES])
{
    const char *dir = option("--out-dir");
    const char *name = option("--crate-name");
    const char *extra = option("-Cextra-filename");
    bool is_dep_info = strcmp(kind, "dep-info") == 0;
    const char *ending = strcmp(kind, "link") == 0 ? "rlib" : is_dep_info ? "d" : "rmeta";
    extra = extra != NULL ? extra : option("--codegen=extra-filename");
    snprintf(path, PATH_BYTES, "%s/%s%s%s.%s", dir != NULL ? dir : ".", is_dep_info ? "" : "lib",
             name != NULL ? name : "unnamed", extra != NULL ? extra : "", ending);
}

static void put(const char *path, const char *mode, const char *text)
{
    FILE *file = fopen(path, mode);
    if (file == NULL || fputs(text, file) == EOF || fclose(file) != 0) {
        die("cannot write", path);
    }
}

// Where the output of a kind goes: the last --emit that gives it a path, else its usual place.
static void output_path(const char *kind, char path[PATH_BYTES])
{
    path[0] = '\0';
    for (int i = 0; i < emit_count; i++) {
        if (strcmp(emits[i].kind, kind) == 0 && emits[i].path != NULL) {
            snprintf(path, PATH_BYTES, "%s", emits[i].path);
        } else if (strcmp(emits[i].kind, kind) == 0) {
            implied_path(kind, path);
        }
    }
}

static void emit(const char *kind, const char *text)
{
    char path[PATH_BYTES];
    output_path(kind, path);
    if (path[0] == '\0') {
        return;
    }
    put(path, "wb", text);
    fprintf(stderr, "{\"$message_type\":\"artifact\",\"artifact\":\"%s\",\"emit\":\"%s\"}\n", path,
            kind);
}

static void do_emit(const char *name, char *args)
{
    emit(name, args);
}

static void do_copy(const char *name, char *args)
{
    (void)name;
    const char *kind = cut(args);
    char *text = read_all(args);
    emit(kind, text);
    free(text);
}

static void do_linker(const char *name, char *args)
{
    char path[PATH_BYTES];
    char *argv[WORDS_MAX + 2] = {(char *)(size_t)option("-Clinker")};
    int count = 1;
    for (int i = 0; i < word_count; i++) {
        char *file = strncmp(words[i], "--extern=", 9) == 0 ? strchr(words[i] + 9, '=') : NULL;
        if (file != NULL) {
            argv[count++] = file + 1;
        }
    }
    output_path("link", path);
    if (args != NULL && *args != '\0') {
        argv[count++] = args;
    }
    argv[count] = path;
    int status = 0;
    pid_t pid = fork();
    if (pid == 0) {
        execv(argv[0], argv);
        die(name, argv[0]);
    }
    if (pid < 0 || waitpid(pid, &status, 0) < 0 || status != 0) {
        fprintf(stderr, "error: linking failed\n");
        exit(1);
    }
}

static void do_print(const char *name, char *args)
{
    FILE *stream = strcmp(name, "stdout") == 0 ? stdout : stderr;
    while (*args != '\0' && strcmp(args, "\\c") != 0) {
        char digits[3] = "";
        if (strncmp(args, "\\x", 2) == 0) {
            snprintf(digits, sizeof digits, "%.2s", args + 2);
            fputc((int)strtoul(digits, NULL, 16), stream);
            args += 2 + strlen(digits);
        } else {
            fputc(*args++, stream);
        }
    }
    fputs(*args == '\0' ? "\n" : "", stream);
}

static void do_print_fact(const char *name, char *args)
{
    char cwd[PATH_BYTES];
    if (strcmp(name, "print-env") == 0) {
        const char *value = getenv(args);
        fprintf(stderr, "env: %s=%s\n", args, value != NULL ? value : "(unset)");
    } else if (strcmp(name, "print-cwd") == 0) {
        fprintf(stderr, "cwd: %s\n", getcwd(cwd, sizeof cwd));
    }
    for (int i = 0; i < word_count && strcmp(name, "print-args") == 0; i++) {
        fprintf(stderr, "arg: %s\n", words[i]);
    }
}

static void do_write(const char *name, char *args)
{
    const char *text = cut(args);
    put(args, strcmp(name, "append") == 0 ? "ab" : "wb", text);
}

static void do_fifo_signal(const char *name, char *args)
{
    (void)name;
    char pid[32];
    snprintf(pid, sizeof pid, "%ld\n", (long)getpid());
    put(args, "wb", pid);
}

static void do_fifo_wait(const char *name, char *args)
{
    (void)name;
    int fd = open(args, O_RDONLY);
    if (fd < 0) {
        die("cannot open", args);
    }
    close(fd);
}

static void do_child(const char *name, char *args)
{
    bool is_stray = strcmp(name, "stray") == 0;
    bool is_daemon = is_stray || strcmp(name, "daemon") == 0;
    char *path = cut(args);
    fflush(NULL);
    pid_t pid = fork();
    if (pid != 0) {
        if (is_stray && waitpid(pid, NULL, 0) < 0) {
            die("cannot wait for", name);
        }
        return;
    }
    if (is_stray && (setsid() < 0 || fork() != 0)) {
        _exit(0);
    }
    if (is_daemon) {
        close(STDOUT_FILENO);
        close(STDERR_FILENO);
    }
    do_fifo_wait(name, args);
    if (is_daemon) {
        put(path, "wb", "written by a daemon\n");
    }
    _exit(0);
}

static void do_shell(const char *name, char *args)
{
    if (system(args) != 0) {
        die(name, args);
    }
}

static void do_end(const char *name, char *args)
{
    int number = (int)strtol(args, NULL, 10);
    if (strcmp(name, "exit") == 0) {
        exit(number);
    } else if (strcmp(name, "signal") == 0) {
        raise(number);
    } else {
        signal(SIGTERM, SIG_IGN);
    }
}

static void do_once(const char *name, char *args);
static void do_repeat(const char *name, char *args);

static const struct {
    const char *name;
    void (*run)(const char *name, char *args);
} commands[] = {
    {"metadata", do_emit},
    {"link", do_emit},
    {"linker", do_linker},
    {"dep-info", do_emit},
    {"copy", do_copy},
    {"stderr", do_print},
    {"stdout", do_print},
    {"print-env", do_print_fact},
    {"print-args", do_print_fact},
    {"print-cwd", do_print_fact},
    {"write", do_write},
    {"append", do_write},
    {"fifo-signal", do_fifo_signal},
    {"fifo-wait", do_fifo_wait},
    {"grandchild-hold", do_child},
    {"daemon", do_child},
    {"stray", do_child},
    {"shell", do_shell},
    {"once", do_once},
    {"repeat", do_repeat},
    {"ignore-sigterm", do_end},
    {"exit", do_end},
    {"signal", do_end},
};

static void obey(char *line)
{
    char *args = cut(line);
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        if (strcmp(commands[i].name, line) == 0) {
            commands[i].run(line, args);
            fflush(NULL);
            return;
        }
    }
    errno = EINVAL;
    die("no such command", line);
}

static void do_once(const char *name, char *args)
{
    (void)name;
    char *command = cut(args);
    int fd = open(args, O_WRONLY | O_CREAT | O_EXCL, 0600);
    if (fd >= 0) {
        close(fd);
        obey(command);
    }
}

static void do_repeat(const char *name, char *args)
{
    (void)name;
    char *command = cut(args);
    for (long left = strtol(args, NULL, 10); left > 0; left--) {
        char *copy = strdup(command);
        obey(copy);
        free(copy);
    }
}

static bool is_crate_root(const char *word)
{
    size_t len = strlen(word);
    return word[0] != '-' && len > 3 && strcmp(word + len - 3, ".rs") == 0;
}

int main(int argc, char **argv)
{
    const char *root = NULL;
    setvbuf(stderr, NULL, _IOFBF, BUFSIZ); // one write a command, not one a byte
    for (int i = 1; i < argc; i++) {
        note_word(argv[i]);
    }
    for (int i = word_count - 1; i >= 0; i--) {
        root = is_crate_root(words[i]) ? words[i] : root;
    }
    if (root == NULL) {
        die("no crate root among the arguments of", "fake_rustc");
    }
    char *rest = NULL;
    for (char *line = strtok_r(read_all(root), "\n", &rest); line != NULL;
         line = strtok_r(NULL, "\n", &rest)) {
        if (line[0] != '/') {
            obey(line);
        }
    }
    return 0;
}
