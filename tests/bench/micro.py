#!/usr/bin/env python3
"""What the worker costs beyond the tool it runs. Prints, judges nothing, keeps build/bench/micro.json.

Per wire, one worker answers all requests. `plain` requests have no stage; a `pair` is a metadata
and a full request that share one process, as Bazel sends them: identity, private directory, placing
the outputs and forgetting the compile are all in the time. The tool writes both outputs and ends;
`bare` is the time to spawn it alone and wait for it. What is beyond is per request. Sandboxed requests
and many at once have workers of their own: see sandboxed.py and at_once.py.
"""

import argparse
import math
import statistics
import subprocess
import sys
import tempfile

import asking
import at_once
import process_tree
import results
import sandboxed
import tables
from wire import WIRES

REQUESTS_PER_SAMPLE = 3  # one plain, two of a pair


def measure_shape(worker, count, rounds, samples):
    """The same crate again and again, rounds of all three measures are interleaved. One after the other:
    what a request leaves to be done delays the next one."""
    crate = asking.crate(worker.workspace, "bench")
    inputs = asking.unread_inputs(count)
    measures = [lambda: asking.bare_ms(crate), lambda: asking.plain_ms(worker, crate, inputs),
                lambda: asking.pair_ms(worker, crate, inputs)]
    bare, plain, pair = asking.medians(
        [statistics.median(measure() for _ in range(samples)) for measure in measures]
        for _ in range(rounds))
    return {"inputs": count, "bare_ms": bare, "plain_beyond_ms": plain - bare,
            "pair_beyond_ms": (pair - bare) / 2}


def measure_one_by_one(place, options):
    """Unsandboxed requests, and the worker's memory after all of them."""
    worker = place.worker()
    per_sample = options.rounds * len(options.inputs) * REQUESTS_PER_SAMPLE
    samples = math.ceil(options.requests / per_sample)
    shapes = [measure_shape(worker, count, options.rounds, samples) for count in options.inputs]
    total = samples * per_sample
    resident_mib = process_tree.resident_mib(worker.pid)
    assert resident_mib > 0, worker.stderr()
    worker.finish()
    return {"shapes": shapes, "requests": total, "resident_mib": resident_mib}


def measure_wire(wire, options):
    with asking.Place(wire) as place:
        found = measure_one_by_one(place, options)
        found["at_once"] = at_once.measure(place, options.batches)
    found["sandboxed"] = [sandboxed.measure(wire, count, options.sandboxed_rounds)
                          for count in options.inputs]
    for title, table in TABLES:
        print(title.format(file_system=file_system()))
        tables.show(*table({wire: found}))
    return found


def one_by_one(wires):
    rows = [[wire, shape["inputs"], *tables.fixed(shape, ["bare_ms", "plain_beyond_ms", "pair_beyond_ms"])]
            for wire, found in wires.items() for shape in found["shapes"]]
    return ["wire", "inputs", "bare spawn, ms", "plain request beyond, ms",
            "request of a pair beyond, ms"], rows


def memory(wires):
    rows = [[wire, found["requests"], *tables.fixed(found, ["resident_mib"], 1)]
            for wire, found in wires.items()]
    return ["wire", "after requests", "resident, MiB"], rows


TABLES = [  # what stands above, and the table of what was measured with each wire
    ("\nOne after the other, files on {file_system}:\n", one_by_one),
    ("", memory),
    ("\nSandboxed, beyond a bare spawn:\n", sandboxed.table),
    ("\nAt once, beside as many bare spawns at once:\n", at_once.table),
]


def file_system():
    done = subprocess.run(["df", "--output=fstype", tempfile.gettempdir()], check=True,
                          capture_output=True, text=True)
    return done.stdout.split()[-1]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--requests", type=int, default=10000, help="one by one, per wire")
    parser.add_argument("--rounds", type=int, default=20, help="that these are spread over")
    parser.add_argument("--inputs", type=int, nargs="+", default=[10, 300, 3000])
    parser.add_argument("--sandboxed-rounds", type=int, default=40, help="each with a new root")
    parser.add_argument("--batches", type=int, default=20, help=f"of {at_once.COUNT} at once")
    options = parser.parse_args()
    wires = {wire: measure_wire(wire, options) for wire in WIRES}
    name = "micro-memory" if file_system() == "tmpfs" else "micro"
    results.save(name, rounds=options.rounds, sandboxed_rounds=options.sandboxed_rounds,
                 batches=options.batches, file_system=file_system(), wires=wires)
    return 0


if __name__ == "__main__":
    sys.exit(main())
