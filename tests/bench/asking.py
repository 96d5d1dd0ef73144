"""Requests of fake crates and how long their answers take, and the same tool without a worker.

What is asked for is like what Bazel asks for: bytes are encoded and outputs deleted before the time, and
an answer is no use without its outputs. All below TMPDIR, as a user's output base is on a disk: its
file system is part of the cost.
"""

import contextlib
import hashlib
import os
import statistics
import tempfile
import time

from relay import FAKE_RUSTC, RELAY, Worker
from scripts import lines
from wire import Request
from workspace import Crate, Workspace

MS = 1000.0
SCRIPT = lines("metadata the metadata", "link the rlib")


def crate(workspace, name):
    """Its rustc writes two outputs and ends."""
    return Crate(workspace, name, SCRIPT)


def outputs(of, top=""):
    return [os.path.join(top, name) for name in (of.rmeta, of.rlib)]


def frame(to, arguments, inputs, request_id=1, **more):
    return to.wire.encode(Request(arguments, inputs, request_id, **more))


def assert_there(names):
    missing = [name for name in names if not os.path.exists(name)]
    assert not missing, missing


def ask_ms(worker, of, inputs, *requests, top="", **more):
    """Asks one after the other for what these arguments say, for outputs below `top`."""
    frames = [frame(worker, arguments, of.inputs() + inputs, **more) for arguments in requests]
    of.workspace.delete_outputs(*outputs(of, top))
    seconds = 0.0
    for data in frames:
        start = time.perf_counter()
        worker.send_raw(data)
        response = worker.answer(1)
        seconds += time.perf_counter() - start
        assert response.exit_code == 0, response
    assert_there(outputs(of, top))
    return seconds * MS


def plain_ms(worker, of, inputs, **more):
    return ask_ms(worker, of, inputs, of.plain_arguments(), **more)


def pair_ms(worker, of, inputs):
    return ask_ms(worker, of, inputs, of.metadata_arguments(), of.full_arguments())


def spawn(of):
    """The tool alone, as the worker starts it; the directory is the execroot."""
    silent = [(os.POSIX_SPAWN_OPEN, fd, "/dev/null", os.O_RDWR, 0) for fd in range(3)]
    # The tool knows neither the flags of the wrapper nor its substitutions.
    words = [FAKE_RUSTC, of.root, f"--emit=metadata={of.rmeta}", f"--emit=link={of.rlib}"]
    return os.posix_spawn(FAKE_RUSTC, words, {}, file_actions=silent)


def bare_ms(*crates):
    """All of them at once, until the last one has ended."""
    for one in crates:
        one.workspace.delete_outputs(*outputs(one))
    start = time.perf_counter()
    for pid in [spawn(one) for one in crates]:
        os.waitpid(pid, 0)
    return (time.perf_counter() - start) * MS


def medians(rows):
    """One of each column."""
    return [statistics.median(column) for column in zip(*rows)]


def unread_inputs(count):
    """Such as only the identity reads."""
    return [(f"external/crate/src/some/folder/file{i}.rs", "ab" * 32) for i in range(count)]


def real_inputs(workspace, count):
    """As a crate has them: a toolchain of shared files, dependencies' metadata, own sources."""
    names = [f"external/toolchain/lib/folder{i % 5}/file{i}" for i in range(count // 3)]
    names += [f"bazel-out/cfg1/bin/crates/c{i}/_pipeline/libc{i}.rmeta" for i in range(count // 3)]
    names += [f"crates/own/src/m{i % 10}/file{i}.rs" for i in range(count - len(names))]
    for name in names:
        workspace.write(name, name)
    return [workspace.input(name) for name in names]


class Place:
    """A workspace of its own, and workers in it; we are in its execroot while one of them is asked."""

    def __init__(self, wire, program=RELAY):
        self._end = contextlib.ExitStack()
        self.workspace = Workspace(self._end.enter_context(tempfile.TemporaryDirectory()))
        self._end.callback(self.workspace.remove)  # its roots are elsewhere
        self._worker = {"wire": wire, "program": program}

    def worker(self, **more):
        made = Worker(self.workspace, **self._worker, **more)
        self._end.callback(made.destroy)
        self._end.callback(made.finish)
        return made

    def enter(self):
        os.chdir(self.workspace.execroot)

    def end(self):
        os.chdir("/")
        self._end.close()

    def __enter__(self):
        self.enter()
        return self

    def __exit__(self, *_):
        self.end()


class Sandboxed:
    """A worker whose requests have a sandbox, which all crates use in turn. It is made by us, as Bazel
    makes it, and not counted."""

    KINDS = ["first", "one changed", "unchanged"]

    def __init__(self, place, count):
        self.workspace = place.workspace
        self.inputs = real_inputs(self.workspace, count)
        workdir, self.sandbox = self.workspace.sandbox(1, self.inputs)
        self.top = workdir / self.sandbox
        self.worker = place.worker(cwd=workdir)

    def crate(self, number):
        """A new one, and thus a root that is new to the first of its requests."""
        made = crate(self.workspace, f"crate{number}")
        self.workspace.link_inputs(self.top, made.inputs())
        return made

    def kinds_ms(self, of):
        """When its private root is new, when one input has changed since, and when none has."""
        *same, (name, digest) = self.inputs
        now = [*same, (name, hashlib.sha256(digest.encode()).hexdigest())]
        return [plain_ms(self.worker, of, inputs, top=self.top, sandbox_dir=self.sandbox)
                for inputs in (self.inputs, now, now)]
