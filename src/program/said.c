#include "program/said.h"

#include "base/file.h"
#include "base/mem.h"

#include <stdint.h>
#include <unistd.h>

void said_finish(struct said *said)
{
    diagnostics_finish(&said->list);
    bytes_finish(&said->out);
    bytes_finish(&said->told);
    for (size_t i = 0; i < SAID_FILE_COUNT; i++) {
        spool_finish(&said->files[i]);
    }
    *said = (struct said){0};
}

void said_want(struct said *said, enum said_file file)
{
    said->is_wanted[file] = true;
}

// As far as it is kept for answers.
static void fill_shown(struct said *said)
{
    if (said->is_wanted[SAID_SHOWN]) {
        struct bytes text = {0};
        diagnostics_all(&said->list, &text);
        spool_append(&said->files[SAID_SHOWN], bytes_text(&text), text.len);
        bytes_finish(&text);
    }
}

static void drop_out(struct said *said)
{
    bytes_finish(&said->out);
    said->out_cut = 0;
}

void said_begin(struct said *said, const char *dir)
{
    static const char *const names[] = {
        [SAID_STDOUT] = "stdout", [SAID_RAW] = "stderr", [SAID_SHOWN] = "shown"};
    drop_out(said);
    said->repeated = 0;
    for (size_t i = 0; i < SAID_FILE_COUNT; i++) {
        spool_begin(&said->files[i], mem_format("%s/said-%s", dir, names[i]));
    }
    fill_shown(said);
}

void said_move(struct said *said, const char *dir)
{
    for (size_t i = 0; i < SAID_FILE_COUNT; i++) {
        struct spool *spool = &said->files[i];
        if (spool->path != NULL) {
            spool_move(spool, path_join(dir, path_basename(spool->path)));
        }
    }
}

static void keep_out(struct said *said, const char *data, size_t len)
{
    size_t room = SAID_STDOUT_MAX_BYTES - said->out.len;
    size_t kept = len < room ? len : room;
    bytes_append(&said->out, data, kept);
    said->out_cut += len - kept;
}

// How many bytes, the first ones, were told already. A line that then is another one is told whole.
static size_t skip_told(struct said *said, const char *data, size_t len)
{
    size_t count = 0;
    while (count < len && said->repeated < said->told.len &&
           data[count] == said->told.data[said->repeated]) {
        count++;
        said->repeated++;
    }
    if (count < len && said->repeated < said->told.len) {
        size_t start = said->repeated;
        while (start > 0 && said->told.data[start - 1] != '\n') {
            start--;
        }
        keep_out(said, said->told.data + start, said->repeated - start);
        said->repeated = said->told.len;
    }
    return count;
}

void said_add_out(struct said *said, const char *data, size_t len)
{
    if (said->is_wanted[SAID_STDOUT]) {
        spool_append(&said->files[SAID_STDOUT], data, len);
        return;
    }
    size_t known = skip_told(said, data, len);
    keep_out(said, data + known, len - known);
}

void said_add_raw(struct said *said, const char *line, size_t len, bool ends)
{
    if (said->is_wanted[SAID_RAW]) {
        spool_append(&said->files[SAID_RAW], line, len);
        spool_append(&said->files[SAID_RAW], "\n", ends ? 1 : 0);
    }
}

void said_add(struct said *said, const char *text, size_t len, bool is_error)
{
    bool is_new = diagnostics_add(&said->list, text, len, is_error);
    if (is_new && said->is_wanted[SAID_SHOWN]) {
        spool_append(&said->files[SAID_SHOWN], text, len);
        spool_append(&said->files[SAID_SHOWN], "\n", text[len - 1] == '\n' ? 0 : 1);
    }
}

static void empty(struct spool *spool)
{
    char *path = spool->path;
    spool->path = NULL;
    spool_begin(spool, path);
}

void said_drop_waiting(struct said *said)
{
    diagnostics_drop_waiting(&said->list);
    drop_out(said);
    empty(&said->files[SAID_SHOWN]);
    fill_shown(said);
}

void said_drop_all(struct said *said)
{
    diagnostics_finish(&said->list);
    drop_out(said);
    for (size_t i = 0; i < SAID_FILE_COUNT; i++) {
        empty(&said->files[i]);
    }
}

static void append_out(const struct said *said, struct bytes *out)
{
    bytes_append(out, bytes_text(&said->out), said->out.len);
    if (said->out.len > 0 && out->data[out->len - 1] != '\n') {
        bytes_append(out, "\n", 1);
    }
    if (said->out_cut > 0) {
        bytes_append_text(out, "rustc-relay: ... ");
        bytes_append_count(out, said->out_cut);
        bytes_append_text(out, " bytes of standard output cut: more than is shown\n");
    }
}

void said_take_out(struct said *said, struct bytes *out)
{
    append_out(said, out);
    bytes_append(&said->told, bytes_text(&said->out), said->out.len);
    said->repeated = said->told.len;
    drop_out(said);
}

void said_show_text(int fd, const char *text, size_t len)
{
    (void)file_write_all(fd, text, len);
}

void said_show(struct said *said, bool shows_stderr)
{
    said_show_text(STDOUT_FILENO, bytes_text(&said->out), said->out.len);
    bytes_consume(&said->out, said->out.len);
    struct bytes text = {0};
    said_take_out(said, &text); // what was cut while nothing was shown
    diagnostics_answer(&said->list, SIZE_MAX, &text);
    if (shows_stderr) {
        said_show_text(STDERR_FILENO, bytes_text(&text), text.len);
    }
    bytes_finish(&text);
    diagnostics_finish(&said->list);
}

static bool write_kept(const struct said *said, enum said_file file, const char *to,
                       struct failure *why)
{
    struct bytes text = {0};
    if (file == SAID_STDOUT && said->out_cut == 0) {
        bytes_append(&text, bytes_text(&said->out), said->out.len);
    } else if (file == SAID_STDOUT) {
        append_out(said, &text);
    } else {
        diagnostics_all(&said->list, &text);
    }
    bool good = file_write(to, bytes_text(&text), text.len, why);
    bytes_finish(&text);
    return good;
}

bool said_write(struct said *said, enum said_file file, const char *to, bool is_over,
                struct failure *why)
{
    bool good = said->is_wanted[file] ? spool_write(&said->files[file], to, is_over, why)
                                      : write_kept(said, file, to, why);
    if (file == SAID_STDOUT) {
        drop_out(said);
    }
    return good;
}
