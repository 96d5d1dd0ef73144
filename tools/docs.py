#!/usr/bin/env python3
"""Keeps README.md equal to what the program and the tests say.

usage: docs.py RUSTC_RELAY [--check]

Rewrites the block of flags from `rustc-relay --help`, and the block of limits from
tests/differential/limits.py; with --check only says whether they are equal. The tests that README.md
and docs/architecture.md name must be there.
"""

import pathlib
import re
import subprocess
import sys
import textwrap

PROJECT = pathlib.Path(__file__).resolve().parent.parent
README = PROJECT / "README.md"
ARCHITECTURE = PROJECT / "docs" / "architecture.md"
README_COLUMNS = 145

sys.path.append(str(PROJECT / "tests" / "differential"))

from limits import LIMITS  # noqa: E402


def flags(relay):
    said = subprocess.run([relay, "--help"], check=True, capture_output=True, text=True).stdout
    return f"```\n{said}```\n"


def limits(_):
    items = (textwrap.fill(limit.text, README_COLUMNS, initial_indent="- ", subsequent_indent="  ",
                           break_long_words=False, break_on_hyphens=False) for limit in LIMITS)
    return "".join(item + "\n" for item in items)


BLOCKS = {"flags": flags, "limits": limits}


TEST = re.compile(r"`(tests/[\w./]+\.(?:py|c))?(?:::(\w+))?`")


def missing_tests(text):
    """What a page says of tests: `FILE`, `FILE::NAME`, or `::NAME` of the file before."""
    file = None
    for path, name in TEST.findall(text):
        file = PROJECT / path if path else file
        if not file or not file.exists():
            yield f"{path} is not there"
        elif name and not re.search(rf"\b{name}\b", file.read_text(encoding="utf-8")):
            yield f"{file.relative_to(PROJECT)} has no {name}"


def replaced(text, name, block):
    pattern = re.compile(rf"(<!-- {name}:[^\n]*-->\n).*?(<!-- /{name} -->)", re.DOTALL)
    text, count = pattern.subn(lambda match: match[1] + block + match[2], text)
    if count != 1:
        sys.exit(f"{README.name}: there must be one block of {name}, not {count}")
    return text


def main(relay, check=False):
    old = new = README.read_text(encoding="utf-8")
    for name, block in BLOCKS.items():
        new = replaced(new, name, block(relay))
        if check and new != old:
            sys.exit(f"{README.name}: its block of {name} is old: run ./dev docs")
    pages = {README: new, ARCHITECTURE: ARCHITECTURE.read_text(encoding="utf-8")}
    missing = [f"{page.name}: {one}" for page, text in pages.items() for one in missing_tests(text)]
    if missing:
        sys.exit("\n".join(missing))
    if not check:
        README.write_text(new, encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1], check="--check" in sys.argv[2:])
