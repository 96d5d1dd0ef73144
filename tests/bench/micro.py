#!/usr/bin/env python3
"""What the worker costs beyond the tool it runs. Prints, judges nothing, keeps build/bench/micro.json.

Per wire, one worker answers all requests. `plain` requests have no stage; a `pair` is a metadata
and a full request that share one process, as Bazel sends them: identity, private directory, placing
the outputs and forgetting the compile are all in the time. The tool writes both outputs and ends;
`bare` is the time to spawn it alone and wait for it. Bytes are encoded, and outputs deleted, outside
the time. What is beyond is per request. Sandboxed requests and many at once have workers of their
own: see sandboxed.py and at_once.py.

Everything is below TMPDIR, as a user's output base is on a disk: its file system is part of the cost.
"""

import argparse
import math
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile

import asking
import at_once
import results
import sandboxed
from asking import MS
from wire import WIRES
from workspace import Workspace

REQUESTS_PER_SAMPLE = 3  # one plain, two of a pair


class Bench:
    """The same crate again and again, with inputs that only the identity reads."""

    def __init__(self, worker, inputs):
        self.worker = worker
        self.workspace = worker.workspace
        self.crate = asking.crate(self.workspace, "bench")
        self.inputs = unread_inputs(inputs)

    def bare_seconds(self):
        return asking.bare_seconds([self.crate])

    def _ask(self, *requests):
        frames = [asking.frame(self.worker, arguments, self.crate.inputs() + self.inputs)
                  for arguments in requests]
        self.workspace.delete_outputs(*asking.outputs(self.crate))
        seconds = sum(asking.ask_seconds(self.worker, data) for data in frames)
        asking.assert_there(asking.outputs(self.crate))
        return seconds

    def plain_seconds(self):
        return self._ask(self.crate.plain_arguments())

    def pair_seconds(self):
        return self._ask(self.crate.metadata_arguments(), self.crate.full_arguments())


def unread_inputs(count):
    return [(f"external/crate/src/some/folder/file{i}.rs", "ab" * 32) for i in range(count)]


def median_ms(measure, count):
    """One after the other: what a request leaves to be done delays the next one."""
    return statistics.median(measure() for _ in range(count)) * MS


def measure_shape(worker, inputs, rounds, count):
    """Prints a line and returns its figures; rounds of all three measures are interleaved."""
    bench = Bench(worker, inputs)
    bare, plain, pair = asking.medians(
        [median_ms(bench.bare_seconds, count), median_ms(bench.plain_seconds, count),
         median_ms(bench.pair_seconds, count)] for _ in range(rounds))
    print(f"{inputs:6}  {bare:8.3f}  {plain:8.3f}  {plain - bare:+8.3f}"
          f"  {pair:8.3f}  {(pair - bare) / 2:+8.3f}", flush=True)
    return {"inputs": inputs, "bare_ms": bare, "plain_beyond_ms": plain - bare,
            "pair_beyond_ms": (pair - bare) / 2}


def resident_kib(pid):
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1])
    raise RuntimeError(f"the worker {pid} has ended")


def measure_one_by_one(workspace, wire, options):
    """Unsandboxed requests, and the worker's memory after all of them."""
    worker = asking.worker(workspace, wire)
    os.chdir(workspace.execroot)
    per_count = options.rounds * len(options.inputs) * REQUESTS_PER_SAMPLE
    count = math.ceil(options.requests / per_count)
    print("inputs      bare     plain    beyond      pair    beyond, per request")
    shapes = [measure_shape(worker, inputs, options.rounds, count) for inputs in options.inputs]
    total = count * per_count
    resident_mib = resident_kib(worker.pid) / 1024
    print(f"resident after {total} requests: {resident_mib:.1f} MiB")
    asking.end(worker)
    return {"shapes": shapes, "requests": total, "resident_mib": resident_mib}


def measure_sandboxed(wire, options):
    sandboxed.print_head()
    rows = []
    for inputs in options.inputs:
        rows.append(sandboxed.measure(wire, inputs, options.sandboxed_rounds))
        sandboxed.print_row(rows[-1])
    return rows


def measure_wire(wire, options):
    print(f"\n{wire}: medians of {options.rounds} rounds, ms")
    with tempfile.TemporaryDirectory() as top:
        workspace = Workspace(top)
        found = measure_one_by_one(workspace, wire, options)
        found["at_once"] = at_once.measure(workspace, wire, unread_inputs(at_once.INPUTS),
                                           options.batches)
        workspace.remove()
    at_once.print_row(found["at_once"])
    found["sandboxed"] = measure_sandboxed(wire, options)
    return found


def file_system():
    done = subprocess.run(["df", "--output=fstype", tempfile.gettempdir()], check=True,
                          capture_output=True, text=True)
    return done.stdout.split()[-1]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--requests", type=int, default=10000, help="one by one, per wire")
    parser.add_argument("--rounds", type=int, default=20, help="that these are spread over")
    parser.add_argument("--inputs", type=int, nargs="+", default=[10, 300, 3000])
    parser.add_argument("--sandboxed-rounds", type=int, default=40, help="each with a new root")
    parser.add_argument("--batches", type=int, default=20, help=f"of {at_once.COUNT} at once")
    options = parser.parse_args()
    wires = {wire: measure_wire(wire, options) for wire in WIRES}
    name = "micro-memory" if file_system() == "tmpfs" else "micro"
    results.save(name, rounds=options.rounds, sandboxed_rounds=options.sandboxed_rounds,
                 batches=options.batches, file_system=file_system(), wires=wires)
    return 0


if __name__ == "__main__":
    sys.exit(main())
