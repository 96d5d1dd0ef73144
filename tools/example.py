#!/usr/bin/env python3
"""Builds bazel_example from nothing with the worker, runs the result, and says what happened."""

import argparse
import statistics
import subprocess
import sys

from example_workspace import EXAMPLE, ROOT, Workspace, prepare_example

TARGETS = ["//...", "//nondeterministic"]
TRACES = ROOT / "build" / "example"


def build(example, check=True):
    """A clean build; returns what Bazel said."""
    for old in example.traces.glob("trace-*.json"):
        old.unlink()
    example.clean()
    return example.build(*TARGETS, check=check)


def run_binary(example):
    print("\n--- bazel-bin/app/app", flush=True)
    subprocess.run([example.bin() / "app" / "app"], check=True)


def report(example, wall_seconds):
    trace = example.trace()
    print("\n--- what happened")
    print(f"crates                {trace.crates()}")
    print(f"rustc processes       {len(trace.compiles)}")
    early = trace.early_answers()
    print(f"metadata requests     {len(early)}, answered before their process's end")
    print_gain(early)
    report_links(example, trace)
    print(f"wall time             {wall_seconds:.1f} s")
    print(f"CPU time of rustc     {trace.cpu_seconds:.1f} s (with linkers)")
    print(f"trace                 {example.traces.relative_to(ROOT)}/ (ui.perfetto.dev)")


def report_links(example, trace):
    """What link pipelining gained, if it was on."""
    libraries = example.linked_libraries(*TARGETS)
    if not libraries:
        return
    seconds = [seconds for _, seconds in trace.head_starts(libraries)]
    print(f"linked with libraries {len(libraries)}, of which {len(seconds)} started before their "
          "last library was compiled")
    print_gain(seconds)


def print_gain(seconds):
    if seconds:
        print(f"                      by {statistics.median(seconds) * 1000:.0f} ms (median), "
              f"{max(seconds) * 1000:.0f} ms (most), {sum(seconds):.1f} s (all together)")


def show(example):
    done = build(example)
    run_binary(example)
    report(example, done.wall_seconds)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--config", default="worker", help="see bazel_example/.bazelrc")
    options = parser.parse_args()
    prepare_example()
    example = Workspace(EXAMPLE, [f"--config={options.config}"])
    example.trace_at(TRACES)
    show(example)
    return 0


if __name__ == "__main__":
    sys.exit(main())
