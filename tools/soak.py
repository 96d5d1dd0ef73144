#!/usr/bin/env python3
"""A soak: rounds of random edits, builds and interruptions, and at the end everything must be right.

    soak.py [--rounds N] [--seconds N] [--seed N]

A round edits a crate (now and then so that it does not compile) and builds with a random strategy. Some
builds are interrupted: by Ctrl-C (which Bazel turns into cancels when the workers are sandboxed), by the
death of the worker, of a rustc, or of a linker (which may wait for its rlibs). A build that ends well
must give the program that the sources describe. At the end the outputs are compared byte for byte with
those of a clean `off` build, and no process and no directory of ours may be left.
"""

import argparse
import collections
import os
import random
import signal
import subprocess
import sys
import time

from example_workspace import EXAMPLE, Scratch, process_name, processes_in
from matrix import WORKERS

sys.path += [str(EXAMPLE / "tools"), str(EXAMPLE.parent / "tests" / "end_to_end")]

import links  # noqa: E402
from small_workspace import Crates, copy_rules  # noqa: E402

LIBRARIES = 8
STRATEGIES = [*WORKERS, *(f"{one}-link" for one in WORKERS)]
INTERRUPTIONS = ["Ctrl-C", "Ctrl-C", "worker killed", "rustc killed", "linker killed"]
FLAGS = ["--jobs=4", "--experimental_worker_cancellation"]
# Interruptions come at a random moment: that is the point of them.
LONGEST_WAIT_SECONDS = 1.5


class Sources:
    """A chain of libraries; the program prints the sum of what they hold."""

    def __init__(self, crates):
        self.crates = crates
        self.values = [1] * LIBRARIES
        self.broken = None
        for index in range(LIBRARIES):
            deps = [f"lib{other}" for other in range(max(0, index - 2), index)]
            crates.library(f"lib{index}", self.text(index), deps=deps)
        calls = " + ".join(f"lib{index}::value()" for index in range(LIBRARIES))
        crates.binary(
            "sum",
            f'fn main() {{ println!("{{}}", {calls}); }}\n',
            deps=[f"lib{index}" for index in range(LIBRARIES)],
        )

    def text(self, index):
        """Generic code, so that there is something to generate behind the metadata."""
        uses = "".join(
            f"    n += lib{other}::value() * 0;\n" for other in range(max(0, index - 2), index)
        )
        syntax_error = "fn (\n" if self.broken == index else ""
        return (
            f"{syntax_error}pub fn value() -> u64 {{\n"
            f"    let mut n = {self.values[index]};\n{uses}"
            "    let map: std::collections::BTreeMap<u64, String> =\n"
            "        (0..n).map(|i| (i, format!(\"{i}\"))).collect();\n"
            "    n += map.len() as u64;\n    n / 2\n}\n"
        )

    def expected(self):
        return str(sum(self.values))

    def edit(self, rng):
        """Changes one crate; repairs one that was broken before."""
        if self.broken is not None:
            repaired, self.broken = self.broken, None
            self.write(repaired)
        index = rng.randrange(LIBRARIES)
        self.values[index] = rng.randrange(1, 1000)
        if rng.random() < 0.1:
            self.broken = index
        self.write(index)

    def write(self, index):
        self.crates.edit(f"lib{index}", self.text(index))


# What the system calls them; at a gate, and behind it, the linker is a process of its own.
VICTIMS = {"worker killed": "rustc-relay", "rustc killed": "rustc", "linker killed": "cc"}


def kill_one(workspace, name, rng):
    """SIGKILL to one of our processes of this name; False when there is none."""
    found = [pid for pid, _ in processes_in(workspace.output_base) if process_name(pid) == name]
    if not found:
        return False
    try:
        os.kill(rng.choice(found), signal.SIGKILL)
    except ProcessLookupError:
        return False
    return True


def interrupt(running, workspace, how, rng):
    """Returns what came of it."""
    try:
        running.process.wait(rng.uniform(0, LONGEST_WAIT_SECONDS))
        return "too late"
    except subprocess.TimeoutExpired:
        pass
    if how == "Ctrl-C":
        running.interrupt()
        return how
    return how if kill_one(workspace, VICTIMS[how], rng) else "nothing to kill"


class Soak:
    def __init__(self, scratch, rng):
        self.rng = rng
        source = scratch.top / "source"
        copy_rules(source)
        self.workspace = scratch.workspace("soak", FLAGS, source=source)
        self.clean = scratch.workspace("clean", ["--config=off"], source=source)
        self.crates = Crates(self.workspace, "soak")
        self.sources = Sources(self.crates)
        self.seen = collections.Counter()

    def label(self):
        return self.crates.label("sum")

    def round(self):
        self.sources.edit(self.rng)
        strategy = self.rng.choice(STRATEGIES)
        how = self.rng.choice(["none", "none", *INTERRUPTIONS])
        command = self.workspace.with_flags("build", f"--config={strategy}", self.label())
        running = self.workspace.start(*command)
        came = how if how == "none" else interrupt(running, self.workspace, how, self.rng)
        done = running.wait()
        print(f"{strategy}, {came}: exit code {done.exit_code}", flush=True)
        self.judge(done, came)
        self.seen[f"{strategy}: {came}"] += 1

    def judge(self, done, came):
        disturbed = came not in ("none", "too late", "nothing to kill")
        if done.exit_code == 0:
            assert self.sources.broken is None, f"a broken crate was built\n{done.tail()}"
            self.check_program()
        elif not disturbed:
            assert self.sources.broken is not None, f"nothing was wrong\n{done.tail()}"

    def check_program(self):
        program = self.crates.program("sum")
        printed = subprocess.run([program], check=True, capture_output=True, text=True).stdout
        assert printed.strip() == self.sources.expected(), (printed, self.sources.expected())

    def finish(self):
        """The last build, and the comparison with one that no worker ever touched. New workers make
        it: they sweep what one that was killed in the last round has left."""
        self.workspace.bazel("shutdown")
        self.sources.broken = None
        self.sources.values[0] += 1
        for index in range(LIBRARIES):
            self.sources.write(index)
        for strategy in STRATEGIES:
            self.workspace.build(f"--config={strategy}", self.label())
            self.check_program()
        self.clean.build(self.label())
        compare(self.workspace.out(), self.clean.out())

    def left(self):
        """What a server that was shut down leaves of us, but private roots and tokens."""
        self.workspace.bazel("shutdown")
        processes = [command for _, command in processes_in(self.workspace.output_base)]
        state = self.workspace.output_base / "rustc-relay" / "1"
        kept = {"roots", "shared", "jobserver"}
        files = [str(path) for path in state.iterdir() if path.name not in kept]
        files += [str(path) for path in state.glob("shared/*")]
        memory = links.in_memory(self.workspace.output_base)
        if memory is not None:
            kept = {"base", "roots"}
            files += [str(path) for path in memory.iterdir() if path.name not in kept]
        return processes + files


def compare(left, right):
    tool = EXAMPLE / "tools" / "compare_outputs.py"
    subprocess.run([sys.executable, "-B", tool, left, right, "--quiet"], check=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=1200, help="no new round after that")
    parser.add_argument("--seed", type=int, default=int(time.time()))
    options = parser.parse_args()
    print(f"seed {options.seed}", flush=True)
    started = time.monotonic()
    rounds = 0
    with Scratch("soak") as scratch:
        soak = Soak(scratch, random.Random(options.seed))
        while rounds < options.rounds and time.monotonic() - started < options.seconds:
            soak.round()
            rounds += 1
        soak.finish()
        left = soak.left()
    assert not left, f"left behind: {left}"
    for what, count in sorted(soak.seen.items()):
        print(f"{count:5} {what}")
    print(f"{rounds} rounds in {time.monotonic() - started:.0f} s: every program right, the last "
          "one equal to a clean off build, nothing left")
    return 0


if __name__ == "__main__":
    sys.exit(main())
