#!/usr/bin/env python3
"""What the worker costs beyond the tool it runs: time per request with 300 inputs, against a bare
spawn of the same tool, and the worker's memory after thousands of requests. Prints, judges nothing.

    bench.py [--requests N] [--rounds N]
"""

import argparse
import os
import pathlib
import statistics
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "integration"))

from relay import Worker  # noqa: E402
from wire import WIRES, Request  # noqa: E402
from workspace import Workspace  # noqa: E402

TOOL = "/bin/true"
INPUTS = [(f"external/crate/src/some/folder/file{i}.rs", "ab" * 32) for i in range(300)]
MS = 1000.0


def bare_ms(count):
    """The least a child costs: spawn and wait, its output thrown away."""
    silent = [(os.POSIX_SPAWN_OPEN, fd, "/dev/null", os.O_RDWR, 0) for fd in range(3)]
    start = time.perf_counter()
    for _ in range(count):
        os.waitpid(os.posix_spawn(TOOL, [TOOL], {}, file_actions=silent), 0)
    return (time.perf_counter() - start) * MS / count


def worker_ms(worker, count):
    """From the request's bytes to the answer; encoding them is the client's affair."""
    frame = worker.wire.encode(Request(["--crate-name=x"], INPUTS, request_id=1))
    start = time.perf_counter()
    for _ in range(count):
        worker.send_raw(frame)
        response = worker.answer(1)
        assert response.exit_code == 0, response
    return (time.perf_counter() - start) * MS / count


def resident_kib(pid):
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1])
    return 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--requests", type=int, default=10000)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as top:
        workspace = Workspace(top)
        for wire in WIRES:
            worker = Worker(workspace, TOOL, wire=wire)
            share = max(1, options.requests // options.rounds)
            rounds = [(bare_ms(share), worker_ms(worker, share))
                      for _ in range(options.rounds)]
            bare, asked = (statistics.median(column) for column in zip(*rounds))
            print(f"{wire:6} {share * options.rounds} requests of {len(INPUTS)} inputs: "
                  f"{asked:.3f} ms each, bare spawn {bare:.3f} ms, beyond it {asked - bare:+.3f} ms; "
                  f"resident afterwards {resident_kib(worker.pid) / 1024:.1f} MiB")
            worker.close_stdin()
            worker.wait()
            worker.destroy()
    return 0


if __name__ == "__main__":
    sys.exit(main())
