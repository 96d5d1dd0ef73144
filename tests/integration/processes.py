"""What runs, as /proc tells it, and waiting for an end without sleeping."""

import os
import select
import time

SECONDS = float(os.environ.get("RELAY_TEST_SECONDS", "60"))
MARK = "RELAY_TEST_MARK"


def is_zombie(pid):
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as stat:
            return stat.read().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


def alive(pid):
    return not is_zombie(pid)


def marked(mark):
    """Every living process that inherited the mark in its environment."""
    found = []
    wanted = f"{MARK}={mark}".encode()
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                with open(f"/proc/{name}/environ", "rb") as environ:
                    if wanted in environ.read().split(b"\0") and alive(int(name)):
                        found.append(int(name))
            except OSError:
                pass  # it ended meanwhile
    return found


def wait_gone(pid, seconds=SECONDS):
    """True when the process ends within the time (or has ended)."""
    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        return bool(select.select([handle], [], [], seconds)[0]) or is_zombie(pid)
    finally:
        os.close(handle)


def command_line(pid):
    with open(f"/proc/{pid}/cmdline", "rb") as cmdline:
        return cmdline.read().decode().split("\0")[:-1]


class Deadline:
    def __init__(self, seconds):
        self.end = time.monotonic() + seconds

    def left(self):
        return max(0.0, self.end - time.monotonic())


class Signal:
    """A fifo that a fake rustc writes its pid to when it reaches a point (`fifo-signal`)."""

    def __init__(self, path):
        os.mkfifo(path)
        self.path = path
        self._fd = os.open(path, os.O_RDWR | os.O_NONBLOCK)

    def wait(self, seconds=SECONDS):
        """Returns the pid of who reached the point."""
        if not select.select([self._fd], [], [], seconds)[0]:
            raise AssertionError(f"nobody reached {self.path} within {seconds} s")
        return int(os.read(self._fd, 4096).split()[-1])

    def reached(self):
        return bool(select.select([self._fd], [], [], 0)[0])

    def close(self):
        os.close(self._fd)


class Gate:
    """A fifo that a fake rustc waits at (`fifo-wait`, `grandchild-hold`, `daemon`) until released."""

    def __init__(self, path):
        os.mkfifo(path)
        self.path = path
        self._fd = None

    def release(self):
        if self._fd is None:
            self._fd = os.open(self.path, os.O_RDWR | os.O_NONBLOCK)

    def close(self):
        """Whoever comes from now on waits again."""
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None
