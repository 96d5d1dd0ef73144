#!/usr/bin/env python3
"""What the worker costs beyond the tool it runs. Prints, judges nothing.

Per wire, one worker answers all requests. `plain` requests have no stage; a `pair` is a metadata
and a full request that share one process, as Bazel sends them: identity, private directory, placing
the outputs and forgetting the compile are all in the time. The tool writes both outputs and ends;
`bare` is the time to spawn it alone and wait for it. Bytes are encoded, and outputs deleted, outside
the time. What is beyond is per request.
"""

import argparse
import os
import pathlib
import statistics
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "integration"))

import results  # noqa: E402
from relay import FAKE_RUSTC, Worker  # noqa: E402
from scripts import lines  # noqa: E402
from wire import WIRES, Request  # noqa: E402
from workspace import Crate, Workspace  # noqa: E402

MS = 1000.0
SCRIPT = lines("metadata the metadata", "link the rlib")


class Bench:
    """The same crate again and again, with inputs that only the identity reads."""

    def __init__(self, workspace, inputs):
        self.crate = Crate(workspace, "bench", SCRIPT)
        self.inputs = [(f"external/crate/src/some/folder/file{i}.rs", "ab" * 32)
                       for i in range(inputs)]

    def bare_seconds(self, workspace):
        workspace.delete_outputs(self.crate.rmeta, self.crate.rlib)
        silent = [(os.POSIX_SPAWN_OPEN, fd, "/dev/null", os.O_RDWR, 0) for fd in range(3)]
        # The tool knows neither the flags of the wrapper nor its substitutions.
        words = [FAKE_RUSTC, self.crate.root, f"--emit=metadata={self.crate.rmeta}",
                 f"--emit=link={self.crate.rlib}"]
        start = time.perf_counter()
        os.waitpid(os.posix_spawn(FAKE_RUSTC, words, {}, file_actions=silent), 0)
        return time.perf_counter() - start

    def _frame(self, worker, arguments):
        return worker.wire.encode(Request(arguments, self.crate.inputs() + self.inputs, 1))

    def plain_seconds(self, worker):
        worker.workspace.delete_outputs(self.crate.rmeta, self.crate.rlib)
        return ask_seconds(worker, self._frame(worker, self.crate.plain_arguments()))

    def pair_seconds(self, worker):
        frames = [self._frame(worker, arguments) for arguments in
                  (self.crate.metadata_arguments(), self.crate.full_arguments())]
        worker.workspace.delete_outputs(self.crate.rmeta, self.crate.rlib)
        return sum(ask_seconds(worker, frame) for frame in frames)


def ask_seconds(worker, frame):
    start = time.perf_counter()
    worker.send_raw(frame)
    response = worker.answer(1)
    seconds = time.perf_counter() - start
    assert response.exit_code == 0, response
    return seconds


def mean_ms(measure, subject, count):
    return sum(measure(subject) for _ in range(count)) * MS / count


def measure_shape(worker, inputs, rounds, count):
    """Prints a line and returns its figures; rounds of all three measures are interleaved."""
    bench = Bench(worker.workspace, inputs)
    os.chdir(worker.workspace.execroot)
    table = [(mean_ms(bench.bare_seconds, worker.workspace, count),
              mean_ms(bench.plain_seconds, worker, count),
              mean_ms(bench.pair_seconds, worker, count)) for _ in range(rounds)]
    bare, plain, pair = (statistics.median(column) for column in zip(*table))
    print(f"{inputs:6}  {bare:8.3f}  {plain:8.3f}  {plain - bare:+8.3f}"
          f"  {pair:8.3f}  {(pair - bare) / 2:+8.3f}", flush=True)
    return {"inputs": inputs, "bare_ms": bare, "plain_beyond_ms": plain - bare,
            "pair_beyond_ms": (pair - bare) / 2}


def resident_kib(pid):
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1])
    return 0


def measure_wire(workspace, wire, options):
    worker = Worker(workspace, FAKE_RUSTC, wire=wire)
    requests_per_round = 3  # one plain, two of a pair
    count = max(1, options.requests // (options.rounds * len(options.inputs) * requests_per_round))
    print(f"{wire}: medians of {options.rounds} rounds, ms")
    print("inputs      bare     plain    beyond      pair    beyond, per request")
    shapes = [measure_shape(worker, inputs, options.rounds, count) for inputs in options.inputs]
    total = count * options.rounds * len(options.inputs) * requests_per_round
    resident_mib = resident_kib(worker.pid) / 1024
    print(f"resident after {total} requests: {resident_mib:.1f} MiB\n")
    worker.finish()
    worker.destroy()
    return {"shapes": shapes, "requests": total, "resident_mib": resident_mib}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--requests", type=int, default=10000, help="per wire")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--inputs", type=int, nargs="+", default=[10, 300, 3000])
    options = parser.parse_args()
    wires = {}
    for wire in WIRES:
        with tempfile.TemporaryDirectory() as top:
            wires[wire] = measure_wire(Workspace(top), wire, options)
    results.save("micro", rounds=options.rounds, wires=wires)
    return 0


if __name__ == "__main__":
    sys.exit(main())
