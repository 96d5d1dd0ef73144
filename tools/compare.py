"""How modes compare whose builds took turns (tests/bench/rounds.py).

Machines are shared: what a build costs drifts by a third within an hour, but little from one build to
the next. So each round's builds are compared with each other, and it is the median of these ratios that
counts: the ratio of two medians would often be one of different rounds.
"""

import statistics

COLUMNS = ["wall", "whole", "cpu", "memory"]
BASES = ["cargo", "off", "hollow", "worker"]


def spread(numbers, digits):
    """The median, and the range where there is one."""
    low, middle, high = (f"{number:.{digits}f}" for number in
                         (min(numbers), statistics.median(numbers), max(numbers)))
    return middle if low == high else f"{middle} ({low} to {high})"


def rounds_of(ours, theirs, column):
    """The ratio in each round, but for those in which there was nothing to compare with."""
    return [one[column] / other[column] for one, other in zip(ours, theirs, strict=True)
            if other[column]]


def ratios(of_modes):
    """"worker / off" and the like -> column -> the ratio in each round; from mode -> its samples, as they
    are kept."""
    pairs = [(mode, base) for base in BASES if base in of_modes for mode in of_modes
             if mode != base and (base == "cargo" or mode.startswith("worker"))]
    return {f"{mode} / {base}": {column: rounds_of(of_modes[mode], of_modes[base], column)
                                 for column in COLUMNS} for mode, base in pairs}


def shown(of_rounds):
    return spread(of_rounds, 3) if of_rounds else "-"
