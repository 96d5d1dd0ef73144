/**
 * Locks on single bytes of a file that several worker processes have open. The kernel gives back
 * those of a process that died, however it died; two open files of one process are as strange to
 * each other as two processes. (fcntl(2), "Open file description locks"; F_OFD_SETLK is POSIX since
 * 2024; no file is left for a system without it.)
 */
#ifndef RELAY_BASE_BYTE_LOCK_H
#define RELAY_BASE_BYTE_LOCK_H

#include <stdbool.h>
#include <sys/types.h>

/** Locks a byte for us alone; false at once when anybody else has it. What was a shared lock of
 * ours becomes this one. */
bool byte_lock_try(int fd, off_t byte);

/** Waits until the byte can be locked for us alone; false: this file cannot be locked. */
bool byte_lock_wait(int fd, off_t byte);

/** Locks a byte together with all others who do; false when one has it alone. What was a lock of
 * ours alone becomes this one. */
bool byte_lock_share(int fd, off_t byte);

/** Gives a byte back. */
void byte_lock_release(int fd, off_t byte);

/** Has anybody else a lock of any kind on one of `count` bytes from `first` on? */
bool byte_lock_is_used(int fd, off_t first, off_t count);

#endif
