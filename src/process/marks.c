#include "process/marks.h"

#include "base/mem.h"
#include "process/platform.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <uv.h>

// A mark: 1 in front, then which worker (38 bits), then which program (24 bits).
enum { LEADING_BIT = 62, PROGRAM_BITS = 24 };
// How often we look again because somebody was gone before we came to him.
enum { LOOKS_MAX = 64 };

_Static_assert(MARKS_COUNT == 1 << PROGRAM_BITS, "all marks of a worker differ in these bits only");

// Those that were sent SIGKILL: they start nobody any more.
struct hunt {
    const struct marks *marks;
    marks_chosen *chosen;
    void *context;
    pid_t *killed;
    size_t killed_count;
    size_t seen; // in this look
    bool news;   // was somebody seen for the first time, or missed?
};

void marks_init(struct marks *marks)
{
    uint64_t worker = 0;
    // Without randomness the time is as good as it gets.
    if (uv_random(NULL, NULL, &worker, sizeof worker, 0, NULL) != 0) {
        worker = uv_hrtime();
    }
    const uint64_t leading = (uint64_t)1 << LEADING_BIT;
    *marks = (struct marks){.first = leading | (worker << PROGRAM_BITS & (leading - 1))};
}

uint64_t marks_next(struct marks *marks)
{
    return marks->first == 0 ? 0 : marks->first + marks->given++ % MARKS_COUNT;
}

static bool was_killed(const struct hunt *hunt, pid_t pid)
{
    for (size_t i = 0; i < hunt->killed_count; i++) {
        if (hunt->killed[i] == pid) {
            return true;
        }
    }
    return false;
}

static void kill_process(struct hunt *hunt, pid_t pid)
{
    hunt->killed = mem_reserve_one(hunt->killed, hunt->killed_count, sizeof hunt->killed[0]);
    hunt->killed[hunt->killed_count++] = pid;
    hunt->news = true;
    kill(pid, SIGKILL);
}

static void look_at(void *context, pid_t pid)
{
    struct hunt *hunt = context;
    uint64_t mark = 0;
    uint64_t first = hunt->marks->first;
    if (!platform_mark_of(pid, &mark)) {
        hunt->news = hunt->news || errno == ESRCH;
        return;
    }
    if (mark < first || mark - first >= MARKS_COUNT ||
        (hunt->chosen != NULL && !hunt->chosen(hunt->context, mark))) {
        return;
    }
    hunt->seen++;
    if (!was_killed(hunt, pid)) {
        kill_process(hunt, pid);
    }
}

// False: there is no more to see.
static bool look_around(struct hunt *hunt)
{
    hunt->news = false;
    hunt->seen = 0;
    return platform_each_process(look_at, hunt) && hunt->news;
}

size_t marks_kill(const struct marks *marks, marks_chosen *chosen, void *context)
{
    struct hunt hunt = {.marks = marks, .chosen = chosen, .context = context};
    // Whoever was started meanwhile is there in the next look, also the child of one that had ended
    // when we came to it. A look that finds nobody new, and misses nobody, saw all of them killed.
    bool goes_on = marks->first != 0;
    for (int i = 0; i < LOOKS_MAX && goes_on; i++) {
        goes_on = look_around(&hunt);
    }
    free(hunt.killed);
    return hunt.seen;
}
