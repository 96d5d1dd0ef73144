#include "store/trace.h"

#include "base/bytes.h"
#include "base/utf8.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <uv.h>

static const char opening[] = "[\n]\n";
static const char closing[] = "]\n";

// The name with every `%p` replaced by the process id; owned by the caller.
static char *expand_name(const char *name)
{
    struct bytes path = {0};
    for (const char *rest = name; *rest != '\0';) {
        size_t plain = strcspn(rest, "%");
        bytes_append(&path, rest, plain);
        rest += plain;
        if (strncmp(rest, "%p", 2) == 0) {
            bytes_append_format(&path, "%ld", (long)getpid());
            rest += 2;
        } else if (*rest == '%') {
            bytes_append(&path, rest++, 1);
        }
    }
    return bytes_detach(&path);
}

static int create(const char *path)
{
    return open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR);
}

static bool is_file_of_ours(const char *path)
{
    struct stat info;
    return lstat(path, &info) == 0 && S_ISREG(info.st_mode) && info.st_uid == geteuid();
}

// Names can be guessed, and others may make them in a directory like /tmp: what lies there is never
// written through, only a file of ours gives way to a new one. Its text may have a second name.
static int create_anew(const char *path, struct failure *why)
{
    int fd = create(path);
    if (fd < 0 && errno == EEXIST) {
        if (!is_file_of_ours(path)) {
            failure_set(why,
                        "cannot write the trace file '%s': what is there is no file of this user",
                        path);
            return -1;
        }
        fd = unlink(path) == 0 ? create(path) : -1;
    }
    if (fd < 0) {
        failure_errno(why, errno, "cannot write the trace file '%s'", path);
    }
    return fd;
}

bool trace_open(struct trace *trace, const char *name, struct failure *why)
{
    char *path = expand_name(name);
    int fd = create_anew(path, why);
    bool good = fd >= 0;
    if (good && pwrite(fd, opening, sizeof opening - 1, 0) < 0) {
        good = failure_errno(why, errno, "cannot write the trace file '%s'", path);
        close(fd);
    }
    if (good) {
        *trace = (struct trace){.on = true, .fd = fd, .end = sizeof "[\n" - 1};
    }
    free(path);
    return good;
}

static void add_facts(cJSON *object, const struct trace_fact *facts)
{
    cJSON *args = cJSON_AddObjectToObject(object, "args");
    for (const struct trace_fact *fact = facts; fact != NULL && fact->name != NULL; fact++) {
        if (fact->text != NULL) {
            cJSON_AddStringToObject(args, fact->name, fact->text);
        } else {
            cJSON_AddNumberToObject(args, fact->name, (double)fact->number);
        }
    }
}

static char *describe(const struct trace_event *event)
{
    static const char *const phases[] = {
        [TRACE_BEGIN] = "b", [TRACE_INSTANT] = "n", [TRACE_END] = "e"};
    cJSON *object = cJSON_CreateObject();
    cJSON_AddStringToObject(object, "ph", phases[event->phase]);
    cJSON_AddStringToObject(object, "cat", event->category);
    cJSON_AddNumberToObject(object, "id", (double)event->id);
    cJSON_AddStringToObject(object, "name", event->name);
    cJSON_AddNumberToObject(object, "ts", (double)uv_hrtime() / 1000.0);
    cJSON_AddNumberToObject(object, "pid", (double)getpid());
    cJSON_AddNumberToObject(object, "tid", 0);
    add_facts(object, event->facts);
    char *text = cJSON_PrintUnformatted(object);
    cJSON_Delete(object);
    return text;
}

// The disk is full: the document ends before this event.
static void drop_half_event(struct trace *trace)
{
    ssize_t len = (ssize_t)(sizeof closing - 1);
    if (pwrite(trace->fd, closing, (size_t)len, trace->end) != len ||
        ftruncate(trace->fd, trace->end + len) != 0) {
        trace_close(trace);
    }
}

void trace_write(struct trace *trace, const struct trace_event *event)
{
    if (!trace->on) {
        return;
    }
    char *text = describe(event);
    struct bytes line = {0};
    bytes_append_text(&line, trace->any ? "," : "");
    utf8_append_valid(&line, text, strlen(text));
    bytes_append_format(&line, "\n%s", closing);
    ssize_t written = pwrite(trace->fd, line.data, line.len, trace->end);
    if (written == (ssize_t)line.len) {
        trace->end += written - (ssize_t)(sizeof closing - 1);
        trace->any = true;
    } else if (written > 0) {
        drop_half_event(trace);
    }
    bytes_finish(&line);
    free(text);
}

void trace_close(struct trace *trace)
{
    if (trace->on) {
        close(trace->fd);
        trace->on = false;
    }
}
