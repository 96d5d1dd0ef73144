"""A machine with any number of cores, whose time stands still while real processes do something.

Work is put on the cores and costs virtual seconds. The cores share like a kernel with equal
priorities: while there is more work than cores, all of it goes on equally slower. Virtual time passes
only in advance(), to where the first work is done; whoever drives this does so when every real process
is asleep (see is_still). So a replay measures decisions and no speed, gives the same on a loaded
machine, and costs no waiting.
"""

import pathlib

import process_tree

EPSILON = 1e-9
ASLEEP = "S"
SWITCHES = ["voluntary_ctxt_switches", "nonvoluntary_ctxt_switches"]
EPOLL_WAITS = {232, 281, 22}  # epoll_wait and epoll_pwait of x86-64, epoll_pwait of arm64
TIMEOUT_WORD = 4  # of what /proc/PID/syscall says: behind the call's number and three arguments
LONG_MS = 1000
TABLE = pathlib.Path("/proc")


class Cores:
    """The state of the virtual machine. Times are virtual seconds since its beginning."""

    def __init__(self, count, is_urgent=None):
        """With is_urgent, work for which it is true goes before all other, as with an idle priority."""
        self.count = count
        self.now = 0.0
        self.most = 0  # so many wanted a core at once
        self._left = {}
        self._seen = set()
        self._is_urgent = is_urgent or (lambda work: True)

    def put(self, work, seconds):
        assert work not in self._seen, f"{work} is computed twice"
        self._left[work] = seconds
        self._seen.add(work)
        self.most = max(self.most, len(self._left))

    def is_idle(self):
        return not self._left

    def _rates(self):
        rates, cores = {}, self.count
        for urgent in (True, False):
            group = [work for work in self._left if self._is_urgent(work) == urgent]
            for work in group:
                rates[work] = min(1.0, cores / len(group))
            cores = max(0, cores - len(group))
        return rates

    def advance(self):
        """Lets time pass until something is done, and returns all that is."""
        rates = self._rates()
        step = min(self._left[work] / rate for work, rate in rates.items() if rate > 0)
        self.now += step
        for work, rate in rates.items():
            self._left[work] -= step * rate
        done = [work for work, left in self._left.items() if left < EPSILON]
        for work in done:
            del self._left[work]
        return done


def _family(pid):
    """A process and all its descendants."""
    return {pid, *process_tree.descendants(process_tree.parent_of_each(), pid)}


def _read(path):
    return path.read_text(encoding="ascii", errors="replace")


def _thread(path):
    """What a thread sleeps in, and how often it has gone to sleep; None while it is awake.

    State S alone does not say that it sleeps: it is set a little earlier, and a thread that is preempted
    there keeps it. The file `syscall` waits for the thread to have left the processor. One that is
    in no system call is about to fault, or dead."""
    lines = dict(line.split(":", 1) for line in _read(path / "status").splitlines())
    words = _read(path / "syscall").split()
    if lines["State"].split()[0] != ASLEEP or words[0] in ("running", "-1"):
        return None
    return path.name, *words, *(lines[name] for name in SWITCHES)


def _asleep(pids):
    """What all their threads sleep in; None when one is awake or has gone."""
    found = []
    try:
        for pid in sorted(pids):
            for task in (TABLE / str(pid) / "task").iterdir():
                found.append(_thread(task))
                if found[-1] is None:
                    return None
    except (FileNotFoundError, ProcessLookupError):
        return None
    return sorted(found)


def _waits_long(pid):
    """Does an event loop stand still, with no timer that is soon due?"""
    thread = _thread(TABLE / str(pid) / "task" / str(pid))
    if thread is None or int(thread[1]) not in EPOLL_WAITS:
        return False
    timeout_ms = int(thread[1 + TIMEOUT_WORD], 16) & 0xFFFFFFFF
    return timeout_ms >= LONG_MS  # the largest of all means no timer


def is_still(pid):
    """True when this process, an event loop, and its descendants can only be woken by the caller.

    All were asleep when they were looked at, and again, and nobody had run meanwhile: so there was a
    moment, between the two looks, when all slept. Whoever writes to a sleeper wakes it at once, so
    nothing was under way between them then. What they had told the caller by then can be read now.
    """
    if not _waits_long(pid):  # cheap, and mostly enough
        return False
    family = _family(pid)
    before = _asleep(family)
    return (before is not None and _waits_long(pid) and _family(pid) == family
            and _asleep(family) == before)
