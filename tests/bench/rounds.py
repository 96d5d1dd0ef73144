"""Interleaved rounds of builds in several modes, and what is said of them."""

import dataclasses
import statistics

import compare
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
DIGITS = {"memory": 0, "memory_all": 0}


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


def as_kept(samples):
    return {case: {mode: [dataclasses.asdict(sample) for sample in those]
                   for mode, those in of_modes.items()} for case, of_modes in samples.items()}


def print_ratios(of_modes):
    found = compare.ratios(of_modes)
    if found:
        print(f"{'ratios, round by round':<26}"
              + "".join(f"{COLUMNS[name].partition(',')[0]:<28}" for name in compare.COLUMNS))
    for name, of_columns in found.items():
        print(f"{name:<26}" + "".join(f"{compare.shown(ratio):<28}" for ratio in of_columns.values()))


def print_tables(samples):
    for case, of_modes in as_kept(samples).items():
        heads = "".join(f"{head:<28}" for head in COLUMNS.values())
        print(f"\n{case + ': medians':<26}{heads}rustc runs")
        for mode, those in of_modes.items():
            of_columns = {name: [one[name] for one in those] for name in (*COLUMNS, "rustc_runs")}
            cells = "".join(f"{compare.spread(of_columns[name], DIGITS.get(name, 2)):<28}"
                            for name in COLUMNS)
            print(f"{mode:<26}{cells}{statistics.median(of_columns['rustc_runs']):.0f}")
        print_ratios(of_modes)


def save(name, samples, **facts):
    """Keeps what was measured under this name."""
    results.save(name, **facts, cases=as_kept(samples))
