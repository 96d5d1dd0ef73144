"""Runs rustc-relay as Bazel does and talks to it. Every wait has a deadline, and nothing sleeps."""

import contextlib
import os
import pathlib
import select
import signal
import subprocess
import tempfile
import unittest
import uuid

from processes import MARK, SECONDS, Deadline, Gate, Signal, marked
from wire import WIRES, Request
from workspace import Crate, Workspace

# CTest names the programs; by hand, a test runs those of the dev preset.
BUILD = pathlib.Path(__file__).resolve().parents[2] / "build" / "dev"
RELAY = os.environ.get("RUSTC_RELAY", str(BUILD / "rustc-relay"))
FAKE_RUSTC = os.environ.get("FAKE_RUSTC", str(BUILD / "tests" / "fake_rustc"))
WIRE = os.environ.get("RELAY_TEST_WIRE", "json")


# A fake rustc that is held computes, for the worker: so many may.
MANY_JOBS = "--jobs=64"

UNKNOWN_ID = 1 << 20  # of no request that was ever sent


class Worker:
    """One worker process. `answers` holds every response that came and was not asked for yet."""

    def __init__(self, workspace, tool=FAKE_RUSTC, *, startup=(), flags=(), wire=WIRE, env=None,
                 cwd=None, stdin=subprocess.PIPE, mark=None, program=RELAY, preexec=None):
        self.workspace = workspace
        self.wire = WIRES[wire]
        self.mark = mark or uuid.uuid4().hex  # workers with one mark have one environment
        self.answers = []
        self.raw = b""
        self._unread = b""
        self._next_id = 1
        self._log = tempfile.TemporaryFile(dir=workspace.top)
        if tool == FAKE_RUSTC and not any(flag.startswith("--jobs") for flag in flags):
            flags = [*flags, MANY_JOBS]
        argv = [program, "--subst", "pwd=${pwd}", *startup, "--", tool, "--persistent_worker",
                *flags]
        self.process = subprocess.Popen(
            argv, stdin=stdin, stdout=subprocess.PIPE, stderr=self._log,
            cwd=cwd or workspace.execroot, start_new_session=True, preexec_fn=preexec,
            env={"TMPDIR": str(workspace.tmp), MARK: self.mark, **(env or {})})

    @property
    def pid(self):
        return self.process.pid

    def send_raw(self, data):
        self.process.stdin.write(data)
        self.process.stdin.flush()

    def send(self, **fields):
        """Sends a request and returns its id; ids count up from 1 unless one is given."""
        if "request_id" not in fields:
            fields["request_id"] = self._next_id
            self._next_id += 1
        self.send_raw(self.wire.encode(Request(**fields)))
        return fields["request_id"]

    def cancel(self, request_id):
        self.send(request_id=request_id, cancel=True)

    def read_more(self, seconds):
        """Reads what is there by then into `answers`. False at the end of the stream."""
        if not select.select([self.process.stdout], [], [], seconds)[0]:
            raise AssertionError(f"no answer within {SECONDS} s; the worker said:\n{self.stderr()}")
        data = os.read(self.process.stdout.fileno(), 1 << 16)
        self.raw += data
        self._unread += data
        while (found := self.wire.decode(self._unread)) is not None:
            response, self._unread = found
            self.answers.append(response)
        return data != b""

    def answer(self, request_id, seconds=SECONDS):
        """The next response for this id."""
        deadline = Deadline(seconds)
        while True:
            for response in self.answers:
                if response.request_id == request_id:
                    self.answers.remove(response)
                    return response
            if not self.read_more(deadline.left()):
                raise AssertionError(f"the worker ended without an answer to request {request_id}"
                                     f"; it said:\n{self.stderr()}")

    def ask(self, **fields):
        return self.answer(self.send(**fields))

    def barrier(self):
        """When this returns, the worker has seen all that was sent before, and answered what it had
        to answer at once."""
        empty = self.workspace.top / "barrier.rs"
        empty.touch()
        response = self.ask(arguments=[str(empty)], request_id=1 << 30)
        assert response.exit_code == 0, response

    def settle(self):
        """When this returns, the worker has seen all that was sent before, whoever waits for its
        turn: it answers a cancel at once, also one of nothing."""
        self.cancel(UNKNOWN_ID)
        self.answer(UNKNOWN_ID)

    def pass_time(self, seconds=0.012):
        """When this returns, the worker has done what it does by itself so long after all that was
        sent before; as it is, when it looks at the inputs of its compiles (io/input_stamps.h)."""
        self.settle()
        deadline = Deadline(seconds)
        while deadline.left() > 0:
            self.settle()
        self.settle()  # may have been read before its timers were looked at,
        self.settle()  # this one not

    def processes(self):
        """Every living process that this worker started, also after its own death."""
        return [pid for pid in marked(self.mark) if pid != self.pid]

    def stderr(self):
        self._log.seek(0)
        return self._log.read().decode(errors="replace")

    def close_stdin(self):
        try:
            self.process.stdin.close()
        except BrokenPipeError:
            pass

    def wait(self, seconds=SECONDS):
        """The exit code, after reading what still came."""
        deadline = Deadline(seconds)
        while self.read_more(deadline.left()):
            pass
        return self.process.wait(deadline.left() + 1)

    def finish(self):
        """Ends it as Bazel does; returns (exit code, all responses that nobody asked for)."""
        self.close_stdin()
        code = self.wait()
        return code, self.answers

    def destroy(self):
        """Whatever happened, nothing of it is left: the worker first, for it may start more."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        for pid in self.processes():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.close()

    def close(self):
        """Our ends of its pipes, once it has ended."""
        for stream in (self.process.stdin, self.process.stdout, self._log):
            if stream is not None:
                try:
                    stream.close()
                except BrokenPipeError:
                    pass


class RelayCase(unittest.TestCase):
    """Each test has a workspace of its own; workers that it starts end with it."""

    def setUp(self):
        top = tempfile.mkdtemp(prefix="relay-test-")
        self.workspace = Workspace(top)
        self.addCleanup(self.workspace.remove)

    def start(self, *args, **kwargs):
        worker = Worker(self.workspace, *args, **kwargs)
        self.addCleanup(worker.destroy)
        return worker

    def crate(self, name="dep", text="", **kwargs):
        return Crate(self.workspace, name, text, **kwargs)

    def gate(self, name="gate"):
        gate = Gate(str(self.workspace.top / name))
        self.addCleanup(gate.close)
        return gate

    def signal(self, name="signal"):
        reached = Signal(str(self.workspace.top / name))
        self.addCleanup(reached.close)
        return reached

    def note(self, name="runs"):
        """A file that fake rustcs write to, outside the execroot."""
        return self.workspace.top / name

    def runs(self, name="runs"):
        path = self.note(name)
        return len(path.read_text()) if path.exists() else 0

    def assert_ok(self, response, text=None):
        self.assertEqual(0, response.exit_code, response)
        self.assertFalse(response.was_cancelled, response)
        if text is not None:
            self.assertEqual(text, response.output)

    def assert_fails(self, response, *words):
        """Failed, with a reason that a user can read."""
        self.assertNotEqual(0, response.exit_code, response)
        self.assertFalse(response.was_cancelled, response)
        self.assertTrue(response.output.endswith("\n"), repr(response.output))
        for word in words:
            self.assertIn(word, response.output)

    def assert_clean_end(self, worker):
        """It ends well, says nothing more, and leaves neither process nor file."""
        self.assertEqual((0, []), worker.finish(), worker.stderr())
        self.assertEqual([], worker.processes())
        self.assertEqual([], self.workspace.leftovers())


class OneShotCase(RelayCase):
    """The program without --persistent_worker."""

    def run_relay(self, *argv, tool=FAKE_RUSTC, env=None, cwd=None):
        return subprocess.run(
            [RELAY, *argv], stdin=subprocess.DEVNULL, capture_output=True, timeout=SECONDS,
            check=False, cwd=cwd or self.workspace.execroot,
            env={"TMPDIR": str(self.workspace.tmp), **(env or {})})

    def run_script(self, script, *flags, words=()):
        """Runs the fake rustc on a script with wrapper flags."""
        self.workspace.write("main.rs", script)
        return self.run_relay(*flags, "--", FAKE_RUSTC, "main.rs", *words)

    def assert_refused(self, done, *words):
        """Exit code not 0, one sentence on stderr, nothing on stdout."""
        said = done.stderr.decode().strip()
        self.assertNotEqual(0, done.returncode)
        self.assertGreater(done.returncode, 0, "died by a signal")
        self.assertEqual(b"", done.stdout)
        self.assertEqual(1, len(said.splitlines()), said)
        for word in words:
            self.assertIn(word, said)


def real_rustc():
    """The compiler itself: rustup's stand-in needs a HOME, which a worker has not."""
    rustc = os.environ.get("RUSTC", "rustc")
    sysroot = subprocess.run([rustc, "--print", "sysroot"], capture_output=True, text=True,
                             check=True).stdout.strip()
    return str(pathlib.Path(sysroot) / "bin" / "rustc")
