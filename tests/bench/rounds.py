"""Interleaved rounds of builds in several modes, and what is said of them."""

import dataclasses

import tables
from builders import clean_sample

CLEAN = "clean"


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
                samples[case][mode].append(dataclasses.asdict(last))
                print(f"round {number + 1}  {case:<8}{mode:<26}{last.wall:8.1f} s wall"
                      f"{last.cpu:8.1f} s CPU{last.memory:8.0f} MiB{last.rustc_runs:6d} rustc")
    return samples


def print_tables(samples):
    for case, of_modes in samples.items():
        for heads, rows in (tables.medians(of_modes), tables.ratios_shown(of_modes)):
            if rows:
                print(f"\n{case}:")
                tables.show(heads, rows)
