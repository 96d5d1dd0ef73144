/**
 * Leases: how worker processes that know of each other only by what is in the file system share
 * places there. Who uses a place has a lock (flock(2)) on a file beside it, or on the place itself
 * if that is a directory. Nothing is ever decided by age, by a process number or by what a file
 * says: a lock that is free has no holder, and whatever belongs to it was left by a dead one.
 *
 * *The holder dies*, at any moment and in any way: the kernel frees the lock. It is taken before
 * the place is made and its file removed after the place, so at each moment either there is no
 * place, or there is a lock that a sweeper finds free. One that has lost its file is free as well.
 *
 * *A sweeper comes.* He takes the lock as everybody does, without waiting and without making one:
 * a living holder keeps him out. While he has it nobody else comes in. He removes the place first
 * and what was locked last; if he dies in between, the next one finds the same again.
 *
 * *In between.* From opening to locking others may do anything: the sweeper finds a lock free that
 * was made just now, and removes it; somebody removes the place (`bazel clean`, systemd at logout,
 * a user), and another one comes under that name. So a lock counts when it is held *and* is still
 * what its name stands for. If it is not, it is given back and all begins again. The sweeper looks
 * in the same way, or he would remove a namesake.
 *
 * *While it is held* only strangers remove or replace it. The holder has then lost it without being
 * told: lease_is_valid() tells, when he misses something or before he relies on it.
 *
 * A lock cannot be waited for in a loop. Who is waited for shows a FIFO, too, whose end is seen by
 * whoever watches it: he has closed it, or is dead. And what outlives its holder on purpose, for
 * anybody to take, is claimed by rename(2): of many who try, one succeeds.
 *
 * flock(2) is no POSIX, but Linux, macOS and the BSDs have it. What POSIX has instead, F_OFD_SETLK,
 * would lock no directory: that can only be opened for reading.
 *
 * A lease is a descriptor, at least 0, that is closed on exec. All calls block for the file system.
 */
#ifndef RELAY_BASE_LEASE_H
#define RELAY_BASE_LEASE_H

#include <stdbool.h>

/** No lease. From a function: errno says why, EWOULDBLOCK that somebody has it. */
enum { LEASE_NONE = -1 };

/** Takes the lock file, which is made if it is missing, for us alone. Waits only while somebody has
 * it briefly. */
int lease_take(const char *file);

/** The same, at once or not at all, for a moment in which whoever wants it may wait for us. */
int lease_take_briefly(const char *file);

/** Takes the directory, which is made with mode 0700 if it is missing, together with all others who
 * do so. Waits while a sweeper has it. */
int lease_share(const char *dir);

/** For a sweeper: takes the lock file if nobody has it. One that is missing is not made (ENOENT);
 * a symbolic link is none. */
int lease_inherit(const char *file);

/** The same for a directory. */
int lease_inherit_dir(const char *dir);

/** Is what we have locked still what is there under this name? LEASE_NONE is not. */
bool lease_is_valid(int lease, const char *lock);

/** Gives it back; what was locked stays. LEASE_NONE is nothing. */
void lease_release(int lease);

/** Makes the FIFO and returns what must be kept open while we are waited for. LEASE_NONE on
 * failure, also when something of that name is there. */
int lease_show(const char *fifo);

/** Opens the FIFO: end of file can be read when nobody shows it any more, also at once. LEASE_NONE
 * when there is none. The caller closes it. */
int lease_watch(const char *fifo);

#endif
