/**
 * The files of a gate, below the private directory of its compile. Known to the worker's side
 * (gate/gate.h) and the linker's (gate/gate_keeper.h) alone.
 *
 * FIFOs by path, and no inherited pipes: another worker process may open the gate, one that was
 * given the request to link while the compile belongs to the first (singleplex workers).
 */
#ifndef RELAY_GATE_GATE_LAYOUT_H
#define RELAY_GATE_GATE_LAYOUT_H

/** Holds a link to our own executable under the file name of the real linker. */
#define GATE_BIN "gate/bin"
/** A link whose text is the real linker, as rustc would have been given it; it may lead nowhere. */
#define GATE_LINKER "gate/linker"
/** A FIFO that the worker reads: GATE_SAYS_ASKED each time that the linker is asked for,
 * GATE_SAYS_OPENED each time that somebody opens the gate. */
#define GATE_ASKED "gate/asked"
/** A FIFO that gates wait at for GATE_SAYS_GO. The owner holds it open for its life: its end is the
 * owner's. */
#define GATE_GO "gate/go"
/** Is there once the gate is open. */
#define GATE_OPEN "gate/open"
/** Is there once its owner lets through. */
#define GATE_PASSED "gate/passed"

#include <stdbool.h>

enum gate_says { GATE_SAYS_ASKED = 'a', GATE_SAYS_OPENED = 'o', GATE_SAYS_GO = 'g' };

/** Writes this byte to a FIFO without waiting; 0, or errno (ENXIO: nobody has it open to read). One
 * that is full says as much as one byte more. */
int gate_layout_write(const char *path, enum gate_says what);

/** Is this file of the gate of the compile in `dir` there? */
bool gate_layout_has(const char *dir, const char *part);

#endif
