"""One request of a fake crate and how long its answer takes, and the same tool without a worker."""

import os
import pathlib
import statistics
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "integration"))

from relay import FAKE_RUSTC, Worker  # noqa: E402
from scripts import lines  # noqa: E402
from wire import Request  # noqa: E402
from workspace import Crate  # noqa: E402

MS = 1000.0
SCRIPT = lines("metadata the metadata", "link the rlib")


def crate(workspace, name):
    """Its rustc writes two outputs and ends."""
    return Crate(workspace, name, SCRIPT)


def outputs(of, top=""):
    return [os.path.join(top, name) for name in (of.rmeta, of.rlib)]


def worker(workspace, wire, **more):
    return Worker(workspace, FAKE_RUSTC, wire=wire, **more)


def end(*workers):
    for one in workers:
        one.finish()
        one.destroy()


def frame(to, arguments, inputs, request_id=1, **more):
    return to.wire.encode(Request(arguments, inputs, request_id, **more))


def ask_seconds(to, data):
    start = time.perf_counter()
    to.send_raw(data)
    response = to.answer(1)
    seconds = time.perf_counter() - start
    assert response.exit_code == 0, response
    return seconds


def assert_there(names):
    """The answer is no use without them."""
    missing = [name for name in names if not os.path.exists(name)]
    assert not missing, missing


def spawn(of):
    """The tool alone, as the worker starts it; the directory is the execroot."""
    silent = [(os.POSIX_SPAWN_OPEN, fd, "/dev/null", os.O_RDWR, 0) for fd in range(3)]
    # The tool knows neither the flags of the wrapper nor its substitutions.
    words = [FAKE_RUSTC, of.root, f"--emit=metadata={of.rmeta}", f"--emit=link={of.rlib}"]
    return os.posix_spawn(FAKE_RUSTC, words, {}, file_actions=silent)


def bare_seconds(crates):
    """All of them at once, until the last one has ended."""
    for one in crates:
        one.workspace.delete_outputs(*outputs(one))
    start = time.perf_counter()
    for pid in [spawn(one) for one in crates]:
        os.waitpid(pid, 0)
    return time.perf_counter() - start


def medians(rows):
    """One of each column."""
    return [statistics.median(column) for column in zip(*rows)]
