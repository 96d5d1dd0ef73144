/**
 * What the program is when rustc calls it as its linker: a gate, and then the real linker.
 */
#ifndef RELAY_GATE_LINKER_H
#define RELAY_GATE_LINKER_H

/**
 * Waits at the gate of the compile in `dir`, then becomes the real linker, with the same arguments,
 * environment and signal handling. Returns only when that cannot be, with one line on stderr and
 * the exit code: the worker is gone, there is no such linker, or an rlib among the arguments (or in
 * a response file of rustc's) is hollow. The linker would not mind that one in a shared object, and
 * its users would fail. Call before signals are set up.
 */
int linker_run(const char *dir, char **argv);

#endif
