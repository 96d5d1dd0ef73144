"""What the processes below another one use: CPU time and memory, from /proc.

CPU time is what the kernel knows (user and system, /proc/PID/stat, in steps of a clock tick) of a
server's children and all their descendants that have ended or still live: rustc, linkers, build
scripts, the worker. What a process that lost its parent used is missing.

Memory is the sum of what each process has for itself: its resident pages but for those of files,
which processes share (rustc's own library, mapped metadata). Exact shares (PSS) are not read: that
takes the kernel 3 ms and more for one large rustc, which waits meanwhile.
"""

import os
import pathlib
import threading

TICK_SECONDS = 1 / os.sysconf("SC_CLK_TCK")
PAGE_MIB = os.sysconf("SC_PAGE_SIZE") / 2 ** 20
# Fields of /proc/PID/stat, counted behind the command's name: see proc(5).
PARENT, OWN_TIMES, ENDED_CHILDREN_TIMES = 1, slice(11, 13), slice(13, 15)
SAMPLE_SECONDS = 0.1


def stat_fields(pid):
    """The fields of its stat line behind the name, or None when it has ended."""
    try:
        text = pathlib.Path(f"/proc/{pid}/stat").read_text(errors="replace")
    except OSError:
        return None
    return text.rpartition(")")[2].split()


def all_pids():
    return [int(name) for name in os.listdir("/proc") if name.isdigit()]


def parent_of_each(known={}):
    """Process -> its parent. Only what is not known is read: most are the kernel's or live for long."""
    pids = all_pids()
    found = {pid: known[pid] for pid in pids if pid in known}
    for pid in pids:
        if pid not in found and (fields := stat_fields(pid)):
            found[pid] = int(fields[PARENT])
    return found


def descendants(parents, top):
    """All below `top`; `parents` has each process's."""
    children = {}
    for pid, parent in parents.items():
        children.setdefault(parent, []).append(pid)
    found, rest = [], [top]
    while rest:
        below = children.get(rest.pop(), [])
        found += below
        rest += below
    return found


def cpu_ticks(fields, which):
    return sum(int(ticks) for ticks in fields[which])


def cpu_seconds(server):
    """(of all processes below the server, of the server itself)"""
    table = {pid: fields for pid in all_pids() if (fields := stat_fields(pid))}
    parents = {pid: int(fields[PARENT]) for pid, fields in table.items()}
    below = cpu_ticks(table[server], ENDED_CHILDREN_TIMES)
    for pid in descendants(parents, server):
        below += cpu_ticks(table[pid], OWN_TIMES) + cpu_ticks(table[pid], ENDED_CHILDREN_TIMES)
    return below * TICK_SECONDS, cpu_ticks(table[server], OWN_TIMES) * TICK_SECONDS


def resident_mib(pid, of_files=True):
    """What a process has in memory, perhaps without the pages of files; 0 when it has ended."""
    try:
        with open(f"/proc/{pid}/statm", encoding="ascii") as statm:
            _, resident, shared, *_ = map(int, statm.read().split())
    except OSError:
        return 0.0
    return (resident if of_files else resident - shared) * PAGE_MIB


def own_memory_mib(pid):
    return resident_mib(pid, of_files=False)


class PeakMemory(threading.Thread):
    """Looks ten times a second at a process and all below it, as long as the context lasts."""

    def __init__(self, top):
        super().__init__(daemon=True)
        self.below_mib = 0.0  # without the process itself
        self.all_mib = 0.0
        self._top = top
        self._parents = {}
        self._over = threading.Event()

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self._over.set()
        self.join()

    def run(self):
        while True:
            self._look()
            if self._over.wait(SAMPLE_SECONDS):
                return

    def _look(self):
        self._parents = parent_of_each(self._parents)
        below = sum(map(own_memory_mib, descendants(self._parents, self._top)))
        self.below_mib = max(self.below_mib, below)
        self.all_mib = max(self.all_mib, below + own_memory_mib(self._top))
