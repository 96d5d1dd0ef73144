"""Pieces of scripts for the fake rustc."""

import json

BOLD_YELLOW, RESET = "\x1b[1;33m", "\x1b[0m"


def lines(*commands):
    return "".join(command + "\n" for command in commands)


def diagnostic(rendered, level="warning"):
    """rustc's JSON line for one diagnostic."""
    return "stderr " + json.dumps({"$message_type": "diagnostic", "message": "m", "code": None,
                                   "level": level, "spans": [], "children": [],
                                   "rendered": rendered})


def emits(words):
    """kind -> path of a rustc command line; None where the kind has no path."""
    found = {}
    for index, word in enumerate(words):
        if word == "--emit" or word.startswith("--emit="):
            value = words[index + 1] if word == "--emit" else word[len("--emit="):]
            for item in value.split(","):
                kind, _, path = item.partition("=")
                found[kind] = path or None
    return found


def printed_arguments(output):
    """What `print-args` said."""
    return [line[len("arg: "):] for line in output.splitlines() if line.startswith("arg: ")]


def without_outputs(words):
    """The words that do not say where outputs go: those are the worker's affair."""
    return [word for word in words if not word.startswith(("--emit=", "--out-dir="))]
