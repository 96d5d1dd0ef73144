#!/usr/bin/env python3
"""Turns cargo's own build plan for Cargo.toml and Cargo.lock into Bazel packages below crates/.

Cargo fetches the sources, resolves features and dependencies, and tells us the result as its unit
graph: one unit per compile or build script run. Each package that has a unit is copied to
crates/<name>-<version>/ with a BUILD.bazel of ours; crates/BUILD.bazel names the direct
dependencies. Nothing is done if crates/ was made from the same manifest, lock file, rustc and
generator.
"""

import functools
import hashlib
import json
import os
import pathlib
import shutil
import subprocess
import sys
from collections.abc import Callable

HERE = pathlib.Path(__file__).resolve().parent
CRATES = HERE / "crates"
STAMP = CRATES / "stamp"
MADE_BY = "# Made by third_party/generate.py from cargo's unit graph: do not edit.\n"
LOAD = (
    'load("//rules:rust.bzl", "cargo_build_script", "rust_binary", "rust_library", '
    '"rust_proc_macro")\n\n'
)
PUBLIC = 'package(default_visibility = ["//visibility:public"])\n\n'
SOURCES = 'SOURCES = glob(["**"], exclude = ["BUILD.bazel"])\n\n'


def main() -> None:
    rustc_version = output(program("RUSTC", "rustc"), "-vV")
    stamp = stamp_of(rustc_version)
    if STAMP.is_file() and STAMP.read_text() == stamp:
        print("third_party/crates is up to date")
        return
    packages, graph = cargo_plan(HERE / "Cargo.toml", host_of(rustc_version))
    targets = targets_of(graph["units"], packages)
    shutil.rmtree(CRATES, ignore_errors=True)
    write_packages(packages, targets, CRATES)
    write_aliases(graph, targets)
    STAMP.write_text(stamp)
    compiles = sum(one.is_compile and one.is_fetched for one in targets.distinct)
    print(f"third_party/crates: {len(targets.package_ids())} packages, {compiles} compiles")


# What the plan depends on.


def program(variable: str, name: str) -> str:
    return os.environ.get(variable) or name


def stamp_of(rustc_version: str) -> str:
    digest = hashlib.sha256(rustc_version.encode())
    for file in (HERE / "Cargo.toml", HERE / "Cargo.lock", pathlib.Path(__file__)):
        digest.update(file.read_bytes())
    return digest.hexdigest() + "\n"


def host_of(rustc_version: str) -> str:
    lines = rustc_version.splitlines()
    return next(line.removeprefix("host: ") for line in lines if line.startswith("host: "))


def output(*command: str, **environment: str) -> str:
    try:
        result = subprocess.run(
            command, env={**os.environ, **environment}, capture_output=True, text=True, check=False
        )
    except OSError as error:
        sys.exit(
            f"generate.py: cannot start '{command[0]}': {error.strerror}; install Rust, or name its"
            " programs with RUSTC and CARGO"
        )
    if result.returncode != 0:
        words = " ".join(command)
        sys.exit(f"generate.py: '{words}' ended with code {result.returncode}:\n{result.stderr}")
    return result.stdout


# Cargo's plan.


def cargo_plan(manifest_path: pathlib.Path, host: str) -> tuple[dict, dict]:
    """Returns cargo's packages by id, and its unit graph.

    --target keeps the features of host and target apart, as Bazel's configurations do.
    """
    cargo = program("CARGO", "cargo")
    manifest = ("--locked", "--manifest-path", str(manifest_path))
    metadata = (cargo, "metadata", "--format-version=1", "--filter-platform", host, *manifest)
    unit_graph = (cargo, "build", "--unit-graph", "-Zunstable-options", "--target", host, *manifest)
    packages = json.loads(output(*metadata))["packages"]
    graph = json.loads(output(*unit_graph, RUSTC_BOOTSTRAP="1"))
    return {package["id"]: package for package in packages}, graph


class Target:
    """A Bazel target: a unit of cargo's graph, or two that differ only in whom they are for."""

    def __init__(self, unit: dict, package: dict, folder: str, for_host: bool) -> None:
        self.unit = unit
        self.package = package
        self.is_fetched = package["source"] is not None
        self.is_script = unit["target"]["kind"] == ["custom-build"]
        self.is_compile = unit["mode"] == "build"
        self.is_macro = unit["target"]["kind"] == ["proc-macro"]
        self.is_program = unit["target"]["kind"] == ["bin"]
        self.crate_name = unit["target"]["name"].replace("-", "_")
        self.name = "build_script" if self.is_script else self.crate_name
        self.name += "_program" if self.is_program else ""
        self.name += "_for_host" if for_host else ""
        self.label = f"//{folder}:{self.name}"


class Targets:
    """The target of each unit; equal units share one."""

    def __init__(self) -> None:
        self.of_unit: list[Target] = []
        self.distinct: list[Target] = []

    def dependencies(self, unit: dict) -> list[tuple[str, Target]]:
        """Pairs (name in this crate, target)."""
        edges = unit["dependencies"]
        return [(edge["extern_crate_name"], self.of_unit[edge["index"]]) for edge in edges]

    def package_ids(self) -> list[str]:
        """The packages that cargo fetched: all but our own manifest's."""
        return sorted({one.unit["pkg_id"] for one in self.distinct if one.is_fetched})


def usual_folder(package: dict) -> str:
    """Where a fetched package's BUILD file is, below Bazel's workspace."""
    return f"third_party/crates/{folder_of(package)}"


def targets_of(
    units: list[dict], packages: dict, folder: Callable[[dict], str] = usual_folder
) -> Targets:
    """A unit for the host that differs from the one for the target gets a target of its own."""
    signatures = signatures_of(units)
    for_target = {what(unit): mark for unit, mark in zip(units, signatures) if unit["platform"]}
    targets = Targets()
    known: dict[str, Target] = {}
    for unit, mark in zip(units, signatures):
        if mark not in known:
            for_host = for_target.get(what(unit), mark) != mark
            package = packages[unit["pkg_id"]]
            known[mark] = Target(unit, package, folder(package), for_host)
            targets.distinct.append(known[mark])
        targets.of_unit.append(known[mark])
    return targets


def signatures_of(units: list[dict]) -> list[str]:
    """Digests of each unit and all below it, without the machine it is for."""

    @functools.cache
    def signature(index: int) -> str:
        unit = units[index]
        edges = unit["dependencies"]
        below = sorted((edge["extern_crate_name"], signature(edge["index"])) for edge in edges)
        return hashlib.sha256(repr((what(unit), unit["features"], below)).encode()).hexdigest()

    return [signature(index) for index in range(len(units))]


def what(unit: dict) -> tuple[str, str, str]:
    return unit["pkg_id"], unit["target"]["name"], unit["mode"]


def folder_of(package: dict) -> str:
    return f"{package['name']}-{package['version'].replace('+', '_')}"


# Bazel's packages.


def write_packages(packages: dict, targets: Targets, crates: pathlib.Path) -> None:
    """Copies the sources of the fetched packages and describes their crates.

    Crates include even their examples, so all is copied but for hidden files, and for BUILD files,
    which would split our package.
    """
    for package in (packages[package_id] for package_id in targets.package_ids()):
        folder = crates / folder_of(package)
        source = pathlib.Path(package["manifest_path"]).parent
        shutil.copytree(source, folder, ignore=shutil.ignore_patterns(".*", "BUILD", "BUILD.bazel"))
        write_build_file(package, targets, folder)


def write_build_file(package: dict, targets: Targets, folder: pathlib.Path) -> None:
    calls = [
        rule_call(target, targets)
        for target in targets.distinct
        if target.package is package and not (target.is_script and target.is_compile)
    ]
    head = MADE_BY + LOAD + PUBLIC + SOURCES + f"PACKAGE = {starlark(environment(package))}\n\n"
    (folder / "BUILD.bazel").write_text(head + "\n".join(calls))


def environment(package: dict) -> dict[str, str]:
    env = {
        f"CARGO_PKG_{key.upper()}": package[key] or ""
        for key in (
            "name",
            "description",
            "homepage",
            "license",
            "license_file",
            "readme",
            "repository",
            "rust_version",
        )
    }
    return {**env, "CARGO_PKG_AUTHORS": ":".join(package["authors"])}


def rule_call(target: Target, targets: Targets) -> str:
    if target.is_script:
        return starlark_call("cargo_build_script", build_script_attributes(target, targets))
    attributes = common_attributes(target, target, targets)
    attributes["crate_name"] = target.crate_name
    scripts = [one for _, one in targets.dependencies(target.unit) if one.is_script]
    if scripts:
        attributes["build_script"] = scripts[0].label
    return starlark_call(rule_of(target), attributes)


def rule_of(target: Target) -> str:
    if target.is_program:
        return "rust_binary"
    return "rust_proc_macro" if target.is_macro else "rust_library"


def build_script_attributes(run: Target, targets: Targets) -> dict:
    """A run depends on its compile, and on the runs whose links metadata it is told."""
    dependencies = [one for _, one in targets.dependencies(run.unit)]
    compiled = next(one for one in dependencies if one.is_compile)
    attributes = common_attributes(run, compiled, targets)
    attributes["links"] = run.package["links"]
    attributes["link_deps"] = sorted(one.label for one in dependencies if one is not compiled)
    return attributes


def common_attributes(target: Target, compiled: Target, targets: Targets) -> dict:
    """`compiled` is the crate itself, or for the run of a build script its compile."""
    crates = [pair for pair in targets.dependencies(compiled.unit) if not pair[1].is_script]
    return {
        "name": target.name,
        "srcs": sources(compiled, targets),
        "crate_root": root_of(compiled),
        "crate_features": sorted(target.unit["features"]),
        "edition": compiled.unit["target"]["edition"],
        "version": target.package["version"],
        "rustc_env": Code("PACKAGE"),
        "rustc_flags": ["--cap-lints=allow"],
        "deps": sorted(crate.label for _, crate in crates if not crate.is_macro),
        "proc_macro_deps": sorted(crate.label for _, crate in crates if crate.is_macro),
        "renames": {crate.label: name for name, crate in crates if name != crate.crate_name},
        "tags": ["manual"],
    }


def root_of(target: Target) -> str:
    folder = pathlib.Path(target.package["manifest_path"]).parent
    return str(pathlib.Path(target.unit["target"]["src_path"]).relative_to(folder))


def sources(compiled: Target, targets: Targets) -> "Code":
    """All of the package, but for the root files of programs that are not this crate."""
    programs = {
        root_of(one)
        for one in targets.distinct
        if one.is_program and one.package is compiled.package
    } - {root_of(compiled)}
    left_out = starlark(["BUILD.bazel", *sorted(programs)], 4)
    return Code(f'glob(["**"], exclude = {left_out})' if programs else "SOURCES")


def write_aliases(graph: dict, targets: Targets) -> None:
    roots = [graph["units"][index] for index in graph["roots"]]
    direct = [pair for root in roots for pair in targets.dependencies(root)]
    calls = [
        starlark_call("alias", {"name": name, "actual": target.label, "tags": ["manual"]})
        for name, target in sorted(direct, key=lambda pair: pair[0])
    ]
    (CRATES / "BUILD.bazel").write_text(MADE_BY + PUBLIC + "\n".join(calls))


# Starlark text.


class Code(str):
    """Text that stands in Starlark as it is."""


def starlark_call(function: str, attributes: dict) -> str:
    """Attributes without a value are left out."""
    lines = [f"    {name} = {starlark(value, 4)},\n" for name, value in attributes.items() if value]
    return f"{function}(\n{''.join(lines)})\n"


def starlark(value: object, indent: int = 0) -> str:
    if isinstance(value, Code):
        return value
    text = json.dumps(value, indent=4, ensure_ascii=False)
    return text.replace("\n", "\n" + " " * indent)


if __name__ == "__main__":
    main()
