#!/usr/bin/env python3
"""Turns cargo's own build plan for Cargo.toml and Cargo.lock into Bazel packages below crates/.

Cargo fetches the sources, resolves features and dependencies, and tells us the result as its unit
graph: one unit per compile or build script run. Each package that was fetched and has a unit is
copied to crates/<name>-<version>/ with a BUILD.bazel of ours. One that is on this machine (a path
dependency, a member of the workspace) gets crates/local/<name>-<version>/, with links to its files.
crates/BUILD.bazel names the direct dependencies, or the members if Cargo.toml has no package.
Nothing is done if crates/ was made from the same manifests, lock file, rustc and generator.
"""

import functools
import hashlib
import json
import os
import pathlib
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable
from typing import NoReturn

from starlark import Code, starlark, starlark_call

HERE = pathlib.Path(__file__).resolve().parent
MANIFEST = HERE / "Cargo.toml"
CRATES = HERE / "crates"
STAMP = CRATES / "stamp"
MADE_BY = "# Made by third_party/generate.py from cargo's unit graph: do not edit.\n"
LOAD = (
    'load("//rules:rust.bzl", "cargo_build_script", "rust_binary", "rust_library", '
    '"rust_proc_macro", "rust_shared_library")\n\n'
)
PUBLIC = 'package(default_visibility = ["//visibility:public"])\n\n'
BUILD_FILES = ("BUILD", "BUILD.bazel")
SOURCES = 'SOURCES = glob(["**"], exclude = ["BUILD.bazel"])\n\n'


def main() -> None:
    rustc_version = output(program("RUSTC", "rustc"), "-vV")
    if is_up_to_date(rustc_version):
        print("third_party/crates is up to date")
        return
    packages, graph = cargo_plan(MANIFEST, host_of(rustc_version))
    targets = targets_of(graph["units"], packages)
    local = targets.local_packages(MANIFEST)
    check(targets, local)
    shutil.rmtree(CRATES, ignore_errors=True)
    CRATES.mkdir()
    write_packages(packages, targets, CRATES)
    write_local_packages(local, targets, CRATES)
    write_aliases(graph, targets, local)
    write_stamp(rustc_version, [package_folder(package) for package in local])
    written = {*targets.package_ids(), *(package["id"] for package in local)}
    compiles = sum(one.is_compile and one.package["id"] in written for one in targets.distinct)
    print(f"third_party/crates: {len(written)} packages, {compiles} compiles")


# What the plan depends on.


def program(variable: str, name: str) -> str:
    return os.environ.get(variable) or name


def is_up_to_date(rustc_version: str) -> bool:
    """The stamp names the folders of the local packages, which cargo knows."""
    if not STAMP.is_file():
        return False
    digest, *folders = STAMP.read_text().splitlines()
    return digest == digest_of(rustc_version, folders)


def write_stamp(rustc_version: str, folders: list[pathlib.Path]) -> None:
    STAMP.write_text("\n".join([digest_of(rustc_version, folders), *map(str, folders)]) + "\n")


def digest_of(rustc_version: str, folders: Iterable[str | pathlib.Path]) -> str:
    digest = hashlib.sha256(rustc_version.encode())
    manifests = [pathlib.Path(folder, "Cargo.toml") for folder in folders]
    for file in (MANIFEST, HERE / "Cargo.lock", *HERE.glob("*.py"), *manifests):
        names = sorted(path.name for path in file.parent.iterdir()) if file in manifests else []
        digest.update(repr((names, file.read_bytes() if file.is_file() else None)).encode())
    return digest.hexdigest()


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
        self.is_foreign = self.is_fetched  # nobody here can do anything about its warnings
        self.is_script = unit["target"]["kind"] == ["custom-build"]
        self.is_compile = unit["mode"] == "build"
        self.is_macro = unit["target"]["kind"] == ["proc-macro"]
        self.is_program = unit["target"]["kind"] == ["bin"]
        self.is_shared = set(unit["target"]["kind"]) in ({"cdylib"}, {"cdylib", "staticlib"})
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
        """The packages that cargo fetched."""
        return sorted({one.unit["pkg_id"] for one in self.distinct if one.is_fetched})

    def local_packages(self, manifest: pathlib.Path) -> list[dict]:
        """Those that were here, but for the manifest's own: it is a list of dependencies only."""
        here = {one.package["id"]: one.package for one in self.distinct if not one.is_fetched}
        return [here[one] for one in sorted(here) if here[one]["manifest_path"] != str(manifest)]


def usual_folder(package: dict) -> str:
    """Where a package's BUILD file is, below Bazel's workspace."""
    local = "local/" if package["source"] is None else ""
    return f"third_party/crates/{local}{folder_of(package)}"


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


def package_folder(package: dict) -> pathlib.Path:
    return pathlib.Path(package["manifest_path"]).parent


def source_of(target: Target) -> pathlib.Path:
    return pathlib.Path(os.path.normpath(target.unit["target"]["src_path"]))


# What cannot be built by our rules.


def check(targets: Targets, local: list[dict]) -> None:
    for package in local:
        folder = package_folder(package)
        if CRATES.is_relative_to(folder):
            refuse(package, f"its folder '{folder}' holds third_party/crates; move one of them")
    for target in targets.distinct:
        if target.is_fetched or target.package in local:
            check_target(target)


def check_target(target: Target) -> None:
    kinds = target.unit["target"]["kind"]
    folder = package_folder(target.package)
    source = source_of(target)
    if kinds == ["staticlib"]:
        refuse(target.package, f"its crate '{target.crate_name}' is a staticlib, for which there is "
                               "no rule; add 'lib' or 'cdylib' to its crate-type")
    if not source.is_relative_to(folder):
        refuse(target.package, f"the root file of its crate '{target.crate_name}', '{source}', is "
                               f"outside of its folder '{folder}'; move it there")


def refuse(package: dict, why: str) -> NoReturn:
    sys.exit(f"generate.py: cannot build package '{package['name']}' {package['version']}: {why}")


# Bazel's packages.


def write_packages(packages: dict, targets: Targets, crates: pathlib.Path) -> None:
    """Copies the sources of the fetched packages and describes their crates.

    Crates include even their examples, so all is copied but for hidden files, and for BUILD files,
    which would split our package.
    """
    for package in (packages[package_id] for package_id in targets.package_ids()):
        folder = crates / folder_of(package)
        left_out = shutil.ignore_patterns(".*", *BUILD_FILES)
        shutil.copytree(package_folder(package), folder, ignore=left_out)
        write_build_file(package, targets, folder)


def write_local_packages(local: list[dict], targets: Targets, crates: pathlib.Path) -> None:
    for package in local:
        folder = crates / "local" / folder_of(package)
        link_sources(package_folder(package), folder)
        write_build_file(package, targets, folder)


def link_sources(source: pathlib.Path, folder: pathlib.Path) -> None:
    """What is fetched is copied without these, too; nor is what cargo and Bazel built linked.

    A folder without BUILD files is one link: whatever is added to it is seen at once."""
    folder.mkdir(parents=True)
    names = os.listdir(source)
    left_out = shutil.ignore_patterns(".*", *BUILD_FILES, "bazel-*")(str(source), names)
    for path in (source / name for name in sorted(names) if name not in left_out):
        if path.is_dir() and has_build_file(path):
            link_sources(path, folder / path.name)
        elif not (path / "CACHEDIR.TAG").exists():
            (folder / path.name).symlink_to(path)


def has_build_file(folder: pathlib.Path) -> bool:
    return any(name in BUILD_FILES for _, _, names in os.walk(folder) for name in names)


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
    if target.is_program:
        attributes["bin_name"] = target.unit["target"]["name"]
    scripts = [one for _, one in targets.dependencies(target.unit) if one.is_script]
    if scripts:
        attributes["build_script"] = scripts[0].label
    return starlark_call(rule_of(target), attributes)


def rule_of(target: Target) -> str:
    if target.is_program:
        return "rust_binary"
    if target.is_shared:
        return "rust_shared_library"
    return "rust_proc_macro" if target.is_macro else "rust_library"


def build_script_attributes(run: Target, targets: Targets) -> dict:
    """A run depends on its compile, and on the runs whose links metadata it is told."""
    dependencies = [one for _, one in targets.dependencies(run.unit)]
    compiled = next(one for one in dependencies if one.is_compile)
    attributes = common_attributes(run, compiled, targets)
    attributes["links"] = run.package["links"]
    attributes["quiet"] = Code("True") if run.is_foreign else None
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
        "rustc_flags": ["--cap-lints=allow"] if target.is_foreign else [],
        "deps": sorted(crate.label for _, crate in crates if not crate.is_macro),
        "proc_macro_deps": sorted(crate.label for _, crate in crates if crate.is_macro),
        "renames": {crate.label: name for name, crate in crates if name != crate.crate_name},
        "tags": ["manual"],
    }


def root_of(target: Target) -> str:
    return str(source_of(target).relative_to(package_folder(target.package)))


def sources(compiled: Target, targets: Targets) -> Code:
    """All of the package, but for the root files of programs that are not this crate."""
    programs = {
        root_of(one)
        for one in targets.distinct
        if one.is_program and one.package is compiled.package
    } - {root_of(compiled)}
    left_out = starlark(["BUILD.bazel", *sorted(programs)], 4)
    return Code(f'glob(["**"], exclude = {left_out})' if programs else "SOURCES")


def write_aliases(graph: dict, targets: Targets, local: list[dict]) -> None:
    """Of what our manifest asks for: its package's dependencies, or the members of its workspace."""
    named: dict[str, Target] = {}
    for root in (targets.of_unit[index] for index in graph["roots"]):
        if root.package in local:
            named[root.name] = root
        else:
            needs = targets.dependencies(root.unit)
            named |= {name: target for name, target in needs if not target.is_script}
    calls = [
        starlark_call("alias", {"name": name, "actual": target.label, "tags": ["manual"]})
        for name, target in sorted(named.items())
    ]
    (CRATES / "BUILD.bazel").write_text(MADE_BY + PUBLIC + "\n".join(calls))


if __name__ == "__main__":
    main()
