/**
 * The tokens of a GNU make jobserver, shared by all worker processes of one state directory:
 * rustc's threads take them out of a FIFO and put them back, and so do we for the thread that each
 * rustc has anyhow. (GNU make manual, "POSIX Jobserver Interaction": the form fifo:PATH)
 *
 *     <dir>/ledger        how many tokens belong to each generation; locks of those who use one
 *     <dir>/tokens.<n>    the FIFO of a generation
 *
 * A child that is killed takes the tokens of its threads with it, and nobody can tell how many
 * those were. Then a new generation is begun with what is left, for all that start from now on.
 * When the last child of the old one has ended, all that is missing from it is there again. A
 * worker that is killed loses its locks, and so what it used is not in use any more.
 *
 * Whoever is alone begins with the full number: no mistake in the ledger outlives the build.
 */
#ifndef RELAY_TURNS_TOKEN_POOL_H
#define RELAY_TURNS_TOKEN_POOL_H

#include "base/failure.h"

#include <stdbool.h>
#include <stddef.h>

struct token_pool;

enum { TOKEN_POOL_NONE = -1 };

/** `dir` is made if it is not there. `tokens` is at least 1. NULL on failure. */
struct token_pool *token_pool_open(const char *dir, size_t tokens, struct failure *why);

/** Whoever joined must have left. Accepts NULL. */
void token_pool_close(struct token_pool *pool);

/** A child begins: the generation that it uses from now on, TOKEN_POOL_NONE when there is none. */
int token_pool_join(struct token_pool *pool);

/** That child has ended. `killed`: perhaps with tokens. */
void token_pool_leave(struct token_pool *pool, int generation, bool killed);

/** The value of CARGO_MAKEFLAGS for a child of this generation. Borrowed. */
const char *token_pool_flags(const struct token_pool *pool, int generation);

/** Takes a token out; the generation it belongs to, TOKEN_POOL_NONE: there is none now. */
int token_pool_take(struct token_pool *pool);

/** Puts it back. */
void token_pool_put(struct token_pool *pool, int generation);

#endif
