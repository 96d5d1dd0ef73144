/**
 * What is known of a compile, and what may become of it: pure.
 *
 * | state         | the compile                                                           |
 * |---------------|-----------------------------------------------------------------------|
 * | MADE          | has no process: not yet, or it was killed before it had one           |
 * | REFUSED       | cannot be started: its inputs cannot be linked; `said` has the reason |
 * | WAITS_PLACE   | an older one that was killed may still write where it will write      |
 * | WAITS_TURN    | it is not its turn yet to use a core (turns/jobserver.h)              |
 * | RUNS          | its rustc runs                                                        |
 * | AT_GATE       | its rustc has asked for the linker, which waits for the rlibs         |
 * | WAITS_TO_LINK | the rlibs are there, but it is not its turn to go on                  |
 * | ELSEWHERE     | another worker's rustc makes it                                       |
 * | DYING         | its rustc was killed by us and may not be dead yet                    |
 * | ENDED         | its rustc is dead and reaped, or could not be started                 |
 * | LOST          | what another worker made cannot be used                               |
 */
#ifndef RELAY_PROGRAM_COMPILE_STATE_H
#define RELAY_PROGRAM_COMPILE_STATE_H

#include "process/child.h"
#include "rustc/command.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum compile_state {
    COMPILE_NEVER, /**< in no compile: what cannot happen leads here */
    COMPILE_MADE,
    COMPILE_REFUSED,
    COMPILE_WAITS_PLACE,
    COMPILE_WAITS_TURN,
    COMPILE_RUNS,
    COMPILE_AT_GATE,
    COMPILE_WAITS_TO_LINK,
    COMPILE_ELSEWHERE,
    COMPILE_DYING,
    COMPILE_ENDED,
    COMPILE_LOST,
    COMPILE_STATE_COUNT
};

enum compile_event {
    COMPILE_HELD,        /**< its place is not free */
    COMPILE_QUEUED,      /**< its private directory is there; it is not its turn */
    COMPILE_STARTED,     /**< its process runs */
    COMPILE_FAILED,      /**< it cannot be started */
    COMPILE_ATTACHED,    /**< another worker's process is waited for */
    COMPILE_ASKED,       /**< its linker was asked for */
    COMPILE_OPENED,      /**< the rlibs are there, and it is its turn */
    COMPILE_OPENED_LATE, /**< the rlibs are there, and it is not its turn */
    COMPILE_KILLED,      /**< nobody wants its process, or waits for one elsewhere */
    COMPILE_OVER,        /**< its process is dead, here or elsewhere */
    COMPILE_NO_INPUTS,   /**< its inputs cannot be linked */
    COMPILE_NO_RESULT,   /**< what another worker made cannot be used */
    COMPILE_EVENT_COUNT
};

/** What the event makes of the state; COMPILE_NEVER: it cannot happen. */
enum compile_state compile_state_after(enum compile_state state, enum compile_event event);

/** What everybody may know of a compile, and nobody but itself may change. */
struct compile_facts {
    uint64_t serial; /**< which one it is */
    enum compile_state state;
    struct command command; /**< what it runs; of one that ended well without the words */
    const char *dir;        /**< its private directory, now; NULL before the start */
    const char *made_in;    /**< the same as rustc knew it, which its outputs may name */
    pid_t pid;              /**< its process; -1: there is none here */
    bool is_remote;         /**< does, or did, another worker's process make it? */
    bool in_spare;          /**< is it in another root than its crate's usual one? */
    bool has_gate;          /**< was it to stop at a gate? */
    bool has_metadata;      /**< is the .rmeta complete? */
    bool asked;             /**< was its linker asked for? */
    bool blames_source;     /**< did rustc find errors in the crate's own text? */
    struct child_end end;   /**< how its process ended */
};

/** Did the process end with exit code 0? */
bool facts_succeeded(const struct compile_facts *facts);

/** Are its outputs gone although it ended well? (Taken by another worker, or removed by somebody.)
 */
bool facts_are_hollow(const struct compile_facts *facts);

/** Was the compile to stop at a gate, and what came of it does not count? When it has ended. */
bool facts_are_unfit(const struct compile_facts *facts);

/** How many bytes its artifacts have on disk. */
uint64_t facts_disk_bytes(const struct compile_facts *facts);

/** "rustc exited with code 1", "rustc was killed by signal 9 (Killed)". Owned by the caller. */
char *facts_describe_end(const struct compile_facts *facts);

#endif
