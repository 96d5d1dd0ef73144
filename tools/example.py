#!/usr/bin/env python3
"""Builds bazel_example from nothing with the worker, runs the result, and says what happened."""

import pathlib
import statistics
import subprocess
import sys
import time

from relay_trace import Trace

ROOT = pathlib.Path(__file__).resolve().parent.parent
EXAMPLE = ROOT / "bazel_example"
TRACES = ROOT / "build" / "example"


def bazel(*words):
    subprocess.run([ROOT / "tools/bazel", *words], cwd=EXAMPLE, check=True)


def build():
    """Returns the wall time of a clean build in seconds."""
    TRACES.mkdir(parents=True, exist_ok=True)
    for old in TRACES.glob("trace-*.json"):
        old.unlink()
    bazel("clean")
    started = time.monotonic()
    bazel(
        "build",
        "--config=worker",
        f"--worker_extra_flag=Rustc=--trace={TRACES}/trace-%p.json",
        "//...",
        "//nondeterministic",
    )
    return time.monotonic() - started


def run_binary():
    print("\n--- bazel-bin/app/app", flush=True)
    subprocess.run([EXAMPLE / "bazel-bin/app/app"], check=True)


def report(wall_seconds):
    trace = Trace(TRACES.glob("trace-*.json"))
    early = sorted(trace.early_answers())
    print("\n--- what happened")
    print(f"crates                {trace.crates()}")
    print(f"rustc processes       {len(trace.compiles)}")
    print(f"metadata requests     {len(early)}, answered before their process's end by")
    print(
        f"                      {statistics.median(early) * 1000:.0f} ms (median), "
        f"{early[-1] * 1000:.0f} ms (most), {sum(early):.1f} s (all together)"
    )
    print(f"wall time             {wall_seconds:.1f} s")
    print(f"CPU time of rustc     {trace.cpu_seconds:.1f} s (with linkers)")
    print(f"trace                 {TRACES.relative_to(ROOT)}/ (chrome://tracing, ui.perfetto.dev)")


def main():
    wall_seconds = build()
    run_binary()
    report(wall_seconds)
    return 0


if __name__ == "__main__":
    sys.exit(main())
