#!/usr/bin/env python3
"""Wall time of one library that is slow to compile and of ten tests that link it: with pipelining,
with link pipelining on top, and by Cargo. Prints, judges nothing, and keeps the figures in build/bench/.

All three compile the same files with the same optimisation, without debug information and not
incrementally, from nothing in each round; rounds are interleaved. Bazel's servers and workers are
warm, and `bazel clean`, loading and analysis are not counted, as in graph.py; of Cargo everything is.

    ten_tests.py [--rounds N] [-c fastbuild|opt] [--codegen-units N] [--parts N]
"""

import argparse
import sys

import results
import rounds
from builders import CARGO_PROFILES, BazelBuild, CargoBuild, clean_sample
from example_workspace import Scratch
from small_workspace import Crates, copy_rules, slow_library

FOLDER = "bench"
PACKAGE = "ten_tests"
TESTS = [f"test_{number}" for number in range(10)]
MODES = ["worker", "worker-link"]
# So that the library takes some seconds.
PARTS = {"fastbuild": 150, "opt": 25}
MANIFEST = """\
[package]
name = "ten_tests"
version = "0.0.0"
edition = "2021"

[lib]
name = "slow"
test = false
doctest = false
{settings}"""
BUILD = """\
load("//rules:rust.bzl", "rust_library", "rust_test")

rust_library(
    name = "slow",
    srcs = ["src/lib.rs"],
    rustc_flags = {flags},
)

[rust_test(
    name = name,
    srcs = ["tests/%s.rs" % name],
    crate_root = "tests/%s.rs" % name,
    rustc_flags = {flags},
    deps = [":slow"],
) for name in {tests}]
"""
TEST = """\
//! Calls the library, and has a little code of its own to generate.

use std::collections::BTreeSet;

fn own<const N: usize>(seed: u32) -> usize {{
    let rows: BTreeSet<[u32; N]> = (0..9).map(|row| [row % 3 + seed; N]).collect();
    let mut texts: Vec<String> = rows.iter().map(|row| format!("{{row:?}}")).collect();
    texts.sort();
    texts.dedup();
    texts.len()
}}

#[test]
fn the_library_is_consistent() {{
    assert_eq!(slow::part_{part}(3), slow::part_{part}(3));
    assert!(slow::part_1(1) > 0);
}}

#[test]
fn own_code_works() {{
    let counts = [{own}];
    assert_eq!(vec![3; counts.len()], counts);
}}
"""


def test_text(number):
    own = ", ".join(f"own::<{size}>({number})" for size in range(number + 1, number + 3))
    return TEST.format(part=number + 1, own=own)


def write_package(crates, options):
    """One package for both: Cargo's manifest stands beside Bazel's BUILD file."""
    settings, flags = "", []
    if options.codegen_units:
        profile, _ = CARGO_PROFILES[options.compilation_mode]
        settings = f"\n[profile.{profile}]\ncodegen-units = {options.codegen_units}\n"
        flags = [f"-Ccodegen-units={options.codegen_units}"]
    crates.write(PACKAGE, {
        "Cargo.toml": MANIFEST.format(settings=settings),
        "BUILD.bazel": BUILD.format(flags=flags, tests=TESTS),
        "src/lib.rs": slow_library(options.parts),
        **{f"tests/{name}.rs": test_text(number) for number, name in enumerate(TESTS)},
    })


def run(scratch, options):
    source = scratch.top / "source"
    copy_rules(source)
    words = [f"--compilation_mode={options.compilation_mode}", f"//{FOLDER}/{PACKAGE}:all"]
    workspaces = {mode: scratch.workspace(mode, [f"--config={mode}"], source) for mode in MODES}
    crates = Crates(workspaces[MODES[0]], FOLDER)
    write_package(crates, options)
    builders = {mode: BazelBuild(workspace, words) for mode, workspace in workspaces.items()}
    builders["cargo"] = CargoBuild(["test", "--no-run"], source / FOLDER / PACKAGE,
                                   scratch.top / "cargo", options.compilation_mode)
    for builder in builders.values():
        clean_sample(builder)
    for workspace in workspaces.values():
        workspace.test(*words)  # they are real tests
    return rounds.take_rounds(builders, {rounds.CLEAN: None}, options.rounds)


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n\n")[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("-c", "--compilation_mode", choices=list(PARTS), default="fastbuild")
    parser.add_argument("--codegen-units", type=int, help="for all crates (default: rustc's)")
    parser.add_argument("--parts", type=int, help="the size of the library (default: some seconds)")
    options = parser.parse_args()
    options.parts = options.parts or PARTS[options.compilation_mode]
    if options.parts < len(TESTS):
        parser.error(f"--parts: each of the {len(TESTS)} tests calls a part of its own")
    return options


def main():
    options = parse_arguments()
    sys.stdout.reconfigure(line_buffering=True)
    with Scratch("ten-tests") as scratch:
        samples = run(scratch, options)
    rounds.print_tables(samples)
    units = f"-{options.codegen_units}-units" if options.codegen_units else ""
    results.save(f"ten-tests-{options.compilation_mode}{units}", cases=samples, parts=options.parts,
                 compilation_mode=options.compilation_mode, codegen_units=options.codegen_units)
    return 0


if __name__ == "__main__":
    sys.exit(main())
