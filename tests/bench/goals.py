"""What issue D asks of speed, and how it came out: the one table of goals. Figures come from what the
benches keep in build/bench/; none stands here but the limits.
"""

import dataclasses
import statistics
import typing

import results
import tables

RATIO, MILLISECONDS, MIB, PROCESSES = "{:.3f}", "{:.2f} ms", "{:.1f} MiB", "{}"
REAL_GRAPHS = ["real, fastbuild", "real, opt"]  # as tests/bench/phases-*.json call them
TEN_TESTS = "ten tests"
LATE_LINK, CARGO_RULE = "worker-link", "cargo's rule"
LIBRARY, PLAIN = "pair_beyond_ms", "plain_beyond_ms"
CALLED = {"fastbuild": "debug", "opt": "release", "wall": "wall", "cpu": "CPU",
          LIBRARY: "one of a library's two", PLAIN: "a plain one"}


@dataclasses.dataclass(frozen=True)
class Goal:
    what: str
    at_most: float
    shown: str
    file: str
    figure: typing.Callable  # of what is in the file; a LookupError says that it is not there


class Unfit(LookupError):
    """The file is not about what the goal is about."""


def need(good, what_it_is):
    if not good:
        raise Unfit(f"the last run was {what_it_is}")


def graph(compilation_mode, ratio, column, at_most):
    """Of clean builds (tests/bench/graph.py)."""
    def figure(found):
        need(found["machine"]["cores"] == 2, f"on {found['machine']['cores']} cores")
        return statistics.median(tables.ratios(found["cases"]["clean"])[ratio][column])
    return Goal(f"{CALLED[column]}, {ratio}, {CALLED[compilation_mode]}, 2 cores", at_most, RATIO,
                f"graph-{compilation_mode}", figure)


def computing(compilation_mode, at_most):
    """The most of all builds by a worker."""

    def figure(found):
        most = max(sample["computing"] for of_modes in found["cases"].values()
                   for samples in of_modes.values() for sample in samples)
        return most - found["machine"]["cores"]
    what = f"processes computing at once, beyond the number of cores, {CALLED[compilation_mode]}"
    return Goal(what, at_most, PROCESSES, f"graph-{compilation_mode}", figure)


def named(those, key, value):
    return {one[key]: one for one in those}[value]


def simulated(name, cores, base, at_most):
    def figure(found):
        result = named(named(found["graphs"], "name", name)["results"], "cores", cores)
        modes = result["modes"]
        below = result["bound"] if base == "bound" else modes[base]["wall"]
        return modes[LATE_LINK]["wall"] / below
    return Goal(f"simulated, {name}, {cores} cores: {LATE_LINK} / {base}", at_most, RATIO, "simulate",
                figure)


def request(inputs, kind, at_most):
    return Goal(f"request beyond a bare spawn, {inputs} inputs, proto, {CALLED[kind]}", at_most,
                MILLISECONDS, "micro",
                lambda found: named(found["wires"]["proto"]["shapes"], "inputs", inputs)[kind])


def sandboxed(inputs, when, at_most):
    def figure(found):
        row = named(found["wires"]["proto"]["sandboxed"], "inputs", inputs)
        return row["beyond_ms"][when]
    return Goal(f"sandboxed request beyond a bare spawn, {inputs} inputs, proto, {when}", at_most,
                MILLISECONDS, "micro", figure)


def resident(requests, at_most):
    def figure(found):
        wires = found["wires"].values()
        fewest = min(of_wire["requests"] for of_wire in wires)
        need(fewest >= requests, f"of {fewest} requests")
        return max(of_wire["resident_mib"] for of_wire in wires)
    return Goal(f"the worker's resident memory after {requests:,} requests, the larger of both wires",
                at_most, MIB, "micro", figure)


GOALS = [
    graph("fastbuild", "worker / off", "wall", 1.00),
    graph("opt", "worker / off", "wall", 0.96),
    graph("opt", "worker / off", "cpu", 0.95),
    graph("fastbuild", f"{LATE_LINK} / cargo", "wall", 0.98),
    graph("opt", f"{LATE_LINK} / cargo", "wall", 0.98),
    graph("fastbuild", "worker / hollow", "cpu", 0.68),
    graph("opt", "worker / hollow", "cpu", 0.75),
    *(simulated(name, cores, "bound", 1.03) for name in [*REAL_GRAPHS, TEN_TESTS]
      for cores in (16, 64)),
    *(simulated(name, 16, CARGO_RULE, 0.95) for name in REAL_GRAPHS),
    simulated(TEN_TESTS, 16, CARGO_RULE, 0.75),
    computing("fastbuild", 1),
    computing("opt", 1),
    request(300, LIBRARY, 0.3),
    request(300, PLAIN, 0.3),
    request(3000, LIBRARY, 1.5),
    request(3000, PLAIN, 1.5),
    sandboxed(300, "first", 3.0),
    sandboxed(300, "unchanged", 0.6),
    resident(10000, 6),
]
# Why a goal is missed, in words without figures, by what the goal is called; shown only while it is.
ON_DISK = "ext4 looks for a new inode among those that were just removed"
PLAIN_ON_DISK = f"it makes more directories than a library's, and {ON_DISK}"
BUSY_CORES = ("Bazel's server computes beside its actions, and where rustcs need more CPU than cargo's (both are "
              "in the table), two busy cores have no idle one for that, either")
CAUSES = {
    "request beyond a bare spawn, 300 inputs, proto, one of a library's two": ON_DISK,
    "request beyond a bare spawn, 300 inputs, proto, a plain one": PLAIN_ON_DISK,
    "request beyond a bare spawn, 3000 inputs, proto, a plain one": PLAIN_ON_DISK,
    "sandboxed request beyond a bare spawn, 300 inputs, proto, first": ON_DISK,
    "sandboxed request beyond a bare spawn, 300 inputs, proto, unchanged": ON_DISK,
    "simulated, real, fastbuild, 16 cores: worker-link / cargo's rule":
        "no order can do it, the critical path alone is longer than that",
    "wall, worker-link / cargo, debug, 2 cores": BUSY_CORES,
    "wall, worker-link / cargo, release, 2 cores": BUSY_CORES,
}


def judge(goal, found):
    """(what was measured, the verdict), as text."""
    if found is None:
        return "", "not measured"
    try:
        figure = goal.figure(found)
    except Unfit as why:
        return "", f"not measured: {why}"
    except LookupError:
        return "", f"not in {goal.file}.json"
    if figure <= goal.at_most:
        return goal.shown.format(figure), "met"
    # Of a limit that is a count, a percentage says nothing.
    by = (goal.shown.format(figure - goal.at_most) if goal.shown == PROCESSES
          else f"{(figure / goal.at_most - 1) * 100:.1f} %")
    return goal.shown.format(figure), f"missed by {by}"


def cause(goal):
    """Why it is missed. Of what the disk makes slow: what it is without one."""
    in_memory, _ = judge(goal, results.read("micro-memory")) if goal.file == "micro" else ("", "")
    return CAUSES[goal.what] + (f" (in memory: {in_memory})" if in_memory else "")


HEADS = ["what", "at most", "measured", ""]


def rows(file=None, found=None):
    """(what, at most, measured, verdict) of all goals; or of one file's, from what it will hold."""
    unknown = set(CAUSES) - {goal.what for goal in GOALS}
    assert not unknown, f"causes of goals that there are not: {unknown}"
    lines = []
    for goal in GOALS:
        if file in (None, goal.file):
            is_, verdict = judge(goal, results.read(goal.file) if file is None else found)
            if verdict.startswith("missed") and goal.what in CAUSES:
                verdict += f": {cause(goal)}"
            lines.append((goal.what, goal.shown.format(goal.at_most), is_, verdict))
    return lines
