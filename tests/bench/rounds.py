"""Interleaved rounds of builds in several modes, and what is said of them."""

import dataclasses
import statistics

import results
from builders import clean_sample

CLEAN = "clean"
COLUMNS = {  # of a sample: what stands above it
    "wall": "wall, s",
    "whole": "whole command, s",
    "cpu": "CPU, s",
    "server_cpu": "CPU of server, s",
    "memory": "memory, MiB",
    "memory_all": "with server, MiB",
}
RATIOS = ["wall", "whole", "cpu", "memory"]
BASES = ["cargo", "off", "hollow", "worker"]


def take_rounds(builders, cases, rounds, rounds_with_edits=0):
    """case -> mode -> its samples, one per round. A case that is not `clean` has a function that edits
    sources, in the first rounds; all modes build each edit, and each round begins with another mode."""
    modes = list(builders)
    samples = {case: {mode: [] for mode in modes} for case in cases}
    for number in range(rounds):
        for case, edit in cases.items():
            if edit and number >= rounds_with_edits:
                continue
            if edit:
                edit()
            for mode in modes[number % len(modes):] + modes[:number % len(modes)]:
                builder = builders[mode]
                last = clean_sample(builder) if case == CLEAN else builder.build()
                assert last.rustc_runs, f"{case}, {mode}: nothing was compiled, so nothing was measured"
                samples[case][mode].append(last)
                print(f"round {number + 1}  {case:<8}{mode:<26}{last.wall:8.1f} s wall"
                      f"{last.cpu:8.1f} s CPU{last.memory:8.0f} MiB{last.rustc_runs:6d} rustc")
    return samples


def median(samples, name):
    return statistics.median(getattr(sample, name) for sample in samples)


def spread(samples, name):
    numbers = [getattr(sample, name) for sample in samples]
    digits = 0 if name.startswith("memory") else 2
    low, middle, high = (f"{number:.{digits}f}" for number in
                         (min(numbers), statistics.median(numbers), max(numbers)))
    return middle if low == high else f"{middle} ({low} to {high})"


def print_tables(samples):
    for case, of_modes in samples.items():
        heads = "".join(f"{head:<28}" for head in COLUMNS.values())
        print(f"\n{case + ': medians':<26}{heads}rustc runs")
        for mode, those in of_modes.items():
            cells = "".join(f"{spread(those, name):<28}" for name in COLUMNS)
            print(f"{mode:<26}{cells}{median(those, 'rustc_runs'):.0f}")
        found = ratios(of_modes)
        if found:
            print(f"{'ratios of medians':<42}" + "".join(f"{name:>8}" for name in RATIOS))
        for name, of_columns in found.items():
            cells = (f"{ratio:8.3f}" if ratio else f"{'-':>8}" for ratio in of_columns.values())
            print(f"{name:<42}" + "".join(cells))


def ratios(of_modes):
    """"worker / off" and the like -> column -> ratio of the medians; None: of nothing."""
    pairs = [(mode, base) for base in BASES if base in of_modes for mode in of_modes
             if mode != base and (base == "cargo" or mode.startswith("worker"))]
    found = {}
    for mode, base in pairs:
        medians = {name: [median(of_modes[one], name) for one in (mode, base)] for name in RATIOS}
        found[f"{mode} / {base}"] = {name: ours / theirs if theirs else None
                                     for name, (ours, theirs) in medians.items()}
    return found


def save(name, samples, **facts):
    """Keeps what was measured under this name."""
    cases = {case: {mode: [dataclasses.asdict(sample) for sample in those]
                    for mode, those in of_modes.items()} for case, of_modes in samples.items()}
    found = {case: ratios(of_modes) for case, of_modes in samples.items()}
    results.save(name, **facts, cases=cases, ratios_of_medians=found)
