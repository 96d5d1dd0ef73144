#!/usr/bin/env python3
"""How long a recorded build takes on any number of cores, in each mode: the real worker is asked as Bazel
asks, and a fake rustc holds virtual cores instead of computing. Beside each figure stands the bound (the
longer of the critical path and all work / cores) and what cargo's rule gives for the same crates.

Times are virtual and exact (see virtual_cores.py): neither the speed of the worker nor other load on
this machine is in them. A mode with "8 requests" is what Bazel does unless it is told
--worker_max_multiplex_instances. Prints, judges only the goals, and keeps build/bench/simulate.json.

    simulate.py [--cores N ...] [--from FILE ...] [--what-if] [--check]
"""

import argparse
import pathlib
import sys
import time

import cargo_rule
import goals
import results
import tables
from phases import Graph, ten_tests
from replay import HOLLOW, OFF, WORKER, WORKER_LINK, replay

CARGO = "cargo's rule"
BAZEL_REQUESTS = 8
MODES = {mode: {"mode": mode} for mode in (OFF, HOLLOW, WORKER, WORKER_LINK)}
FEW_REQUESTS = {f"{WORKER_LINK}, {BAZEL_REQUESTS} requests":
                {"mode": WORKER_LINK, "slots": BAZEL_REQUESTS}}
MANY_JOBS = 64
WHAT_IF = {
    f"{WORKER_LINK}, waited-for first": {"mode": WORKER_LINK, "first": "waited-for"},
    f"{WORKER_LINK}, {MANY_JOBS} jobs": {"mode": WORKER_LINK, "jobs": MANY_JOBS},
    f"{WORKER_LINK}, {MANY_JOBS} jobs, needed first":
        {"mode": WORKER_LINK, "jobs": MANY_JOBS, "first": "needed"},
}
ONE_CORE_ERROR = 0.001


def simulate(graph, count, options):
    """mode -> what came out."""
    rows = {CARGO: cargo_rule.build(graph, count)}
    modes = (MODES | (FEW_REQUESTS if count > BAZEL_REQUESTS else {})
             | (WHAT_IF if options.what_if else {}))
    rows |= {name: replay(graph, cores=count, **how).cores for name, how in modes.items()}
    return {"cores": count, "bound": graph.bound(count),
            "modes": {name: {"wall": cores.now, "most_computing": cores.most}
                      for name, cores in rows.items()}}


def simulate_all(graph, options):
    return {"name": graph.name, "about": graph.about, "work": graph.work(),
            "critical_path": graph.critical_path(),
            "results": [simulate(graph, count, options) for count in options.cores]}


def head(found):
    return f"work {found['work']:.1f} s, critical path {found['critical_path']:.1f} s"


def table(found):
    """Of one graph."""
    rows = []
    for base in found["results"]:
        cargo = base["modes"][CARGO]["wall"]
        rows += [[base["cores"], mode, f"{it['wall']:.2f}", f"{it['wall'] / base['bound']:.3f}",
                  f"{it['wall'] / cargo:.3f}", it["most_computing"]] for mode, it in base["modes"].items()]
    return ["cores", "mode", "wall, s", "/ bound", "/ cargo's rule", "most computing"], rows


def check_harness(graph):
    """One core does all the work, whoever orders it; without work, no time passes."""
    work = graph.work()
    twice = work + sum(crate.seconds.get("front", 0) for crate in graph.crates.values())
    print(f"\nthe harness, {graph.name}: on one core, and with times of zero")
    for mode in MODES:
        started = time.monotonic()
        wall = replay(graph, mode, 1).cores.now
        nothing = replay(graph.scaled(0), mode, 4).cores.now
        expected = twice if mode == HOLLOW else work
        assert abs(wall / expected - 1) < ONE_CORE_ERROR, (mode, wall, expected)
        assert nothing == 0.0, nothing
        print(f"{mode:<32}{wall:8.2f} s, expected {expected:.2f} s; zero: {nothing:.2f} s; "
              f"both took {time.monotonic() - started:.1f} s")
    assert abs(cargo_rule.build(graph, 1).now / work - 1) < ONE_CORE_ERROR


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n\n")[0])
    parser.add_argument("--cores", type=int, nargs="+", default=[2, 4, 16, 64])
    parser.add_argument("--from", dest="files", type=pathlib.Path, nargs="*", metavar="FILE",
                        default=sorted(pathlib.Path(__file__).parent.glob("phases-*.json")),
                        help="recorded by ./dev bench record (default: those that are kept here)")
    parser.add_argument("--what-if", action="store_true",
                        help="also: other orders than the kernel's, and more jobs than cores")
    parser.add_argument("--check", action="store_true", help="check the harness itself first")
    return parser.parse_args()


def main():
    options = parse_arguments()
    graphs = [*(Graph.load(path) for path in options.files), ten_tests()]
    if options.check:
        for graph in graphs:
            check_harness(graph)
    done = []
    for graph in graphs:
        done.append(simulate_all(graph, options))
        print(f"\n{graph.name}: {head(done[-1])}")
        tables.show(*table(done[-1]))
    found = results.save("simulate", graphs=done)
    tables.show(goals.HEADS, goals.rows("simulate", found))
    return 0


if __name__ == "__main__":
    sys.exit(main())
