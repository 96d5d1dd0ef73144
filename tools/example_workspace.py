"""Bazel builds in output bases of their own, that leave nothing behind.

    with Scratch("name") as scratch:
        example = scratch.workspace("worker", ["--config=worker"])
        example.build("//app")

Whatever Bazel says goes to files: a server that is started with our pipe would hold it open.
"""

import collections.abc
import contextlib
import dataclasses
import fcntl
import functools
import json
import os
import pathlib
import re
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time

from relay_trace import Trace

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.append(str(ROOT / "tests" / "integration"))

import links  # noqa: E402
from processes import wait_gone  # noqa: E402

EXAMPLE = ROOT / "bazel_example"
SCRATCH = ROOT / "build" / "workspaces"
BAZEL = ROOT / "tools" / "bazel"
RELAY = ROOT / "build" / "release" / "rustc-relay"
TAIL_LINES = 60
COMMAND_SECONDS = 1800
END_SECONDS = 120
LEAVE_SECONDS = 5
# A server whose test was killed ends by itself.
STARTUP = ["--max_idle_secs=900"]


class BazelFailed(Exception):
    """A command that had to succeed did not; the message has the end of what it said."""


@dataclasses.dataclass
class Done:
    """One Bazel command that has ended."""

    words: list
    exit_code: int
    printed: str  # standard output
    said: str  # standard error: progress, diagnostics, the summary
    wall_seconds: float  # with the start of Bazel's client

    def elapsed_seconds(self):
        """Bazel's own measure, without the start of its client."""
        found = re.findall(r"INFO: Elapsed time: ([\d.]+)s", self.said)
        return float(found[-1]) if found else self.wall_seconds

    def tail(self):
        lines = (self.said + self.printed).splitlines()[-TAIL_LINES:]
        return "\n".join([f"bazel {' '.join(self.words)}: exit code {self.exit_code}", *lines])

    def processes(self):
        """What Bazel's summary says of the actions it ran, without those that ran nothing."""
        found = re.findall(r"INFO: \d+ process(?:es)?: (.*)\.$", self.said, re.MULTILINE)
        kinds = found[-1].split(", ") if found else []
        return ", ".join(kind for kind in kinds if not kind.endswith("internal"))


@dataclasses.dataclass
class Action:
    """One action as Bazel plans it; files are paths below the execroot."""

    mnemonic: str
    outputs: list
    arguments: list
    env: dict
    inputs: collections.abc.Callable  # returns their paths, sorted

    def values(self, flag):
        """The values of a flag that stands before a '='."""
        words = [one.partition("=") for one in self.arguments]
        return [value for name, _, value in words if name == flag]

    def key(self):
        return next(iter(self.values("--pipelining-key")), None)

    def finishes_a_crate(self):
        """Rustc actions that make more than what dependants start from: one per crate."""
        early = all(re.search(r"/_(pipeline|hollow)/", output) for output in self.outputs)
        return self.mnemonic == "Rustc" and not early


class Workspace:
    """A workspace and the output base it is built in. Without an `own` folder that is Bazel's usual
    one, as a user has it: then the user reads what Bazel says, and server and outputs stay."""

    def __init__(self, source, flags=(), own=None):
        self.source = pathlib.Path(source)
        self.flags = list(flags)
        self.own = own
        self._startup = []
        if own is not None:
            own.mkdir(parents=True, exist_ok=True)
            self.output_base = own / "output_base"
            self._startup = [f"--output_base={self.output_base}", *STARTUP]
            self.flags += ["--symlink_prefix=/", "--color=no", "--curses=no"]
            self.trace_at(own / "traces")

    def trace_at(self, folder):
        """Makes the workers of builds to come write their traces there."""
        folder.mkdir(parents=True, exist_ok=True)
        self.traces = folder
        self.flags.append(f"--worker_extra_flag=Rustc=--trace={folder}/trace-%p.json")

    def start(self, *words, shown=False):
        """Starts a command without waiting for it."""
        return Running(self.source, [*self._startup, *words], shown)

    def bazel(self, *words, check=True, shown=False):
        done = self.start(*words, shown=shown).wait()
        if check and done.exit_code != 0:
            raise BazelFailed(done.tail())
        return done

    def with_flags(self, command, *words):
        """The command line of a command that plans or builds."""
        return [command, *self.flags, *words]

    def build(self, *words, check=True):
        command = self.with_flags("build", *words)
        return self.bazel(*command, check=check, shown=self.own is None)

    def test(self, *words, check=True):
        return self.bazel(*self.with_flags("test", *words), check=check)

    def clean(self):
        self.bazel("clean")

    @functools.cache
    def _info(self, key, words):
        return self.bazel(*self.with_flags("info", *words, key)).printed.strip()

    def bin(self, *words):
        """bazel-bin of builds with these further flags."""
        return pathlib.Path(self._info("bazel-bin", words))

    def out(self):
        """bazel-out, the outputs of all configurations."""
        return pathlib.Path(self._info("output_path", ()))

    def server_pid(self):
        return int(self._info("server_pid", ()))

    def trace(self):
        """What all workers so far have done."""
        return Trace(self.traces.glob("trace-*.json"))

    def actions(self, *targets, flags=()):
        """What a build of these targets would run."""
        query = f"deps(set({' '.join(targets)}))"
        done = self.bazel(*self.with_flags("aquery", *flags, "--output=jsonproto", query))
        return _actions(json.loads(done.printed))

    def crates(self, *targets, flags=()):
        """How many crates these targets are made of, by Bazel's plan."""
        return sum(action.finishes_a_crate() for action in self.actions(*targets, flags=flags))

    def linked_libraries(self, *targets, flags=()):
        """The key of each crate with a gate -> the keys of all libraries whose rlibs it links."""
        actions = self.actions(*targets, flags=flags)
        makers = {output: action.key() for action in actions for output in action.outputs}
        return {
            action.key(): [makers[one.partition("=")[2]]
                           for one in action.values("--pipelining-dependency")]
            for action in actions if "--pipelining-link" in action.arguments
        }

    def end(self):
        """Ends the server and removes the outputs. May be called again.

        Raises an AssertionError if a process lives on that was started for this output base."""
        if self.own is None:
            return
        left = []
        if self.output_base.exists():
            self.bazel("shutdown", check=False)
            kill_server(self.output_base, END_SECONDS)
            left = list(kill_processes_in(self.output_base, LEAVE_SECONDS))
            links.remove(self.output_base)
        remove_tree(self.own)
        assert not left, f"these lived on after 'bazel shutdown': {left}"


class Running:
    """A Bazel command that runs; unless it is shown, its output is kept."""

    def __init__(self, source, words, shown):
        self.words = words
        self._printed = None if shown else tempfile.TemporaryFile()
        self._said = None if shown else tempfile.TemporaryFile()
        self._started = time.monotonic()
        self.process = subprocess.Popen(
            [BAZEL, *words],
            cwd=source,
            env={"RUSTC_RELAY": str(RELAY), **os.environ},
            stdin=subprocess.DEVNULL,
            stdout=self._printed,
            stderr=self._said,
            process_group=0,
        )

    def interrupt(self):
        """What Ctrl-C does: Bazel's client need not be the process that we started."""
        os.killpg(self.process.pid, signal.SIGINT)

    def wait(self, seconds=COMMAND_SECONDS):
        try:
            exit_code = self.process.wait(seconds)
        except BaseException:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
            raise
        wall_seconds = time.monotonic() - self._started
        return Done(
            self.words, exit_code, _text(self._printed), _text(self._said), wall_seconds
        )


def _text(file):
    if file is None:
        return ""
    with file:
        file.seek(0)
        return file.read().decode(errors="replace")


def _actions(graph):
    """Actions from the answer of aquery, where a path is a chain of fragments, and inputs are sets of
    sets."""
    fragments = {fragment["id"]: fragment for fragment in graph.get("pathFragments", [])}
    sets = {one["id"]: one for one in graph.get("depSetOfFiles", [])}

    @functools.cache
    def path(fragment_id):
        fragment = fragments[fragment_id]
        parent = fragment.get("parentId")
        return fragment["label"] if not parent else f"{path(parent)}/{fragment['label']}"

    paths = {file["id"]: path(file["pathFragmentId"]) for file in graph.get("artifacts", [])}

    def inputs(set_ids):
        found, seen, rest = set(), set(), set(set_ids)
        while rest:
            one = sets[rest.pop()]
            seen.add(one["id"])
            rest |= set(one.get("transitiveDepSetIds", [])) - seen
            found |= {paths[file] for file in one.get("directArtifactIds", [])}
        return sorted(found)

    return [
        Action(
            action["mnemonic"],
            [paths[file] for file in action.get("outputIds", [])],
            action.get("arguments", []),
            {one["key"]: one["value"] for one in action.get("environmentVariables", [])},
            functools.partial(inputs, action.get("inputDepSetIds", [])),
        )
        for action in graph.get("actions", [])
    ]


def kill_server(output_base, seconds):
    """For a server that does not end by itself within the time."""
    try:
        pid = int((output_base / "server" / "server.pid.txt").read_text())
        command = pathlib.Path(f"/proc/{pid}/cmdline").read_bytes()
    except (OSError, ValueError):
        return
    if str(output_base).encode() in command and not wait_gone(pid, seconds):
        os.kill(pid, signal.SIGKILL)
        wait_gone(pid, seconds)


def processes_in(output_base):
    """Processes that work below the output base or in a private root of it, or run a program there:
    (pid, command line)."""
    folders = [output_base, links.in_memory(output_base) or output_base]
    for process in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            command = (process / "cmdline").read_bytes()
            places = [os.readlink(process / "cwd"), os.fsdecode(command.split(b"\0")[0])]
        except OSError:
            continue  # it ended meanwhile
        if any(pathlib.Path(place).is_relative_to(folder) for place in places for folder in folders):
            yield int(process.name), os.fsdecode(command).replace("\0", " ").strip()


def process_name(pid):
    """What the system calls it, or None when it has ended. (A guardian has the command line of its
    worker, but a name of its own.)"""
    try:
        return pathlib.Path(f"/proc/{pid}/comm").read_text().strip()
    except OSError:
        return None


def kill_processes_in(folder, seconds):
    """Yields the command lines of those that had to be killed."""
    for pid, command in list(processes_in(folder)):
        if not wait_gone(pid, seconds):
            os.kill(pid, signal.SIGKILL)
            yield command


def remove_tree(folder):
    """Removes what Bazel made read-only, too, and nothing behind links."""
    for top, folders, _ in os.walk(folder):
        for path in (pathlib.Path(top, name) for name in [".", *folders]):
            if not path.is_symlink():
                path.chmod(path.stat().st_mode | stat.S_IRWXU)
    shutil.rmtree(folder, ignore_errors=True)


class Scratch:
    """A folder of our own for output bases. It is locked as long as we live; what dead ones left,
    with their servers, is swept first."""

    def __init__(self, name):
        SCRATCH.mkdir(parents=True, exist_ok=True)
        with _locked(SCRATCH):
            _sweep()
            self.top = pathlib.Path(tempfile.mkdtemp(prefix=f"{name}-", dir=SCRATCH))
            self._lock = contextlib.ExitStack()
            self._lock.enter_context(_locked(self.top))
        self._workspaces = []

    def __enter__(self):
        signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended by SIGTERM"))
        return self

    def __exit__(self, *_):
        self.close()

    def workspace(self, name, flags=(), source=EXAMPLE):
        made = Workspace(source, flags, self.top / name)
        self._workspaces.append(made)
        return made

    def close(self):
        with self._lock, contextlib.ExitStack() as last:
            last.callback(remove_tree, self.top)
            for workspace in self._workspaces:
                last.callback(workspace.end)


@contextlib.contextmanager
def _locked(folder, how=fcntl.LOCK_EX):
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, how)
        yield
    finally:
        os.close(descriptor)


def _sweep():
    for folder in SCRATCH.iterdir():
        try:
            with _locked(folder, fcntl.LOCK_EX | fcntl.LOCK_NB):
                for output_base in folder.glob("*/output_base"):
                    kill_server(output_base, seconds=0)
                    list(kill_processes_in(output_base, LEAVE_SECONDS))
                    links.remove(output_base)
                remove_tree(folder)
        except BlockingIOError:
            pass  # its owner lives


def prepare_example():
    """Turns cargo's resolution of the real crates into BUILD files, when it changed."""
    subprocess.run([EXAMPLE / "third_party" / "generate.py"], check=True)
