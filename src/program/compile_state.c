#include "program/compile_state.h"

#include "base/file.h"
#include "base/mem.h"
#include "program/workplace.h"

#include <signal.h>
#include <string.h>

// What is not named cannot happen.
static const enum compile_state after[COMPILE_STATE_COUNT][COMPILE_EVENT_COUNT] = {
#define BEGINS                                                                                     \
    [COMPILE_HELD] = COMPILE_WAITS_PLACE, [COMPILE_QUEUED] = COMPILE_WAITS_TURN,                   \
    [COMPILE_STARTED] = COMPILE_RUNS, [COMPILE_FAILED] = COMPILE_ENDED,                            \
    [COMPILE_ATTACHED] = COMPILE_ELSEWHERE, [COMPILE_KILLED] = COMPILE_MADE
#define LINKS [COMPILE_OPENED] = COMPILE_RUNS, [COMPILE_OPENED_LATE] = COMPILE_WAITS_TO_LINK
#define ENDS [COMPILE_KILLED] = COMPILE_DYING, [COMPILE_OVER] = COMPILE_ENDED
    [COMPILE_MADE] = {BEGINS, [COMPILE_NO_INPUTS] = COMPILE_REFUSED},
    [COMPILE_WAITS_PLACE] = {BEGINS},
    [COMPILE_ENDED] =
        {BEGINS, [COMPILE_NO_INPUTS] = COMPILE_REFUSED, [COMPILE_NO_RESULT] = COMPILE_LOST},
    [COMPILE_LOST] = {BEGINS, [COMPILE_NO_INPUTS] = COMPILE_REFUSED},
    [COMPILE_REFUSED] = {[COMPILE_FAILED] = COMPILE_ENDED, [COMPILE_KILLED] = COMPILE_MADE},
    [COMPILE_WAITS_TURN] = {[COMPILE_STARTED] = COMPILE_RUNS,
                            [COMPILE_FAILED] = COMPILE_ENDED,
                            [COMPILE_KILLED] = COMPILE_MADE},
    [COMPILE_RUNS] = {LINKS, ENDS, [COMPILE_ASKED] = COMPILE_AT_GATE},
    [COMPILE_AT_GATE] = {LINKS, ENDS},
    [COMPILE_WAITS_TO_LINK] = {LINKS, ENDS},
    [COMPILE_ELSEWHERE] = {[COMPILE_KILLED] = COMPILE_MADE, [COMPILE_OVER] = COMPILE_ENDED},
    [COMPILE_DYING] = {ENDS, [COMPILE_ASKED] = COMPILE_DYING, [COMPILE_OPENED] = COMPILE_DYING,
                       [COMPILE_OPENED_LATE] = COMPILE_DYING},
#undef BEGINS
#undef LINKS
#undef ENDS
};

enum compile_state compile_state_after(enum compile_state state, enum compile_event event)
{
    return after[state][event];
}

bool facts_succeeded(const struct compile_facts *facts)
{
    return facts->state == COMPILE_ENDED && facts->end.signal == 0 && facts->end.exit_code == 0 &&
           !facts->end.killed;
}

bool facts_are_hollow(const struct compile_facts *facts)
{
    return facts_succeeded(facts) && command_is_redirected(&facts->command) &&
           crate_args_emit(&facts->command.crate, "link") != NULL &&
           !workplace_holds(facts->dir, &facts->command, "link");
}

bool facts_are_unfit(const struct compile_facts *facts)
{
    bool failed_itself = facts->blames_source && !facts->asked && facts->end.signal == 0;
    bool good = facts->asked && facts_succeeded(facts);
    return facts->has_gate && !good && !failed_itself;
}

uint64_t facts_disk_bytes(const struct compile_facts *facts)
{
    return facts->dir == NULL ? 0 : workplace_bytes(facts->dir, &facts->command);
}

char *facts_describe_end(const struct compile_facts *facts)
{
    const char *tool = path_basename(facts->command.tool);
    if (facts->state == COMPILE_LOST) {
        return mem_format("what another worker's %s made cannot be used", tool);
    }
    if (facts->end.signal != 0) {
        return mem_format("%s was killed by signal %d (%s%s)", tool, facts->end.signal,
                          strsignal(facts->end.signal),
                          facts->end.signal == SIGKILL ? ": out of memory?" : "");
    }
    return mem_format("%s exited with code %d", tool, facts->end.exit_code);
}
