#!/usr/bin/env python3
"""Holds the edges between layers: who may include whom, where libuv may appear, that every source has
its header at the same place under include/, that what only Linux has stays in one file, and that there are no
circles."""

import graphlib
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
ALLOWED = {
    "base": {"base"},
    "protocol": {"protocol", "base"},
    "rustc": {"rustc", "base"},
    "pipeline": {"pipeline", "base"},
    "process": {"process", "base"},
    "roots": {"roots", "base", "process"},
    "turns": {"turns", "base", "process"},
    "gate": {"gate", "base", "rustc", "process"},
    "store": {"store", "base", "process"},
    "portable": {"portable", "base", "rustc", "store"},
}
ALLOWED["program"] = {"program", *ALLOWED}
MAY_USE_LIBUV = {"process", "roots", "turns", "gate", "store", "program"}
# What only Linux has, and who may ask for it besides src/process/platform_linux.c.
LINUX = re.compile(r'\b_GNU_SOURCE\b|<linux/|<sys/(?:prctl|syscall|vfs)\.h>|\bO_PATH\b|"/proc\b')
MAY_USE_LINUX = {"byte_lock.c", "platform_linux.c"}
INCLUDE = re.compile(r'^\s*#\s*include\s+(["<])([^">]+)[">]', re.MULTILINE)


def judge_include(layer, quote, name):
    """Returns what is wrong with one include, or None."""
    if name == "uv.h" or name.startswith("uv/"):
        return None if layer in MAY_USE_LIBUV else f"{layer} may not use libuv"
    target = name.split("/")[0] if "/" in name else None
    if target in ALLOWED:
        return None if target in ALLOWED[layer] else f"{layer} may not include {target}"
    if quote == '"' and not name.endswith(".pb-c.h"):
        return 'our headers are included as "layer/name.h"'
    return None


def judge_file(path):
    layer = path.relative_to(ROOT).parts[1]
    if layer not in ALLOWED:
        return [f"{layer}/ is no layer"]
    found = (judge_include(layer, *match) for match in INCLUDE.findall(path.read_text()))
    complaints = [complaint for complaint in found if complaint]
    linux = LINUX.search(path.read_text())
    if linux and path.name not in MAY_USE_LINUX:
        complaints.append(f"{linux[0]} belongs into src/process/platform_linux.c")
    return complaints


def noun(path):
    """What the file is about, on whatever system."""
    return path.stem.removesuffix("_linux").removesuffix("_posix")


def judge_mirror():
    """src/x/y.c has include/x/y.h; y_<system>.c is one system's y, and main.c stands alone."""
    for source in sorted(ROOT.glob("src/**/*.c")):
        name = noun(source) + ".h"
        header = ROOT / "include" / source.parent.relative_to(ROOT / "src") / name
        if source.name != "main.c" and not header.exists():
            yield f"{source.relative_to(ROOT)}: {header.relative_to(ROOT)} is missing"


def room(path):
    """The source and its header are one."""
    return f"{path.parent.name}/{noun(path)}"


def judge_circles():
    """No room needs itself by way of others."""
    seen = {}
    for path in [*ROOT.glob("src/*/*.c"), *ROOT.glob("include/*/*.h")]:
        names = {name.removesuffix(".h") for quote, name in INCLUDE.findall(path.read_text())
                 if quote == '"'}
        seen.setdefault(room(path), set()).update(names - {room(path)})
    try:
        list(graphlib.TopologicalSorter(seen).static_order())
    except graphlib.CycleError as error:
        yield "a circle: " + " -> ".join(error.args[1])


def main():
    complaints = [*judge_mirror(), *judge_circles()]
    for tree in ("src/**/*.[ch]", "include/**/*.h"):
        for path in sorted(ROOT.glob(tree)):
            complaints += [f"{path.relative_to(ROOT)}: {text}" for text in judge_file(path)]
    print("\n".join(complaints) or "layers: every include is allowed")
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
