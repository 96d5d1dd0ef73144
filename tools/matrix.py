#!/usr/bin/env python3
"""Builds bazel_example by every strategy that Bazel can use, and compares every rlib, shared object
and program with those of plain rustc, the first row.

Exit code 0: all bytes are equal, and each worker ran rustc once per crate. A file may only differ
in a sandbox, and only by an absolute path that it embeds, which is printed; no crate of our own does.
One crate is made to differ there, and then by nothing else: all sandboxes make the same of it.
"""

import argparse
import dataclasses
import os
import re
import shutil
import sys
import time

from example_workspace import EXAMPLE, Scratch, prepare_example

sys.path.append(str(EXAMPLE / "tools"))

import compare_outputs  # noqa: E402

SOURCES = ["//sources:shows", "//sources:shown"]
# //nondeterministic is left out: no two builds of it are equal.
EVERYTHING = ["//...", *SOURCES]
# Libraries, build scripts, a C library, a macro, a shared object and tests, without any real crate.
QUICK_PACKAGES = ("alphabet", "checksum", "fields", "fingerprint", "letters")
QUICK = [*(f"//crates/{name}/..." for name in QUICK_PACKAGES), "//crates/describe", *SOURCES]
ABSOLUTE_PATH = re.compile(rb"(?<![\w.])/[\w.+@%=,-]+(?:/[\w.+@%=,-]+)+")
OWN_PACKAGES = ("app/", "crates/", "sources/")
# rustc reads the source of a crate that it depends on, where it finds it.
SEES_SOURCES = "/bin/sources/libshown"
# Names of --config: see bazel_example/.bazelrc. All others are compared with the first one.
WORKERS = ["worker", "worker-sandboxed", "worker-singleplex", "worker-singleplex-sandboxed"]
IN_STAGES = [*WORKERS, "worker-one-shot", "worker-one-shot-sandboxed"]
CONFIGS = ["off", "sandboxed", *IN_STAGES, *(f"{one}-link" for one in IN_STAGES),
           "worker-portable", "worker-portable-sandboxed"]


@dataclasses.dataclass
class Cell:
    """What a config's build in one compilation mode showed."""

    files: int = 0
    differing: list = dataclasses.field(default_factory=list)  # (file, what is known of it)
    bad: list = dataclasses.field(default_factory=list)  # why it is not as it must be
    runs: int | None = None  # None: nobody counted them
    crates: int = 0
    processes: str = ""
    wall_seconds: float = 0.0

    def bytes_text(self):
        if self.differing:
            return f"{len(self.differing)} of {self.files} differ"
        return f"{self.files} equal" if self.files else "FAILED"

    def runs_text(self):
        return "-" if self.runs is None else f"{self.runs}/{self.crates}"


class Matrix:
    """All are built in one output base, so that only the strategy differs."""

    def __init__(self, scratch, targets):
        self.workspace = scratch.workspace("matrix")
        self.expected = scratch.top / "expected"
        self.in_sandboxes = {}  # (file, mode) -> its digest in the first sandbox
        self.targets = targets

    def measure(self, config, mode):
        cell = Cell()
        words = [f"--config={config}", f"--compilation_mode={mode}", *self.targets]
        self.workspace.clean()
        planned = self.workspace.build("--nobuild", *words, check=False)
        started = time.monotonic()
        done = self.workspace.build(*words, check=False) if planned.exit_code == 0 else planned
        cell.wall_seconds = done.elapsed_seconds()
        cell.processes = done.processes()
        if done.exit_code != 0:
            cell.bad.append(done.tail())
            return cell
        if config.removesuffix("-link") in WORKERS:
            self._count_runs(cell, words[:2], started)
        self._compare(cell, config, mode)
        return cell

    def _count_runs(self, cell, flags, started):
        cell.crates = self.workspace.crates(*self.targets, flags=flags)
        cell.runs = len(self.workspace.trace().since(started).compiles)
        if cell.runs != cell.crates:
            cell.bad.append(f"{cell.runs} runs of rustc for {cell.crates} crates")

    def _compare(self, cell, config, mode):
        found = compare_outputs.artefacts(self.workspace.out(), [])
        cell.files = len(found)
        if config == CONFIGS[0]:
            self._keep(found)
            return
        expected = compare_outputs.artefacts(self.expected, [])
        sandboxed = "sandboxed" in config
        for name in sorted(found.keys() | expected.keys()):
            verdict = compare_outputs.compare(expected.get(name), found.get(name))
            if sandboxed and SEES_SOURCES in name:
                self._compare_sandboxes(cell, name, mode, found.get(name))
                if verdict == "equal":
                    cell.bad.append(f"{name} is the same outside: it needs no exception")
            elif verdict != "equal":
                path = self._embedded_path(expected.get(name), found.get(name))
                cell.differing.append((name, f"embeds {path}" if path else verdict))
                if not (path and sandboxed) or is_own(name):
                    cell.bad.append(f"{name} must be equal")

    def _compare_sandboxes(self, cell, name, mode, file):
        digest = compare_outputs.digest(file)
        if digest != self.in_sandboxes.setdefault((name, mode), digest):
            cell.differing.append((name, "differs from other sandboxes'"))
            cell.bad.append(f"{name} must be equal in all sandboxes")

    def _embedded_path(self, expected, found):
        """A path of this build that only one of the two files holds, or None."""
        if expected is None or found is None:
            return None
        top = os.fsencode(self.workspace.output_base)
        here, there = (
            {path for path in ABSOLUTE_PATH.findall(file.read_bytes()) if top in path}
            for file in (expected, found)
        )
        only = sorted(there - here, key=len) or sorted(here - there, key=len)
        return only[0].decode(errors="replace") if only else None

    def _keep(self, found):
        """Bazel replaces outputs, and does not write them again: links are as good as copies."""
        shutil.rmtree(self.expected, ignore_errors=True)
        for name, path in found.items():
            kept = self.expected / name
            kept.parent.mkdir(parents=True, exist_ok=True)
            os.link(path, kept)


def is_own(name):
    _, _, package = name.partition("/bin/")
    return package.startswith(OWN_PACKAGES)


def print_row(config, mode, bytes_, runs, wall, processes):
    print(f"{config:<33}{mode:<11}{bytes_:<22}{runs:>12}{wall:>10}  {processes}", flush=True)


def print_details(cells):
    for (config, mode), cell in cells.items():
        if cell.differing or cell.bad:
            print(f"\n{config}, {mode}")
        for name, what in cell.differing:
            print(f"  {name}: {what}")
        for complaint in cell.bad:
            print("  NOT AS IT MUST BE: " + complaint.replace("\n", "\n    "))


def run(matrix, configs, modes):
    cells = {}
    print_row("config", "mode", "rlibs, .so, programs", "rustc/crates", "wall", "by Bazel")
    for mode in modes:
        for config in configs:
            cell = cells[config, mode] = matrix.measure(config, mode)
            print_row(config, mode, cell.bytes_text(), cell.runs_text(), f"{cell.wall_seconds:.1f} s",
                      cell.processes)
    print_details(cells)
    return cells


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n\n")[0])
    parser.add_argument("--quick", action="store_true", help="a few own crates, fastbuild only")
    parser.add_argument("--mode", action="append", choices=["fastbuild", "opt"])
    parser.add_argument("--config", action="append", choices=CONFIGS[1:], help="besides off")
    parser.add_argument("target", nargs="*", help="instead of all")
    options = parser.parse_args()
    options.mode = options.mode or (["fastbuild"] if options.quick else ["fastbuild", "opt"])
    options.target = options.target or (QUICK if options.quick else EVERYTHING)
    return options


def main():
    options = parse_arguments()
    prepare_example()
    with Scratch("matrix") as scratch:
        matrix = Matrix(scratch, options.target)
        cells = run(matrix, [CONFIGS[0], *(options.config or CONFIGS[1:])], options.mode)
    return 1 if any(cell.bad for cell in cells.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
