#!/usr/bin/env python3
"""Prints how long functions and files are, folder by folder (median, 19 of 20, longest), so that
drift is seen early. Fails over 80 lines a function, when more than one in 20 of a folder's has over 50,
or over 550 lines a file."""

import pathlib
import re
import statistics
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
FOLDERS = ["src/*", "include/*", "tests/unit", "tests/system", "tests/fuzz", "tests/integration"]
MAX_FUNCTION = 80
MAX_FUNCTION_P95 = 50
MAX_FILE = 550
MAX_TEST_FILE = 450  # rows of tables, and a rustc that obeys a script
NAME = re.compile(r"(\w+)\(")


def functions(lines):
    """Yields (name, length). clang-format puts a function's braces alone in the first column, and
    its head begins at the nearest line above that is not indented."""
    head = None
    for number, line in enumerate(lines):
        if line == "{":
            head = next(i for i in range(number - 1, -1, -1) if lines[i][:1].strip())
        elif line == "}" and head is not None:
            name = NAME.search(lines[head])
            yield (name.group(1) if name else lines[head]), number - head + 1
            head = None


def p95(numbers):
    numbers = sorted(numbers)
    return numbers[min(len(numbers) - 1, len(numbers) * 95 // 100)]


def row(numbers):
    if not numbers:
        return "     -      -      -"
    return f"{statistics.median(numbers):6.0f} {p95(numbers):6d} {max(numbers):6d}"


def main():
    complaints = []
    print(f"{'':22}{'functions':>10}{'median':>8}    p95    max     files median    p95    max")
    for folder in sorted(path for pattern in FOLDERS for path in ROOT.glob(pattern)):
        function_sizes, file_sizes = [], []
        for path in sorted(folder.glob("*.[ch]")):
            lines = path.read_text().splitlines()
            where = path.relative_to(ROOT)
            file_sizes.append(len(lines))
            allowed = MAX_TEST_FILE if where.parts[0] == "tests" else MAX_FILE
            if len(lines) > allowed:
                complaints.append(f"{where}: {len(lines)} lines, {allowed} are allowed")
            for name, length in functions(lines):
                function_sizes.append(length)
                if length > MAX_FUNCTION:
                    complaints.append(f"{where}: {name}() has {length} lines, not {MAX_FUNCTION}")
        if file_sizes:
            if function_sizes and p95(function_sizes) > MAX_FUNCTION_P95:
                complaints.append(f"{folder.relative_to(ROOT)}: one function in 20 has over "
                                  f"{MAX_FUNCTION_P95} lines")
            print(f"{str(folder.relative_to(ROOT)):22}{len(function_sizes):10}  {row(function_sizes)}"
                  f"  {len(file_sizes):8} {row(file_sizes)}")
    print("\n".join(complaints))
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
