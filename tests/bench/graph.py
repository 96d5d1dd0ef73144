#!/usr/bin/env python3
"""A real graph of crates, built by cargo and by Bazel in each mode, from nothing and after touching one
crate. Prints, judges nothing, and keeps the figures in build/bench/.

The graph is that of a Cargo workspace: the real crates of bazel_example with a program on top (app.rs),
unless --workspace names another one. Cargo and Bazel build the same copies of its crates with the same
flags: see cargo_workspace.py. The cases of each round:

    clean   from nothing
    leaf    after an edit of the library without dependencies that has the most dependants
    middle  after an edit of the library that has the most of both, dependencies and dependants
    root    after an edit of what depends on all

An edit changes the crate's metadata and its code. Each mode has a Bazel server and an output base of
its own; servers are warmed up by whole builds, as it takes about two until the JVM has compiled what it
runs (until then a build costs it twice the CPU); rounds of all modes are interleaved. What is measured
stands in builders.py and process_tree.py: in a clean build, `bazel clean`, loading and analysis
are not part of the wall time, but all that is behind the clean is part of the whole command's.

    graph.py [--workspace DIR] [--rounds N] [--edits N] [--warm-ups N] [--mode MODE]... [--case CASE]... [-c fastbuild|opt]...
"""

import argparse
import pathlib
import shutil
import sys

import results
import rounds
from builders import BazelBuild, CargoBuild, CargoFailed, clean_sample
from cargo_workspace import CargoWorkspace, Touch, Unsuitable
from example_workspace import EXAMPLE, BazelFailed, Scratch

MODES = ["cargo", "off", "hollow", "worker", "worker-link"]
MORE_MODES = ["worker-sandboxed", "worker-sandboxed-link", "worker-singleplex",
              "worker-singleplex-sandboxed"]
CASES = [rounds.CLEAN, "leaf", "middle", "root"]
COMPILATION_MODES = ["fastbuild", "opt"]
PROGRAM = '\n[[bin]]\nname = "app"\npath = "app.rs"\n'


def example_manifest(folder):
    """That of the example's real crates, with a program on top."""
    shutil.copytree(EXAMPLE / "third_party", folder, ignore=shutil.ignore_patterns("crates", "target"))
    shutil.copy(pathlib.Path(__file__).with_name("app.rs"), folder)
    manifest = folder / "Cargo.toml"
    manifest.write_text(manifest.read_text(encoding="utf-8") + PROGRAM, encoding="utf-8")
    return manifest


class Bench:
    """One run: the workspace, and in each mode what builds it."""

    def __init__(self, scratch, options):
        manifest = options.manifest or example_manifest(scratch.top / "example")
        self.scratch = scratch
        self.options = options
        self.workspace = CargoWorkspace(manifest, scratch.top / "source")
        touched = self.workspace.touched()
        self.touches = {case: Touch(self.workspace, touched[case]) for case in options.case
                        if case != rounds.CLEAN}
        self.leaf = touched["leaf"].label
        self.warm_ups = options.warm_ups
        self.bazel = {mode: scratch.workspace(mode, [f"--config={mode}"], self.workspace.folder)
                      for mode in options.mode if mode != "cargo"}

    def describe(self):
        compiles = sum(one.is_compile for one in self.workspace.targets.distinct)
        print(f"{compiles} compiles of {len(self.workspace.packages)} packages")
        for case, touch in self.touches.items():
            print(f"{case}: an edit of {touch.crate}, with {touch.dependants} targets above it")

    def builders(self, compilation_mode):
        words = [f"--compilation_mode={compilation_mode}", *self.workspace.labels()]
        made = {}
        for mode in self.options.mode:
            if mode == "cargo":
                made[mode] = CargoBuild(["build"], self.workspace.cargo_folder(),
                                        self.scratch.top / "cargo", compilation_mode)
            else:
                made[mode] = BazelBuild(self.bazel[mode], words)
                self.bazel[mode].build(words[0], self.leaf)
                for _ in range(self.warm_ups):
                    sample = clean_sample(made[mode])
                    print(f"warm-up  {mode:<26}{sample.server_cpu:8.1f} s CPU of Bazel's server")
        self.warm_ups = 0  # they are warm
        return made

    def run(self, compilation_mode):
        print(f"\n{compilation_mode}:")
        builders = self.builders(compilation_mode)
        cases = {case: self.touches.get(case) for case in self.options.case}
        if rounds.CLEAN not in cases:
            for builder in builders.values():
                clean_sample(builder)
        samples = rounds.take_rounds(builders, cases, self.options.rounds, self.options.edits)
        rounds.print_tables(samples)
        touched = {case: {"crate": touch.crate, "targets_above": touch.dependants}
                   for case, touch in self.touches.items()}
        results.save(f"{self.options.name}-{compilation_mode}", cases=samples, touched=touched,
                     compilation_mode=compilation_mode, rounds=self.options.rounds,
                     rounds_with_edits=self.options.edits, warm_ups=self.options.warm_ups,
                     packages=len(self.workspace.packages))


def name_of(options):
    """Figures of a part of the modes or cases do not replace those of all."""
    if options.manifest:
        return f"graph-of-{options.manifest.parent.name}"
    if set(options.mode) == {"worker", "worker-sandboxed"}:
        return "sandboxed"
    whole = set(MODES) <= set(options.mode) and set(CASES) == set(options.case)
    return "graph" if whole else "graph-part"


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n\n")[0])
    parser.add_argument("--workspace", type=pathlib.Path, metavar="DIR",
                        help="the folder of a Cargo.toml with its Cargo.lock (default: the real crates "
                        "of bazel_example)")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--edits", type=int, metavar="N",
                        help="only the first N rounds have other cases than clean (default: all)")
    parser.add_argument("--warm-ups", type=int, default=2, metavar="N",
                        help="whole builds by each Bazel server before the first round (default: 2)")
    for name, choices, default in (("--mode", MODES + MORE_MODES, MODES), ("--case", CASES, CASES)):
        parser.add_argument(name, action="append", choices=choices,
                            help=f"may be repeated (default: {', '.join(default)})")
    parser.add_argument("-c", "--compilation_mode", action="append",
                        choices=["fastbuild", "dbg", "opt"],
                        help=f"may be repeated (default: {', '.join(COMPILATION_MODES)})")
    options = parser.parse_args()
    options.mode = list(dict.fromkeys(options.mode or MODES))
    options.case = [case for case in CASES if case in (options.case or CASES)]
    options.compilation_mode = list(dict.fromkeys(options.compilation_mode or COMPILATION_MODES))
    clean = rounds.CLEAN in options.case
    options.edits = options.edits if clean and options.edits is not None else options.rounds
    if min(options.rounds, options.edits) < 1:
        parser.error("a case of no rounds cannot be measured")
    options.manifest = options.workspace and options.workspace.resolve() / "Cargo.toml"
    if options.manifest and not options.manifest.is_file():
        parser.error(f"--workspace: there is no file '{options.manifest}'")
    options.name = name_of(options)
    return options


def main():
    options = parse_arguments()
    sys.stdout.reconfigure(line_buffering=True)
    place = options.workspace or "the real crates of bazel_example"
    try:
        with Scratch("graph") as scratch:
            bench = Bench(scratch, options)
            bench.describe()
            for compilation_mode in options.compilation_mode:
                bench.run(compilation_mode)
    except Unsuitable as why:
        sys.exit(f"graph: the rules of bazel_example cannot build {place}: {why}")
    except BazelFailed as why:
        said = str(why)
        sys.exit(f"graph: Bazel cannot build {place} with the rules of bazel_example:\n"
                 + said[max(said.find("ERROR:"), 0):])
    except CargoFailed as why:
        sys.exit(f"graph: {why}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
