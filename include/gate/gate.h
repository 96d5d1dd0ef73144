/**
 * The gate, seen from the worker. rustc is told that its linker is our own executable, under the
 * real linker's file name. Called as that it says so, waits until it is let through, and becomes
 * the real linker (gate/gate_keeper.h). gate/gate_layout.h has the files, and why they are FIFOs by
 * path: any process can open a gate, its owner lets through, and only the owner's death closes it.
 *
 * SIGPIPE must be ignored.
 */
#ifndef RELAY_GATE_GATE_H
#define RELAY_GATE_GATE_H

#include "base/failure.h"

#include <stdbool.h>
#include <uv.h>

struct gate;

/** Told once, from the loop. The gate may be closed from within. */
typedef void gate_event(void *owner);

struct gate_spec {
    uv_loop_t *loop;
    const char *dir;     /**< the compile's private directory, absolute; it has no gate yet */
    const char *program; /**< our own executable, absolute */
    const char *linker;  /**< the real one, as rustc would be given it: "cc", "tools/ld" */
    gate_event *asked;   /**< the linker is asked for */
    gate_event *opened;  /**< somebody has opened the gate, perhaps before that */
    void *owner;         /**< for both */
};

/** Makes the gate's files and listens. NULL on failure. What `spec` points to is not kept. */
struct gate *gate_create(const struct gate_spec *spec, struct failure *why);

/**
 * Who waits at the gate now fails. No event comes any more; the files stay; the memory goes when
 * the loop has run. Accepts NULL. See uv_close.
 */
void gate_close(struct gate *gate);

/** What `-Clinker=` must say for the compile in `dir`, owned by the caller. */
char *gate_linker_path(const char *dir, const char *linker);

/**
 * Opens the gate of the compile in `dir`, which is told to its owner. By any process, and again.
 * Fails when nobody owns the gate any more.
 */
bool gate_open(const char *dir, struct failure *why);

/** Was it opened? */
bool gate_is_open(const char *dir);

/** Its owner lets through those who wait and those who come. */
bool gate_pass(const struct gate *gate, struct failure *why);

#endif
