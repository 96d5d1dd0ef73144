#!/usr/bin/env python3
"""What a private root costs: the time of a sandboxed request beyond that of the same request without a
sandbox, per input, when the inputs are new to the root, when one of them changed, and when none did.
The sandboxes are made by us, as Bazel makes them, and not counted. Prints, judges nothing.

    staging.py [--inputs N] [--rounds N]
"""

import argparse
import hashlib
import os
import pathlib
import statistics
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "integration"))

import results  # noqa: E402
from relay import Worker  # noqa: E402
from workspace import Workspace  # noqa: E402

TOOL = "/bin/true"


def make_inputs(workspace, count):
    """As a crate has them: a toolchain of shared files, dependencies' metadata, own sources."""
    names = [f"external/toolchain/lib/folder{i % 5}/file{i}" for i in range(count // 3)]
    names += [f"bazel-out/cfg1/bin/crates/c{i}/_pipeline/libc{i}.rmeta" for i in range(count // 3)]
    names += [f"crates/own/src/m{i % 10}/file{i}.rs" for i in range(count - len(names))]
    for name in names:
        workspace.write(name, name)
    return [workspace.input(name) for name in names]


def seconds(worker, key, inputs, sandbox=""):
    """One plain request of the crate `key`: the tool ends at once, the root is what it costs."""
    arguments = ["--crate-name=x", f"--out-dir=out/{key}"]
    request = {"arguments": arguments, "inputs": inputs, "sandbox_dir": sandbox}
    started = time.perf_counter()
    response = worker.ask(**request)
    assert response.exit_code == 0, response
    return time.perf_counter() - started


def changed(inputs, round_):
    """The same inputs, the last one with another digest."""
    name, _ = inputs[-1]
    return [*inputs[:-1], (name, hashlib.sha256(str(round_).encode()).hexdigest())]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--inputs", type=int, default=300)
    parser.add_argument("--rounds", type=int, default=40)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=os.environ.get("TMPDIR")) as top:
        workspace = Workspace(top)
        inputs = make_inputs(workspace, options.inputs)
        workdir, sandbox = workspace.sandbox(1, inputs)
        plain = Worker(workspace, TOOL, wire="proto")
        sandboxed = Worker(workspace, TOOL, wire="proto", cwd=workdir)
        # The tool is no rustc: it is called by its absolute path in both.
        seconds(sandboxed, "warm", inputs, sandbox)  # the shared folder is made once
        rows = []
        for round_ in range(options.rounds):
            base = seconds(plain, round_, inputs)
            rows.append([
                seconds(sandboxed, round_, inputs, sandbox) - base,
                seconds(sandboxed, round_, changed(inputs, round_), sandbox) - base,
                seconds(sandboxed, round_, changed(inputs, round_), sandbox) - base,
            ])
        medians = {}
        for what, column in zip(["all new", "one changed", "unchanged"], zip(*rows)):
            median = medians[what] = statistics.median(column)
            print(f"{what:12} {median * 1000:7.3f} ms for {len(inputs)} inputs, "
                  f"{median * 1e6 / len(inputs):6.2f} µs each")
        print(f"the links were in {workspace.links()}")
        for worker in (plain, sandboxed):
            worker.close_stdin()
            worker.wait()
            worker.destroy()
        kept = str(workspace.links())
        workspace.remove()
    results.save("staging", inputs=len(inputs), rounds=options.rounds, in_memory="/shm/" in kept,
                 microseconds_per_input={what: median * 1e6 / len(inputs)
                                         for what, median in medians.items()},
                 milliseconds={what: median * 1000 for what, median in medians.items()})
    return 0


if __name__ == "__main__":
    sys.exit(main())
