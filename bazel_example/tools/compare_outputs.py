#!/usr/bin/env python3
"""Compares the rlibs, shared objects and programs of two builds by SHA-256.

Each side is a tree such as bazel-bin or bazel-out, or a whole output base. Prints one line per
file: equal, DIFFERENT, ONLY-LEFT or ONLY-RIGHT. Exit code 0: every file is on both sides and equal;
1: it is not so; 2: there was nothing to compare.
"""

import argparse
import fnmatch
import hashlib
import os
import pathlib
import struct
import sys

ELF_MAGIC = b"\x7fELF"
ELF_PROGRAM_TYPES = (2, 3)  # ET_EXEC, ET_DYN; an object file is ET_REL


def main() -> int:
    options = parse_arguments()
    left, right = (artefacts(side, options.ignore) for side in (options.left, options.right))
    if not left and not right:
        sides = f"'{options.left}' and '{options.right}'"
        complaint = f"no rlib, shared object or program below {sides}; build them first"
        print(f"compare_outputs: {complaint}", file=sys.stderr)
        return 2
    counts = {"equal": 0, "DIFFERENT": 0, "ONLY-LEFT": 0, "ONLY-RIGHT": 0}
    for name in sorted(left.keys() | right.keys()):
        verdict = compare(left.get(name), right.get(name))
        counts[verdict] += 1
        if verdict != "equal" or not options.quiet:
            print(f"{verdict:10} {digest(left.get(name))} {digest(right.get(name))} {name}")
    total = sum(counts.values())
    summary = ", ".join(f"{count} {verdict.lower()}" for verdict, count in counts.items())
    print(f"{total} files: {summary}")
    return 0 if counts["equal"] == total else 1


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("left", type=existing_folder, help="bazel-bin, bazel-out or an output base")
    parser.add_argument("right", type=existing_folder, help="another one")
    parser.add_argument(
        "--ignore", action="append", default=[], metavar="GLOB", help="leave out matching paths"
    )
    parser.add_argument("--quiet", action="store_true", help="do not list equal files")
    return parser.parse_args()


def existing_folder(text: str) -> pathlib.Path:
    path = pathlib.Path(text)
    if not path.is_dir():
        raise argparse.ArgumentTypeError(f"'{text}' is not a folder")
    return path


def artefacts(side: pathlib.Path, ignored: list[str]) -> dict[str, pathlib.Path]:
    """Files to compare, by their path below the side."""
    execroots = [path for path in side.glob("execroot/*/bazel-out") if path.is_dir()]
    top = execroots[0] if execroots else side
    found = {}
    for folder, folders, names in os.walk(top):
        folders[:] = [name for name in folders if not is_uncompared(name)]
        for path in (pathlib.Path(folder, name) for name in names):
            relative = str(path.relative_to(top))
            if is_artefact(path) and not any(fnmatch.fnmatch(relative, glob) for glob in ignored):
                found[relative] = path
    return found


def is_uncompared(folder: str) -> bool:
    """Hollow rlibs are no build's result, and runfiles are links."""
    return folder == "_hollow" or folder.endswith(".runfiles")


def is_artefact(path: pathlib.Path) -> bool:
    if path.is_symlink() or not path.is_file():
        return False
    return path.suffix in (".rlib", ".so") or is_program(path)


def is_program(path: pathlib.Path) -> bool:
    with path.open("rb") as file:
        head = file.read(18)
    if len(head) < 18 or not head.startswith(ELF_MAGIC):
        return False
    return struct.unpack_from("<H", head, 16)[0] in ELF_PROGRAM_TYPES


def compare(left: pathlib.Path | None, right: pathlib.Path | None) -> str:
    if left is None:
        return "ONLY-RIGHT"
    if right is None:
        return "ONLY-LEFT"
    return "equal" if digest(left) == digest(right) else "DIFFERENT"


def digest(path: pathlib.Path | None) -> str:
    if path is None:
        return "-" * 64
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


if __name__ == "__main__":
    sys.exit(main())
