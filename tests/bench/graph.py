#!/usr/bin/env python3
"""Wall and CPU time of a real graph, //app of bazel_example with its real crates, in each mode; with
--mode cargo of the real crates alone, which cargo builds, too, with the same flags.
Prints, judges nothing, and keeps the figures in build/bench/.

Each mode has a Bazel server and an output base of its own. The servers are warmed up by a small
build; then rounds of all modes are interleaved. `bazel clean`, loading and analysis are not
counted: wall time is what Bazel says of a build of which only the execution is left.

CPU time is what the kernel knows (user and system, /proc/PID/stat, in steps of a clock tick) of the
server's children and all their descendants that have ended or still live: rustc, linkers, build
scripts, the worker. The server's own is printed beside it. What a process that lost its parent used
is missing.
"""

import argparse
import dataclasses
import functools
import os
import pathlib
import resource
import shutil
import statistics
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.append(str(ROOT / "tools"))

import results  # noqa: E402
from example_workspace import EXAMPLE, Scratch, prepare_example  # noqa: E402

MODES = ["off", "hollow", "worker"]
MORE_MODES = ["worker-link", "worker-sandboxed", "worker-sandboxed-link", "worker-singleplex",
              "worker-singleplex-sandboxed", "cargo"]
TARGET = "//app"
THIRD_PARTY = "//third_party/crates/..."
# What --compilation_mode means in bazel_example: see rules/rustc_action.bzl.
CARGO_PROFILES = {
    "fastbuild": ("dev", {"OPT_LEVEL": "0", "DEBUG": "0"}),
    "dbg": ("dev", {"OPT_LEVEL": "0", "DEBUG": "2"}),
    "opt": ("release", {"OPT_LEVEL": "3", "DEBUG": "0", "STRIP": "debuginfo"}),
}
WARM_UP = "//crates/letters:all"
TICK_SECONDS = 1 / os.sysconf("SC_CLK_TCK")
# Fields of /proc/PID/stat, counted behind the command's name: see proc(5).
PARENT, OWN_TIMES, ENDED_CHILDREN_TIMES = 1, slice(11, 13), slice(13, 15)


@dataclasses.dataclass
class Sample:
    """One build. Times are in seconds."""

    wall: float
    cpu: float
    server_cpu: float


def process_table():
    """pid -> the fields of its stat line behind the name."""
    table = {}
    for stat in pathlib.Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text(errors="replace").rpartition(")")[2].split()
        except OSError:
            continue  # it ended meanwhile
        table[int(stat.parent.name)] = fields
    return table


def cpu_ticks(fields, which):
    return sum(int(ticks) for ticks in fields[which])


def descendants(table, pid):
    children = [child for child, fields in table.items() if int(fields[PARENT]) == pid]
    return children + [one for child in children for one in descendants(table, child)]


def cpu_seconds(server):
    """(of all processes below the server, of the server itself)"""
    table = process_table()
    below = cpu_ticks(table[server], ENDED_CHILDREN_TIMES)
    for pid in descendants(table, server):
        below += cpu_ticks(table[pid], OWN_TIMES) + cpu_ticks(table[pid], ENDED_CHILDREN_TIMES)
    return below * TICK_SECONDS, cpu_ticks(table[server], OWN_TIMES) * TICK_SECONDS


def measure(workspace, words):
    workspace.clean()
    workspace.build("--nobuild", *words)
    before = cpu_seconds(workspace.server_pid())
    done = workspace.build(*words)
    after = cpu_seconds(workspace.server_pid())
    cpu, server_cpu = (end - start for start, end in zip(before, after))
    return Sample(done.elapsed_seconds(), cpu, server_cpu)


def cargo_environment(mode):
    """The profile that is the compilation mode; macros and build scripts are never optimised."""
    profile, settings = CARGO_PROFILES[mode]
    env = {name: value for name, value in os.environ.items() if name != "RUSTFLAGS"}
    prefix = f"CARGO_PROFILE_{profile.upper()}_"
    env.update({prefix + name: value for name, value in settings.items()})
    env[prefix + "BUILD_OVERRIDE_OPT_LEVEL"] = "0"
    env["CARGO_INCREMENTAL"] = "0"
    return env, ["--release"] if profile == "release" else []


def run_cargo(words, package, env, target):
    """From nothing; everything that cargo does is counted."""
    shutil.rmtree(target, ignore_errors=True)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    started = time.monotonic()
    subprocess.run(["cargo", *words, "--offline", "--quiet"], check=True, cwd=package,
                   env={**env, "CARGO_TARGET_DIR": str(target)})
    wall = time.monotonic() - started
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return Sample(wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, 0.0)


def measure_cargo(target, mode):
    """The crates of third_party/Cargo.toml. The target directory is below the scratch folder."""
    env, flags = cargo_environment(mode)
    return run_cargo(["build", *flags], EXAMPLE / "third_party", env, target)


def interleave(measures, rounds):
    """mode -> its samples, one per round; `measures` has a function for each mode."""
    samples = {mode: [] for mode in measures}
    for number in range(1, rounds + 1):
        for mode, take in measures.items():
            last = take()
            samples[mode].append(last)
            print(f"round {number}  {mode:<28}{last.wall:8.1f} s wall{last.cpu:8.1f} s CPU")
    return samples


def run(scratch, options):
    words = [f"--compilation_mode={options.compilation_mode}", options.target]
    measures = {}
    for mode in options.mode:
        if mode == "cargo":
            measures[mode] = functools.partial(measure_cargo, scratch.top / "cargo",
                                               options.compilation_mode)
        else:
            workspace = scratch.workspace(mode, [f"--config={mode}"])
            workspace.build(words[0], WARM_UP)
            measures[mode] = functools.partial(measure, workspace, words)
    return interleave(measures, options.rounds)


def spread(numbers):
    return f"{statistics.median(numbers):7.1f} ({min(numbers):.1f} to {max(numbers):.1f})"


def column(samples, name):
    return [getattr(sample, name) for sample in samples]


def print_table(samples):
    print(f"\n{'medians, seconds':<28} {'wall':<26}{'CPU':<26}{'CPU of the server':<26}")
    for mode, those in samples.items():
        cells = [spread(column(those, name)) for name in ("wall", "cpu", "server_cpu")]
        print(f"{mode:<28} " + "".join(f"{cell:<26}" for cell in cells))


def ratios(samples):
    """"worker / off" and the like -> ratio of the medians, for wall and CPU time."""
    found = {}
    pairs = [(mode, base) for mode in samples if mode.startswith("worker")
             for base in ("off", "hollow", "worker", "cargo") if base in samples and base != mode]
    for mode, base in pairs:
        medians = [[statistics.median(column(samples[one], name)) for one in (mode, base)]
                   for name in ("wall", "cpu")]
        found[f"{mode} / {base}"] = [ours / theirs for ours, theirs in medians]
    return found


def print_ratios(found):
    print("\nratios of medians: wall, CPU")
    for name, (wall, cpu) in found.items():
        print(f"{name:<42}{wall:6.3f}{cpu:8.3f}")


def save(name, samples, **facts):
    """Keeps what was measured under this name."""
    seconds = {mode: [dataclasses.asdict(sample) for sample in those]
               for mode, those in samples.items()}
    results.save(name, **facts, seconds=seconds, ratios_of_medians_wall_cpu=ratios(samples))


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n\n")[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--mode", action="append", choices=MODES + MORE_MODES,
                        help=f"may be repeated (default: {', '.join(MODES)})")
    parser.add_argument("-c", "--compilation_mode", choices=["fastbuild", "dbg", "opt"],
                        default="fastbuild")
    options = parser.parse_args()
    options.mode = options.mode or MODES
    options.target = THIRD_PARTY if "cargo" in options.mode else TARGET
    return options


def main():
    options = parse_arguments()
    sys.stdout.reconfigure(line_buffering=True)
    prepare_example()
    with Scratch("graph") as scratch:
        samples = run(scratch, options)
    print_table(samples)
    print_ratios(ratios(samples))
    name = "cargo" if "cargo" in options.mode else "graph"
    if set(options.mode) == {"worker", "worker-sandboxed"}:
        name = "sandboxed"
    save(f"{name}-{options.compilation_mode}", samples, target=options.target,
         compilation_mode=options.compilation_mode)
    return 0


if __name__ == "__main__":
    sys.exit(main())
