"""Tables of text, (heads, rows), on a terminal or a page; and two of them: how modes compare whose builds
took turns (rounds.py).

Machines are shared: what a build costs drifts during a run. So the builds of each round are compared with
each other, and it is the median of these ratios that counts: the ratio of two medians would often be one of
different rounds.
"""

import statistics

COLUMNS = {  # of a sample (tests/bench/builders.py): the head, and how many digits
    "wall": ("wall, s", 2),
    "whole": ("whole command, s", 2),
    "cpu": ("CPU, s", 2),
    "server_cpu": ("CPU of Bazel's server, s", 2),
    "memory": ("memory, MiB", 0),
    "memory_all": ("with the server, MiB", 0),
    "rustc_runs": ("rustc runs", 0),
    "computing": ("rustcs at once", 0),
}
COMPARED = ["wall", "whole", "cpu", "memory"]
BASES = ["cargo", "off", "hollow", "worker"]


def show(heads, rows):
    """On the terminal."""
    lines = [heads, *([str(cell) for cell in row] for row in rows)]
    widths = [max(map(len, cells)) + 2 for cells in zip(*lines)]
    for cells in lines:
        print("".join(f"{cell:<{width}}" for cell, width in zip(cells, widths)).rstrip(), flush=True)


def markdown(heads, rows):
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines) + "\n"


def fixed(row, names, digits=2):
    """Some numbers of it, as text."""
    return [f"{row[name]:.{digits}f}" for name in names]


def spread(numbers, digits):
    """The median, and the range where there is one; "-" of nothing."""
    if not numbers:
        return "-"
    low, middle, high = (f"{number:.{digits}f}" for number in
                         (min(numbers), statistics.median(numbers), max(numbers)))
    return middle if low == high else f"{middle} ({low} to {high})"


def medians(of_modes):
    """(heads, rows), from mode -> its samples, one of each round."""
    rows = [[mode, *(spread([one[name] for one in samples], digits)
                     for name, (_, digits) in COLUMNS.items())]
            for mode, samples in of_modes.items()]
    return ["mode", *(head for head, _ in COLUMNS.values())], rows


def rounds_of(ours, theirs, column):
    """The ratio in each round, but for those in which there was nothing to compare with."""
    return [one[column] / other[column] for one, other in zip(ours, theirs, strict=True)
            if other[column]]


def ratios(of_modes):
    """"worker / off" and the like -> column -> the ratio in each round."""
    pairs = [(mode, base) for base in BASES if base in of_modes for mode in of_modes
             if mode != base and (base == "cargo" or mode.startswith("worker"))]
    return {f"{mode} / {base}": {column: rounds_of(of_modes[mode], of_modes[base], column)
                                 for column in COMPARED} for mode, base in pairs}


def ratios_shown(of_modes):
    """(heads, rows); no rows where there is nothing to compare."""
    rows = [[name, *(spread(of_rounds, 3) for of_rounds in of_columns.values())]
            for name, of_columns in ratios(of_modes).items()]
    return ["ratio, round by round", *(COLUMNS[name][0].partition(",")[0] for name in COMPARED)], rows
