#!/usr/bin/env python3
"""Two builds of the worker, in turns: what each kind of request costs, and how much dearer the second is.

A round asks both for the same, the one that begins changes with each round; a ratio is the median of
the rounds' ratios of whole requests, from the first byte of the frame to the answer. Each build has an
output base of its own, and another one three times: where ext4 happens to put one, and how many files
were deleted there just now, makes a new file two and three times as dear (one build beside itself: up
to 1.4). So nothing is deleted before the end. Prints, judges nothing, keeps build/bench/beside.json.
"""

import argparse
import os
import statistics
import sys

import asking
import results
import tables
from wire import WIRES

PLACES = 3
KINDS = ["plain", "pair", *(f"sandboxed, {kind}" for kind in asking.Sandboxed.KINDS)]


class Side:
    """One build, and what it is asked."""

    def __init__(self, program, wire, count):
        self.place = asking.Place(wire, program)
        self.unread = asking.unread_inputs(count)
        self.crate = asking.crate(self.place.workspace, "bench")
        self.worker = self.place.worker()
        self.sandboxed = asking.Sandboxed(self.place, count)

    def round_ms(self, number):
        """A figure of each kind."""
        self.place.enter()
        return [asking.plain_ms(self.worker, self.crate, self.unread),
                asking.pair_ms(self.worker, self.crate, self.unread),
                *self.sandboxed.kinds_ms(self.sandboxed.crate(number))]


def in_turns(sides, number):
    return list(sides) if number % 2 == 0 else list(reversed(sides))


def rounds_of(sides, rounds):
    """[round][side][kind]"""
    for number in range(rounds + 1):
        found = {side: side.round_ms(number) for side in in_turns(sides, number)}
        if number > 0:  # the first is to warm up
            yield [found[side] for side in sides]


def measure(programs, wire, count, rounds):
    found = []
    made = []
    try:
        for place in range(PLACES):
            sides = in_turns([Side(program, wire, count)
                              for program in in_turns(programs, place)], place)
            made += sides
            found += rounds_of(sides, rounds // PLACES)
    finally:
        for side in made:
            side.place.end()
    return [{"kind": kind, "inputs": count,
             "before_ms": statistics.median(before[i] for before, _ in found),
             "after_ms": statistics.median(after[i] for _, after in found),
             "ratio": statistics.median(after[i] / before[i] for before, after in found)}
            for i, kind in enumerate(KINDS)]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("before", help="the other build's rustc-relay")
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--inputs", type=int, nargs="+", default=[10, 300, 3000])
    options = parser.parse_args()
    programs = [os.path.abspath(options.before), os.environ["RUSTC_RELAY"]]
    wires = {}
    for wire in WIRES:
        wires[wire] = [row for count in options.inputs
                       for row in measure(programs, wire, count, options.rounds)]
        print(f"\n{wire}, medians of {options.rounds} rounds, ms")
        tables.show(["inputs", "request", "before", "after", "ratio"],
                    [[row["inputs"], row["kind"], *tables.fixed(row, ["before_ms", "after_ms", "ratio"], 3)]
                     for row in wires[wire]])
    results.save("beside", rounds=options.rounds, wires=wires)
    return 0


if __name__ == "__main__":
    sys.exit(main())
