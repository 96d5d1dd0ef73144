"""What builds a graph and is measured at it: Bazel in one mode, or cargo.

Both can `clean()` and `build()`. Bazel's `wall` is its own measure of a build whose server is warm and
whose analysis is done; `whole` adds, after a clean, the command that loads and analyses, and
Bazel's client. Of cargo everything is counted in both.
"""

import dataclasses
import json
import os
import resource
import shutil
import subprocess
import tempfile
import time

from example_workspace import COMMAND_SECONDS, BazelFailed
from process_tree import PeakMemory, cpu_seconds
from processes import wait_gone

# What --compilation_mode means in bazel_example: see rules/rustc_action.bzl.
CARGO_PROFILES = {
    "fastbuild": ("dev", {"OPT_LEVEL": "0", "DEBUG": "0"}),
    "dbg": ("dev", {"OPT_LEVEL": "0", "DEBUG": "2"}),
    "opt": ("release", {"OPT_LEVEL": "3", "DEBUG": "0", "STRIP": "debuginfo"}),
}


@dataclasses.dataclass
class Sample:
    """One build. Times are in seconds, memory is in MiB: see process_tree.py."""

    wall: float
    whole: float
    cpu: float  # without Bazel's server
    server_cpu: float
    memory: float  # at its peak, without Bazel's server
    memory_all: float
    rustc_runs: int  # those that build scripts start for themselves are not counted
    computing: int  # so many rustcs at once, as the worker's trace says; 0: there is none


class BazelBuild:
    """Some targets in one workspace with one mode of compilation."""

    def __init__(self, workspace, words):
        self.workspace = workspace
        self.words = words
        self.events = workspace.own / "events.json"

    def clean(self):
        """Returns how long loading and analysis of the build to come took, with Bazel's client."""
        self.workspace.clean()
        for old in self.workspace.traces.glob("trace-*.json"):
            old.unlink()
        return self._build("--nobuild").wall_seconds

    def build(self):
        server = self.workspace.server_pid()
        before = cpu_seconds(server)
        started = time.monotonic()
        with PeakMemory(server) as peak:
            done = self._build(f"--build_event_json_file={self.events}")
        cpu, server_cpu = (end - start for start, end in zip(before, cpu_seconds(server)))
        # A worker says it in its trace; else each action of the mnemonic is one run.
        trace = self.workspace.trace().since(started)
        runs = len(trace.compiles) or self._actions("Rustc")
        return Sample(done.elapsed_seconds(), done.wall_seconds, cpu, server_cpu, peak.below_mib,
                      peak.all_mib, runs, trace.most_computing())

    def _build(self, flag):
        running = self.workspace.start(*self.workspace.with_flags("build", flag, *self.words))
        wait_gone(running.process.pid, COMMAND_SECONDS)  # to the moment, as wait() looks now and then
        done = running.wait()
        if done.exit_code != 0:
            raise BazelFailed(done.tail())
        return done

    def _actions(self, mnemonic):
        events = map(json.loads, self.events.read_text(encoding="utf-8").splitlines())
        for event in events:
            if "buildMetrics" in event:
                kinds = event["buildMetrics"]["actionSummary"].get("actionData", [])
                return sum(int(kind.get("actionsExecuted", 0)) for kind in kinds
                           if kind["mnemonic"] == mnemonic)
        raise BazelFailed(f"bazel said nothing of its actions in '{self.events}'")


class CargoBuild:
    """One package or workspace with one mode of compilation."""

    def __init__(self, words, package, target, compilation_mode):
        profile, settings = CARGO_PROFILES[compilation_mode]
        flags = ["--release"] if profile == "release" else []
        self.command = ["cargo", *words, *flags, "--offline", "--quiet", "--message-format=json"]
        self.package = package
        self.target = target
        self.env = {**os.environ, **self._environment(profile, settings)}

    def _environment(self, profile, settings):
        """The profile that is the compilation mode; macros and build scripts are never optimised.
        Lints are capped as in Bazel, where no crate is known to be another's."""
        prefix = f"CARGO_PROFILE_{profile.upper()}_"
        return {**{prefix + name: value for name, value in settings.items()},
                prefix + "BUILD_OVERRIDE_OPT_LEVEL": "0",
                "CARGO_INCREMENTAL": "0",
                "CARGO_TARGET_DIR": str(self.target),
                "RUSTFLAGS": "--cap-lints=allow"}

    def clean(self):
        shutil.rmtree(self.target, ignore_errors=True)
        return 0.0

    def build(self):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        with tempfile.TemporaryFile() as printed, tempfile.TemporaryFile() as said:
            started = time.monotonic()
            process = subprocess.Popen(self.command, cwd=self.package, env=self.env,
                                       stdin=subprocess.DEVNULL, stdout=printed, stderr=said)
            with PeakMemory(process.pid) as peak:
                exit_code = process.wait()
                wall = time.monotonic() - started
            self._check(exit_code, printed, said)
            runs = self._rustc_runs(printed)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        return Sample(wall, wall, cpu, 0.0, peak.all_mib, peak.all_mib, runs, 0)

    def _check(self, exit_code, printed, said):
        if exit_code == 0:
            return
        printed.seek(0)
        said.seek(0)
        messages = [one["message"]["rendered"] for one in map(json.loads, printed)
                    if one["reason"] == "compiler-message"]
        raise CargoFailed(f"'{' '.join(self.command)}' in '{self.package}' ended with code "
                          f"{exit_code}:\n{said.read().decode()}{''.join(messages)}")

    @staticmethod
    def _rustc_runs(printed):
        printed.seek(0)
        return sum(one["reason"] == "compiler-artifact" and not one["fresh"]
                   for one in map(json.loads, printed))


class CargoFailed(Exception):
    """Cargo could not build; the message has what it said."""


def clean_sample(builder):
    """One build from nothing."""
    planned = builder.clean()
    sample = builder.build()
    sample.whole += planned
    return sample
