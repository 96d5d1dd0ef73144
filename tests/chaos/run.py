#!/usr/bin/env python3
"""Workers on one output base, and all that can go wrong around them: builds that are abandoned,
cancelled or cut off by a SIGKILL, ids that are used again, rustcs that are killed, sandboxes that are
emptied right after each answer, sources that change. Every placed byte must be of the version that was
asked for, every request is answered once, and nothing is left.

usage: run.py [--seeds N] [--seed S] [--answers N] [--jobs J]

Exit code 0: nothing was wrong.
"""

import argparse
import collections
import concurrent.futures
import contextlib
import dataclasses
import os
import pathlib
import random
import signal
import sys
import tempfile
import time
import traceback

TESTS = pathlib.Path(__file__).resolve().parent.parent
sys.path.append(str(TESTS / "integration"))
os.environ.setdefault("RELAY_TEST_SECONDS", "100")

from fleet import Member, Wrong, files_below  # noqa: E402
from processes import command_line, marked, wait_gone  # noqa: E402
from relay import FAKE_RUSTC, SECONDS, Deadline, real_rustc  # noqa: E402
from units import World  # noqa: E402
from workspace import Workspace  # noqa: E402

ANSWERS = 800  # of one seed
OPEN_MAX = 8
LOOKED_AFTER = 0.012  # at the inputs of a compile: io/input_stamps.h
READING = (0, 0.02, 0.06)  # TOOL takes its time before it reads
DISTURBANCES = (("cancel", 0.04), ("kill a rustc", 0.02), ("kill a worker", 0.004))
ENDS = ("normal",) * 5 + ("abandon",) * 2 + ("cancel",)


@dataclasses.dataclass
class Job:
    """A unit's stages that one build still has to ask for."""

    unit: object
    stages: list
    is_open: bool = False


class Chaos:
    def __init__(self, seed, answers):
        self.random = random.Random(seed)
        self.wanted = answers
        self.counts = collections.Counter()
        self.mark = f"chaos-{seed}-{os.getpid()}"
        self.workspace = Workspace(tempfile.mkdtemp(prefix=f"relay-chaos-{seed}-"))
        self.world = World(self.workspace, real_rustc(), FAKE_RUSTC)
        self.kills_rustcs = self.random.random() < 0.7
        sandboxed = self.random.choice(("all", "all", "none", "some"))
        self.members = [self._start(number, sandboxed == "all" or (sandboxed == "some" and number % 2))
                        for number in range(self.random.randint(1, 3))]
        self._number = len(self.members)

    def _start(self, number, sandboxed):
        choose = self.random.choice
        flags = [f"--jobs={choose((1, 2, 8))}", f"--keep-results={choose((0, 1, 512))}",
                 f"--keep-gates={choose((0, 1, 64))}", "--gate-seconds=1"]
        return Member(self.world, number, sandboxed, flags, self.mark)

    # Builds.

    def run(self):
        self.world.begin(self.random)
        while self.counts["answers"] < self.wanted:
            self._build()
            self._edit()
        self.finish()

    def _edit(self):
        """Compiles that their build gave up read what is there meanwhile."""
        self._pass_time(LOOKED_AFTER)  # nobody is so fast that he edits a file sooner
        edited = self.world.edit(self.random, self.recent)
        if self.random.random() < 0.5:
            self._pass_time(self.random.choice(READING))
            self.counts["edits taken back"] += len(edited)
            for unit in edited:
                unit.take_back()

    def _build(self):
        self.counts["builds"] += 1
        self.done = set()
        self.jobs = [Job(unit, unit.stages(self.random)) for unit in self.world.build(self.random)]
        end = self.random.choice(ENDS) if self._may_abandon() else "normal"
        stop_after = self.random.randint(0, 12) if end != "normal" else None
        started = self.counts["answers"]
        deadline = Deadline(SECONDS)
        while self._goes_on() and (stop_after is None or self.counts["answers"] - started < stop_after):
            self._step(deadline)
        self._end_build(end, deadline)

    def _may_abandon(self):
        """What two processes write without a sandbox may meet in one place, for Bazel too."""
        return len(self.members) == 1 or all(member.sandboxed for member in self.members)

    def _goes_on(self):
        return any(job.is_open or self._is_ready(job) for job in self.jobs)

    def _is_ready(self, job):
        return not job.is_open and job.stages and all(
            (unit, name) in self.done for unit, name in job.stages[0].needs)

    def _step(self, deadline):
        ready = [job for job in self.jobs if self._is_ready(job)]
        if ready and sum(len(member.open) for member in self.members) < OPEN_MAX:
            self._send(self.random.choice(ready))
        for name, chance in DISTURBANCES:
            if self.random.random() < chance:
                getattr(self, "_" + name.replace(" ", "_"))()
        busy = [member for member in self.members if not member.is_quiet()]
        for member in busy:
            self._read(member, self.random.choice((0, 0, 0.002, 0.01)) if ready else 0.02)
        if deadline.left() == 0:
            waiting = [(member.number, list(member.open)) for member in self.members]
            raise Wrong(f"unanswered after {SECONDS} s: {waiting}")

    def _send(self, job):
        job.is_open = True
        member = self.random.choice(self.members)
        member.send(job.unit, job.stages[0])
        self.counts["requests"] += 1

    def _end_build(self, end, deadline):
        if end == "cancel":
            for member in self.members:
                for number in [n for n, one in member.open.items() if not one.cancelled]:
                    member.cancel(number)
        if end == "abandon":
            for member in self.members:
                while any(member.late_cancels.values()) or any(
                        one.cancelled or not one.is_sure for one in member.open.values()):
                    self._step_reading(member, deadline)
            for member in self.members:
                member.forget_all()
            self.counts["abandoned"] += 1
        self.recent = [job.unit for job in self.jobs[-OPEN_MAX:]]
        self.jobs = []
        for member in self.members:
            while not member.is_quiet():
                self._step_reading(member, deadline)
            member.forget_all()

    def _pass_time(self, seconds):
        """When this returns, each worker has done what it does by itself so long after all that was
        sent before."""
        self._see_all()
        deadline = Deadline(seconds)
        while deadline.left() > 0:
            self._see_all()
        self._see_all()  # may have been read before its timers were looked at,
        self._see_all()  # this one not

    def _see_all(self):
        deadline = Deadline(SECONDS)
        for member in self.members:
            member.mark()
        for member in self.members:
            while not member.is_quiet():
                self._step_reading(member, deadline)

    def _step_reading(self, member, deadline):
        self._read(member, 0.02)
        if deadline.left() == 0:
            raise Wrong(f"unanswered after {SECONDS} s: {member.number}: {member.open}")

    # Answers.

    def _read(self, member, seconds):
        for request, response in member.answers(seconds):
            self.counts["answers"] += 1
            good = self.judge(request, response)
            self._take(request, good)
            member.empty_sandbox(request)

    def judge(self, request, response):
        """Is it good? Raises Wrong when it is neither good nor a failure that may be."""
        what = f"{request.stage.name} of {request.unit.name}, version {request.unit.version}"
        if response.was_cancelled:
            self.counts["cancelled"] += 1
            if not request.cancelled:
                raise Wrong(f"{what}: cancelled, though nobody asked for it")
            return False
        if response.exit_code != 0:
            self.counts["failed"] += 1
            killed = self.kills_rustcs and "signal 9" in response.output
            if not request.unit.may_fail() and not killed:
                raise Wrong(f"{what}: {response}")
            return False
        self._check_bytes(what, request)
        return True

    def _check_bytes(self, what, request):
        for path, words in request.stage.places.items():
            try:
                data = (request.base / path).read_bytes()
            except OSError as error:
                raise Wrong(f"{what}: {path}: {error}") from error
            for word in words:
                if word.encode() not in data:
                    raise Wrong(f"{what}: {path} holds {data[:200]!r}, and not {word}")
        if request.sandbox is not None:
            for name in files_below(request.base):
                path = request.base / name
                if not path.is_symlink() and name not in request.stage.places:
                    raise Wrong(f"{what}: {name} was left in the sandbox, undeclared")

    def _take(self, request, good):
        """Bazel brings outputs from the sandbox to the execroot."""
        job = next((one for one in self.jobs if one.unit is request.unit), None)
        if good and request.sandbox is not None:
            for name in request.stage.gives:
                self.workspace.write(name, (request.base / name).read_bytes())
        if job is not None:
            job.is_open = False
            job.stages = job.stages[1:] if good else []
            if good:
                self.done.add((request.unit, request.stage.name))

    # Disturbances.

    def _cancel(self):
        member = self.random.choice(self.members)
        sure = [number for number, one in member.open.items() if one.is_sure and not one.cancelled]
        if sure:
            member.cancel(self.random.choice(sure))

    def _kill_a_rustc(self):
        if self.kills_rustcs:
            for pid in self._rustcs()[:1]:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
                self.counts["rustcs killed"] += 1

    def _rustcs(self):
        found = []
        for pid in marked(self.mark):
            with contextlib.suppress(OSError, IndexError):
                if command_line(pid)[0] == FAKE_RUSTC:
                    found.append(pid)
        return found

    def _kill_a_worker(self):
        if len(self.members) == 1 or any(member.markers for member in self.members):
            return
        member = self.random.choice(self.members)
        member.kill()
        self.counts["workers killed"] += 1
        for request in member.open.values():
            self._take(request, False)
        self.members.remove(member)
        self.members.append(self._start(self._number, member.sandboxed))
        self._number += 1

    # The end.

    def finish(self):
        ended, self.members = self.members, []
        for member in ended:
            member.finish()
        last = self._start(self._number, False)  # it sweeps what killed ones have left
        last.worker.settle()
        last.finish()
        left = [pid for pid in marked(self.mark) if not wait_gone(pid)]
        if left:
            raise Wrong(f"processes are left: {[command_line(pid) for pid in left]}")
        if self.workspace.leftovers():
            raise Wrong(f"files are left: {self.workspace.leftovers()}")

    def remove(self):
        for pid in marked(self.mark):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        for member in self.members:
            member.worker.destroy()
        self.workspace.remove()


def run_seed(task):
    """(seed, counts, what was wrong or None)"""
    seed, answers = task
    chaos = Chaos(seed, answers)
    wrong = None
    try:
        chaos.run()
    except Wrong as error:
        wrong = str(error)
    except Exception:  # whatever broke here is a finding
        wrong = traceback.format_exc()
    finally:
        chaos.remove()
    return seed, chaos.counts, wrong


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n\n")[0])
    parser.add_argument("--seeds", type=int, default=1, help="so many, from --seed on")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--answers", type=int, default=ANSWERS, help="of each seed")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    return parser.parse_args()


def main():
    arguments = parse_arguments()
    started = time.monotonic()
    tasks = [(seed, arguments.answers)
             for seed in range(arguments.seed, arguments.seed + arguments.seeds)]
    total, bad = collections.Counter(), []
    with concurrent.futures.ProcessPoolExecutor(arguments.jobs) as pool:
        for seed, counts, wrong in pool.map(run_seed, tasks):
            total += counts
            told = ", ".join(f"{number} {name}" for name, number in sorted(counts.items()))
            print(f"seed {seed}: {told}", flush=True)
            if wrong is not None:
                bad.append(seed)
                print(f"  WRONG: {wrong}\n  again: ./dev chaos --seed {seed}"
                      f" --answers {arguments.answers}", flush=True)
    told = ", ".join(f"{number} {name}" for name, number in sorted(total.items()))
    print(f"\n{len(tasks)} seeds, {time.monotonic() - started:.0f} s: {told}; "
          f"wrong in {len(bad)} seeds: {' '.join(map(str, bad))}")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
