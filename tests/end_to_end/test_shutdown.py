#!/usr/bin/env python3
"""Every end that Bazel, its user or the system puts to workers that compile (issue B part 4): soon
after no process of theirs is left; the next build is right, and finds nothing of the dead.

What compiles, a rustc or a linker, says so and then waits at a gate."""

import contextlib
import fcntl
import functools
import itertools
import os
import signal
import unittest

from end_to_end import BazelCase, digests

from example_workspace import process_name, processes_in
from processes import Deadline, Gate, Signal, wait_gone
from small_workspace import HOLD_MACRO, Crates, copy_rules, hold_environment

SECONDS = 300
LEAVE_SECONDS = 5  # one is enough on a quiet machine
RIGHT = (1, 2)  # what lower holds in builds that are not interrupted
WORKER, GUARDIAN, RUSTC, LINKER = "rustc-relay", "relay-guardian", "rustc", "linker"
SANDBOXED = ("worker-sandboxed", "worker-singleplex-sandboxed")
CANCEL = "--experimental_worker_cancellation"
OFTEN = "--experimental_worker_metrics_poll_interval=1s"  # Bazel cannot measure memory more often
# What Bazel takes for the linker. While there is a mark beside it, it waits at its gate first.
LINKER_SCRIPT = """\
#!/bin/sh
if [ -e "$0.hold" ]; then
    echo $$ >"$0.signal"
    : <"$0.gate"
fi
exec /usr/bin/cc "$@"
"""


def in_each(*configs):
    """One run for each way to use workers; in the end nobody is held, whatever went wrong."""
    def decorate(test):
        @functools.wraps(test)
        def run(self):
            for config in configs:
                with self.subTest(config):
                    try:
                        test(self, config)
                    finally:
                        self.end_all()
        return run
    return decorate


class Shutdown(BazelCase):
    """lower <- upper <- app, of which an edit is interrupted. The build after that is of sources
    whose right outputs are known from a build without pipelining."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        source = cls.scratch.top / "source"
        copy_rules(source)
        cls.linker = cls.scratch.top / LINKER
        cls.linker.write_text(LINKER_SCRIPT)
        cls.linker.chmod(0o755)
        # With more jobs a multiplex worker has several users in Bazel's books, who stay there, and
        # Ctrl-C does not end it while one of them has no request.
        flags = ["--jobs=1", f"--repo_env=CC={cls.linker}"]
        cls.workspace = cls.scratch.workspace("shut", flags, source)
        cls.reached, cls.gate = cls.signal_and_gate(RUSTC)
        cls.linker_reached, cls.linker_gate = cls.signal_and_gate(LINKER)
        cls.crates = Crates(cls.workspace, "chain")
        cls.crates.macro("hold", HOLD_MACRO)
        env = hold_environment(cls.reached, cls.gate)
        cls.crates.library("lower", lower(1), macros=["hold"], rustc_env=env)
        cls.crates.library("upper", "pub fn number() -> u32 { lower::number() * 10 }", ["lower"])
        cls.crates.binary("app", "fn main() { println!(\"{}\", upper::number()) }", ["upper"])
        cls.expected_of = {number: cls.build_off(number) for number in RIGHT}
        # Never the one before: what that build has made would not be made again.
        cls.numbers = itertools.cycle(RIGHT)

    @classmethod
    def build_off(cls, number):
        cls.crates.edit("lower", lower(number))
        cls.build("off", "app")
        return digests(cls.workspace)

    @classmethod
    def signal_and_gate(cls, name):
        reached = Signal(cls.scratch.top / f"{name}.signal")
        gate = Gate(cls.scratch.top / f"{name}.gate")
        cls.addClassCleanup(reached.close)
        cls.addClassCleanup(gate.close)
        return reached, gate

    @classmethod
    def command(cls, config, *words):
        labels = [word if word.startswith("-") else cls.crates.label(word) for word in words]
        return cls.workspace.with_flags("build", f"--config={config}", *labels)

    @classmethod
    def build(cls, *words):
        return cls.workspace.bazel(*cls.command(*words))

    def server(self):
        """0: there is none."""
        with contextlib.suppress(FileNotFoundError):
            return int((self.workspace.output_base / "server" / "server.pid.txt").read_text())
        return 0

    def ours(self):
        """Names of all that works in the output base but Bazel's server."""
        found = {pid: process_name(pid) for pid, _ in processes_in(self.workspace.output_base)}
        found.pop(self.server(), None)
        return {pid: name for pid, name in found.items() if name}

    def end_all(self):
        """The next run has its own workers."""
        for gate in (self.gate, self.linker_gate):
            gate.release()
            gate.close()
        for pid in self.ours():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
            self.assertTrue(wait_gone(pid, SECONDS))

    # What workers are doing. Each returns the processes that do it.

    def assert_at_work(self, reached, name):
        """Who has said that it runs has this name."""
        pid = reached.wait(SECONDS)
        found = self.ours()
        self.assertEqual(name, found.get(pid))
        self.assertLessEqual({WORKER, GUARDIAN, RUSTC}, set(found.values()))
        return found

    def compiling(self, config, *flags, macro="hold"):
        """Metadata is asked for; nothing is answered."""
        self.crates.edit("lower", f"hold::{macro}!();\n{lower(3)}")
        running = self.workspace.start(*self.command(config, *flags, "app"))
        return running, self.assert_at_work(self.reached, RUSTC)

    def in_background(self, config, *flags):
        """A build has ended, and nobody waits for the rustc of lower, which goes on."""
        self.crates.edit("lower", f"hold::hold_at_exit!();\n{lower(4)}")
        self.build(config, *flags, "upper")
        return self.assert_at_work(self.reached, RUSTC)

    def linking(self, config):
        """rustc has started the linker."""
        self.crates.edit("lower", lower(5))
        mark = self.linker.with_suffix(".hold")
        mark.touch()
        running = self.workspace.start(*self.command(config, "app"))
        try:
            return running, self.assert_at_work(self.linker_reached, LINKER)
        finally:
            mark.unlink()

    # What comes then.

    def assert_ended(self, pids):
        """All within the time."""
        deadline = Deadline(LEAVE_SECONDS)
        self.assertEqual([], [pid for pid in pids if not wait_gone(pid, deadline.left())])

    def assert_gone(self, found, *but):
        """All but those of these names; nor has anybody come since."""
        self.assert_ended(pid for pid, name in found.items() if name not in but)
        self.assertEqual(set(but), set(self.ours().values()))

    def build_right(self, config):
        number = next(self.numbers)
        self.crates.edit("lower", lower(number))
        self.build(config, "app")
        self.assertEqual(self.expected_of[number], digests(self.workspace))

    def assert_right_again(self, config):
        """Whatever lives on may write now."""
        self.gate.release()
        self.build_right(config)
        self.assert_all_is_owned()

    def assert_all_is_owned(self):
        """By workers that live, and by no compile: all results have been taken."""
        state = self.workspace.output_base / "rustc-relay" / "1"
        names = {path.name for path in state.iterdir()}
        workers = {name for name in names if name.startswith("worker-")}
        owners = {name for name in workers if not name.endswith(".lock")}
        self.assertEqual(workers, owners | {f"{name}.lock" for name in owners})
        self.assertGreater(len(owners), 0)
        for owner in owners:
            self.assertTrue(is_locked(state / f"{owner}.lock"), f"{owner} is dead")
            ahead = state / owner / "ahead"  # empty folders, for the next compile
            self.assertLessEqual(set((state / owner).iterdir()), {ahead})
            self.assertTrue(all(path.is_dir() for path in ahead.rglob("*")))
        self.assertEqual([], list(state.glob("shared/*")))
        self.assertEqual([], [lock for lock in state.glob("roots/*/*/lock") if is_locked(lock)])
        self.assertLessEqual(names - workers, {"folders", "jobserver", "roots", "shared"})

    def kill_server(self):
        pid = self.server()
        os.kill(pid, signal.SIGKILL)
        self.assertTrue(wait_gone(pid, SECONDS))

    def assert_interrupted(self, running):
        self.assertNotEqual(0, running.wait(SECONDS).exit_code)

    @in_each("worker")
    def test_the_server_is_killed(self, config):
        """By SIGKILL: workers see no more than the end of their input."""
        running, found = self.compiling(config)
        self.kill_server()
        self.assert_gone(found)
        self.assert_interrupted(running)
        self.assert_right_again(config)

    @in_each("worker-singleplex-sandboxed")
    def test_the_server_is_killed_after_the_build_and_then_clean(self, config):
        found = self.in_background(config)
        self.kill_server()
        self.assert_gone(found)
        self.workspace.clean()
        self.assert_right_again(config)

    @in_each("worker", "worker-singleplex")
    def test_clean(self, config):
        found = self.in_background(config)
        self.workspace.clean()
        self.assert_gone(found)
        self.assert_right_again(config)

    @in_each("worker-sandboxed")
    def test_shutdown(self, config):
        found = self.in_background(config)
        self.workspace.bazel("shutdown")
        self.assert_gone(found)
        self.assert_right_again(config)

    @in_each("worker-sandboxed", "worker-singleplex")
    def test_quit_after_build(self, config):
        """Bazel ends the workers when the build has ended, while a rustc runs on."""
        self.crates.edit("lower", f"hold::hold_at_exit!();\n{lower(4)}")
        running = self.workspace.start(*self.command(config, "--worker_quit_after_build", "upper"))
        rustc = self.reached.wait(SECONDS)
        self.assertEqual(0, running.wait(SECONDS).exit_code)
        self.assert_gone({rustc: RUSTC})
        self.assert_right_again(config)

    @in_each("worker", "worker-singleplex")
    def test_ctrl_c(self, config):
        running, found = self.compiling(config)
        running.interrupt()
        self.assert_interrupted(running)
        self.assert_gone(found)
        self.assert_right_again(config)

    @in_each("worker")
    def test_ctrl_c_while_a_program_is_linked(self, config):
        running, found = self.linking(config)
        running.interrupt()
        self.assert_interrupted(running)
        self.assert_gone(found)
        self.assert_right_again(config)

    @in_each(*SANDBOXED)
    def test_ctrl_c_cancels(self, config):
        """Workers that can be told so live on."""
        running, found = self.compiling(config, CANCEL)
        running.interrupt()
        self.assert_interrupted(running)
        self.assert_gone(found, WORKER, GUARDIAN)
        self.assert_right_again(config)

    @in_each(*SANDBOXED)
    def test_ctrl_c_that_no_worker_is_told_of(self, config):
        """Bazel lets sandboxed workers finish. The next build does not wait for what they do."""
        running, found = self.compiling(config)
        running.interrupt()
        self.assert_interrupted(running)
        rustc, = (pid for pid, name in found.items() if name == RUSTC)
        self.assertIn(rustc, self.ours())
        self.build_right(config)
        self.gate.release()
        self.assertTrue(wait_gone(rustc, SECONDS))
        self.assert_right_again(config)

    @in_each("worker")
    def test_a_worker_needs_too_much_memory(self, config):
        """Bazel kills it while it works: when its rustc grows, and not before."""
        limit = "--experimental_worker_memory_limit_mb=900"
        running, found = self.compiling(config, limit, OFTEN, macro="hold_then_grow")
        self.gate.release()
        self.assertTrue(wait_gone(the_worker(found), SECONDS))
        self.assert_gone(found)
        self.assert_interrupted(running)
        self.assert_right_again(config)

    @in_each("worker-singleplex-sandboxed")
    def test_workers_need_too_much_memory(self, config):
        """Bazel ends one that is idle, as far as Bazel knows, while another one works. (It means to
        end multiplex workers as well, and does not find them.) While it believes in workers that
        were killed behind its back it may end none."""
        self.workspace.bazel("shutdown")
        idle = self.in_background(config)
        limit = "--experimental_total_worker_memory_limit_mb=1"
        running, found = self.compiling("worker", limit, OFTEN)
        self.assertTrue(wait_gone(the_worker(idle), SECONDS))
        self.assert_ended(idle)
        self.gate.release()
        self.assertEqual(0, running.wait(SECONDS).exit_code)
        self.assert_right_again(config)

    @in_each("worker-singleplex-sandboxed")
    def test_the_worker_is_killed(self, config):
        running, found = self.compiling(config)
        os.kill(the_worker(found), signal.SIGKILL)
        self.assert_gone(found)
        self.assert_interrupted(running)
        self.assert_right_again(config)

    @in_each("worker")
    def test_the_worker_is_killed_while_a_program_is_linked(self, config):
        """The linker is a child of its rustc, which the system kills with the worker."""
        running, found = self.linking(config)
        os.kill(the_worker(found), signal.SIGKILL)
        self.assert_gone(found)
        self.assert_interrupted(running)
        self.assert_right_again(config)

    @in_each("worker-sandboxed")
    def test_the_worker_is_killed_after_the_build(self, config):
        found = self.in_background(config)
        os.kill(the_worker(found), signal.SIGKILL)
        self.assert_gone(found)
        self.assert_right_again(config)


def the_worker(found):
    worker, = (pid for pid, name in found.items() if name == WORKER)
    return worker


def is_locked(path):
    with open(path, "rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def lower(number):
    return f"pub fn number() -> u32 {{ {number} }}"


if __name__ == "__main__":
    unittest.main()
