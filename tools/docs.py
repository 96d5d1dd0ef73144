#!/usr/bin/env python3
"""Keeps README.md equal to what the program says of itself.

usage: docs.py RUSTC_RELAY [--check]

Rewrites the block of flags from `rustc-relay --help`; with --check only says whether it is equal.
"""

import pathlib
import re
import subprocess
import sys

README = pathlib.Path(__file__).resolve().parent.parent / "README.md"
BLOCK = re.compile(r"(<!-- flags:[^\n]*-->\n```\n).*?(```\n<!-- /flags -->)", re.DOTALL)


def main(relay, check=False):
    said = subprocess.run([relay, "--help"], check=True, capture_output=True, text=True).stdout
    old = README.read_text(encoding="utf-8")
    new, count = BLOCK.subn(lambda match: match[1] + said + match[2], old)
    if count != 1:
        sys.exit(f"{README.name}: there must be one block of flags, not {count}")
    if check and new != old:
        sys.exit(f"{README.name} differs from `rustc-relay --help`: run ./dev docs")
    if not check:
        README.write_text(new, encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1], check="--check" in sys.argv[2:])
