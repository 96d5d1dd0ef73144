#!/usr/bin/env python3
"""Holds what a user can read (messages, reasons in traces, --help) to words that he knows: none of those that
docs/architecture.md explains to who reads the code."""

import pathlib
import re
import sys

SOURCES = pathlib.Path(__file__).resolve().parent.parent / "src"
COMMENT_OR_TEXT = re.compile(r'//[^\n]*|/\*.*?\*/|(?:"(?:[^"\\\n]|\\.)*"\s*)+', re.DOTALL)
OURS = re.compile(r"(?<!-)\b(gates?|gated|private roots?|relinks?|ordinary way|bound|milestones?|redirected|deliver\w*|"
                  r"another command|stand-ins?|recorder|placeholders?|pipelined|stages?|(?<!\()a hollow)\b")
FEWEST = 150  # so many there are at least: else they were not found


def sentences(source):
    """Each text of more than one word, with its line."""
    for piece in COMMENT_OR_TEXT.finditer(source):
        if piece.group().startswith('"'):
            text = "".join(re.findall(r'"((?:[^"\\\n]|\\.)*)"', piece.group()))
            if " " in text:
                yield source.count("\n", 0, piece.start()) + 1, text


def main():
    found = [(path, line, text) for path in sorted(SOURCES.rglob("*.c"))
             for line, text in sentences(path.read_text(encoding="utf-8"))]
    bad = [one for one in found if OURS.search(one[2])]
    for path, line, text in bad:
        print(f"{path}:{line}: '{OURS.search(text).group()}' is no word of the user's: {text}", file=sys.stderr)
    if len(found) < FEWEST:
        print(f"only {len(found)} messages were found", file=sys.stderr)
    return 1 if bad or len(found) < FEWEST else 0


if __name__ == "__main__":
    sys.exit(main())
