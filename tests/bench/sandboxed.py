"""What a sandboxed request costs beyond a bare spawn: when its private root is new, when one input has
changed since, and when none has; beside it the same request without a sandbox.

The inputs are real files. The sandbox is made by us, as Bazel makes it, and not counted; each round
has a crate of its own, and thus a root that is new to the first of its requests.
"""

import hashlib
import os
import tempfile

import asking
from asking import MS
from workspace import Workspace

COLUMNS = ["bare", "unsandboxed", "first", "one changed", "unchanged"]


def make_inputs(workspace, count):
    """As a crate has them: a toolchain of shared files, dependencies' metadata, own sources."""
    names = [f"external/toolchain/lib/folder{i % 5}/file{i}" for i in range(count // 3)]
    names += [f"bazel-out/cfg1/bin/crates/c{i}/_pipeline/libc{i}.rmeta" for i in range(count // 3)]
    names += [f"crates/own/src/m{i % 10}/file{i}.rs" for i in range(count - len(names))]
    for name in names:
        workspace.write(name, name)
    return [workspace.input(name) for name in names]


def changed(inputs):
    """The same inputs, the last one with another digest."""
    name, digest = inputs[-1]
    return [*inputs[:-1], (name, hashlib.sha256(digest.encode()).hexdigest())]


class Pair:
    """A worker with the sandbox that all crates use in turn, and one without."""

    def __init__(self, workspace, wire, inputs, crates):
        sources = [source for crate in crates for source in crate.inputs()]
        workdir, self.sandbox = workspace.sandbox(1, inputs + sources)
        self.top = workdir / self.sandbox
        self.workspace = workspace
        self.inputs = inputs
        self.sandboxed = asking.worker(workspace, wire, cwd=workdir)
        self.unsandboxed = asking.worker(workspace, wire)

    def ask(self, worker, crate, inputs, top, **more):
        data = asking.frame(worker, crate.plain_arguments(), crate.inputs() + inputs, **more)
        outputs = asking.outputs(crate, top)
        self.workspace.delete_outputs(*outputs)
        seconds = asking.ask_seconds(worker, data)
        asking.assert_there(outputs)
        return seconds

    def ask_sandboxed(self, crate, inputs):
        return self.ask(self.sandboxed, crate, inputs, self.top, sandbox_dir=self.sandbox)

    def round_ms(self, crate):
        """A figure of each column."""
        now = changed(self.inputs)
        seconds = [asking.bare_seconds([crate]),
                   self.ask(self.unsandboxed, crate, self.inputs, self.workspace.execroot),
                   self.ask_sandboxed(crate, self.inputs),
                   self.ask_sandboxed(crate, now),
                   self.ask_sandboxed(crate, now)]
        return [one * MS for one in seconds]


def measure_in(workspace, wire, count, rounds):
    inputs = make_inputs(workspace, count)
    warm_up, *crates = [asking.crate(workspace, f"crate{i}") for i in range(rounds + 1)]
    pair = Pair(workspace, wire, inputs, [warm_up, *crates])
    os.chdir(workspace.execroot)
    try:
        pair.round_ms(warm_up)
        bare, *rest = asking.medians([pair.round_ms(crate) for crate in crates])
        in_memory = "/shm/" in str(workspace.links())
    finally:
        asking.end(pair.sandboxed, pair.unsandboxed)
    return {"inputs": count, "in_memory": in_memory, "bare_ms": bare,
            "beyond_ms": {what: ms - bare for what, ms in zip(COLUMNS[1:], rest)}}


def measure(wire, count, rounds):
    with tempfile.TemporaryDirectory() as top:
        workspace = Workspace(top)
        try:
            return measure_in(workspace, wire, count, rounds)
        finally:
            workspace.remove()  # its roots are elsewhere


def print_head():
    print("sandboxed, ms beyond:")
    print(f"inputs      bare{'':4}" + "".join(f"{what:>14}" for what in COLUMNS[1:]))


def print_row(found):
    cells = "".join(f"{found['beyond_ms'][what]:+14.3f}" for what in COLUMNS[1:])
    print(f"{found['inputs']:6}  {found['bare_ms']:8.3f}    {cells}", flush=True)
