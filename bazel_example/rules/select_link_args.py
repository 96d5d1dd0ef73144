"""Selects the linker's arguments that build scripts ask for in some kinds of crates only.

The files have a line KIND=ARGUMENT for each; KIND is bench, bin, bin:NAME, cdylib, example or test.
rustc's arguments for the kinds that are taken are written, one a line.
"""

import argparse
import pathlib


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", type=pathlib.Path, required=True)
    parser.add_argument("--take", action="append", default=[], metavar="KIND")
    parser.add_argument("files", nargs="*", type=pathlib.Path)
    options = parser.parse_args()
    asked = [line.partition("=") for file in options.files for line in file.read_text().splitlines()]
    taken = [f"-Clink-arg={argument}\n" for kind, _, argument in asked if kind in options.take]
    options.write.write_text("".join(taken))


if __name__ == "__main__":
    main()
