#!/usr/bin/env python3
"""Builds after builds with one worker: edits, caches, failures. Names as in reference-failures.md
and bazel-facts.md."""

import time
import unittest

from end_to_end import BazelCase

from processes import Gate, Signal, wait_gone
from small_workspace import HOLD_MACRO, Crates, copy_rules, hold_environment

SECONDS = 300


class Rebuilds(BazelCase):
    """One server and one worker process for all tests, as in a day's work."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        source = cls.scratch.top / "source"
        copy_rules(source)
        # More compiles are held here than compute at once on a small machine.
        flags = ["--config=worker", "--worker_extra_flag=Rustc=--jobs=16"]
        cls.workspace = cls.scratch.workspace("small", flags, source)

    def setUp(self):
        self.crates = Crates(self.workspace, self._testMethodName)

    def build(self, *names, flags=(), check=True):
        """Builds crates; returns what Bazel said and what the worker did for it."""
        started = time.monotonic()
        labels = [self.crates.label(name) for name in names]
        done = self.workspace.build(*flags, *labels, check=check)
        return done, self.workspace.trace().since(started)

    def run_program(self, name):
        return self.printed(self.crates.program(name))

    def write_chain(self, number):
        """lower <- upper <- app, which prints the number."""
        self.crates.library("lower", lower(number))
        self.crates.library("upper", "pub fn number() -> u32 { lower::number() }", ["lower"])
        self.crates.binary("app", 'fn main() { println!("{}", upper::number()) }', ["upper"])

    def test_A1_metadata_from_a_cache_rlib_not(self):
        """The worker has seen another version since; the source is right, and so is the program."""
        flags = [f"--disk_cache={self.scratch.top / 'disk_cache'}"]
        self.write_chain(2)
        self.build("upper", flags=flags)
        self.crates.edit("lower", lower(1))
        self.build("upper", flags=flags)
        self.crates.edit("lower", lower(2))
        _, trace = self.build("app", flags=flags)
        self.assertEqual(["full"], stages(trace, "lower"))
        self.assertEqual([], stages(trace, "upper"))
        self.assertEqual("2\n", self.run_program("app"))
        # Nor did a wrong rlib get into the cache.
        self.workspace.clean()
        _, trace = self.build("app", flags=flags)
        self.assertEqual([], trace.requests)
        self.assertEqual("2\n", self.run_program("app"))
        self.crates.edit("lower", lower(1))
        self.build("app", flags=flags)
        self.assertEqual("1\n", self.run_program("app"))

    def test_A2_the_next_build_takes_what_was_kept(self):
        self.write_chain(3)
        _, first = self.build("upper")
        self.assertEqual(["metadata"], stages(first, "lower"))
        _, second = self.build("app")
        self.assertEqual(["full"], stages(second, "lower"))
        self.assertEqual(["crate app"], [one.subject for one in second.compiles])
        self.assertEqual("3\n", self.run_program("app"))

    def test_edits(self):
        self.write_chain(1)
        self.build("app")
        self.crates.edit("lower", "pub fn number() -> u32 { 2 ")
        done, trace = self.build("app", check=False)
        self.assert_fails(done, self.crates.label("lower"), "1")
        self.assert_said_once("this file contains an unclosed delimiter", done)
        self.assertEqual(["crate lower"], [one.subject for one in trace.compiles])
        self.crates.edit("lower", "pub fn number() -> u32 { let unused = 1; 3 }")
        done, trace = self.build("app")
        self.assert_said_once("unused variable: `unused`", done)
        self.assertEqual(3, len(trace.compiles))
        self.assertEqual("3\n", self.run_program("app"))

    def held(self, name, text):
        """A library whose rustc says that it runs, and then waits."""
        reached = Signal(self.scratch.top / f"{name}.signal")
        gate = Gate(self.scratch.top / f"{name}.gate")
        self.addCleanup(reached.close)
        self.addCleanup(gate.close)
        self.crates.library(name, f"hold::hold!();\n{text}", macros=["hold"],
                            rustc_env=hold_environment(reached, gate))
        return reached, gate

    def start_all_at_once(self, *names):
        many = [f"--jobs={len(names)}", f"--local_cpu_resources={len(names)}"]
        labels = [self.crates.label(name) for name in names]
        return self.workspace.start(*self.workspace.with_flags("build", *many, *labels))

    def test_A_what_a_failed_build_left_does_not_answer_the_next_one(self):
        """Bazel gives requests up without a word, and uses their ids again."""
        self.crates.macro("hold", HOLD_MACRO)
        self.build("hold")
        old = {name: self.held(name, name_of(name)) for name in ("old_1", "old_2")}
        bad_reached, bad_gate = self.held("bad", "pub const NAME: &str = 5;")
        failing = self.start_all_at_once(*old, "bad")
        pids = [reached.wait(SECONDS) for reached, _ in old.values()]
        bad_reached.wait(SECONDS)
        bad_gate.release()
        self.assert_fails(failing.wait(), "mismatched types")
        # The requests of other crates now have the ids of those that are still being compiled.
        new = {name: self.held(name, name_of(name)) for name in ("new_1", "new_2", "new_3")}
        building = self.start_all_at_once(*new)
        for reached, _ in new.values():
            reached.wait(SECONDS)
        for _, gate in old.values():
            gate.release()
        for pid in pids:
            self.assertTrue(wait_gone(pid, SECONDS))
        for _, gate in new.values():
            gate.release()
        done = building.wait()
        self.assertEqual(0, done.exit_code, done.tail())
        self.crates.edit("bad", name_of("bad"))
        names = [*old, *new, "bad"]
        lines = "".join(f'println!("{{}}", {name}::NAME);' for name in names)
        self.crates.binary("app", f"fn main() {{ {lines} }}", names)
        self.build("app")
        self.assertEqual(names, self.run_program("app").split())


def lower(number):
    return f"pub fn number() -> u32 {{ {number} }}"


def name_of(crate):
    return f'pub const NAME: &str = "{crate}";'


def stages(trace, crate):
    return [one.stage for one in trace.requests if one.subject == f"crate {crate}"]


if __name__ == "__main__":
    unittest.main()
