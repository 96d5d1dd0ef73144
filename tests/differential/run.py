#!/usr/bin/env python3
"""Random valid command lines, each run by plain rustc and by every one of our ways: exit code, files,
their bytes and what was said must be equal, but for what limits.py lists.

usage: run.py [N] [--seed S] [--case K] [--way NAME] [--jobs J] [--no-shrink]

Exit code 0: every difference is one that the list names.
"""

import argparse
import collections
import concurrent.futures
import contextlib
import dataclasses
import functools
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time
import traceback

TESTS = pathlib.Path(__file__).resolve().parent.parent
sys.path.append(str(TESTS / "integration"))
os.environ.setdefault("RELAY_TEST_SECONDS", "100")

import cases  # noqa: E402
import compare  # noqa: E402
import limits  # noqa: E402
import options  # noqa: E402
import ways  # noqa: E402
from kit import Kit  # noqa: E402

DEFAULT_CASES = 100
PLAIN_RUNS = 24  # what differs in none of them is no chance
SHRUNK_CASES = 5  # further ones are printed as they are


@contextlib.contextmanager
def busy():
    """Each core has something else to do."""
    loops = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(os.cpu_count())]
    try:
        yield
    finally:
        for loop in loops:
            loop.kill()
            loop.wait()


@dataclasses.dataclass
class Result:
    number: int
    seconds: float = 0.0
    exit_code: int = 0  # of plain rustc
    runs: int = 0
    explained: collections.Counter = dataclasses.field(default_factory=collections.Counter)
    unexplained: list = dataclasses.field(default_factory=list)


class Runner:
    """Runs cases in a directory of its own."""

    def __init__(self, kit, top):
        self.kit = kit
        self.top = top

    def run(self, case, only=None):
        """`only`: the names of the ways that count."""
        started = time.monotonic()
        result = Result(case.number)
        place = ways.Place(case, self.kit, tempfile.mkdtemp(prefix="case-", dir=self.top))
        try:
            self.run_ways(case, place, only, result)
        finally:
            place.remove()
        result.seconds = time.monotonic() - started
        return result

    def run_ways(self, case, place, only, result):
        truths = {}
        chosen = [way for way in ways.of(case) if only is None or way.name in only]
        for way in chosen:
            if way.version not in truths:
                truths[way.version] = compare.plain_as_shown(case, place.plain(way.version))
            truth = truths[way.version]
            result.exit_code = truth.exit_code
            result.runs += 1
            try:
                found = compare.differences(truth, way.run(place), way)
            except Exception:  # whatever broke here is a finding
                found = [compare.Difference(way.name, "wrong", traceback.format_exc(limit=3))]
            self._judge(found, case, place, way, truth, result)
        for text in place.finish():
            result.unexplained.append(compare.Difference("at the end", "wrong", text))

    def _judge(self, found, case, place, way, truth, result):
        twice = functools.cache(lambda: self._differs_by_chance(case, place, way))
        at = functools.cache(lambda path: compare.plain_as_shown(case, place.plain(way.version, path)))
        context = limits.Context(case, way, truth, place.run_paths(), at, twice)
        for difference in found:
            name = limits.explanation(difference, context)
            if name is None:
                result.unexplained.append(difference)
            else:
                result.explained[name] += 1

    @staticmethod
    def _differs_by_chance(case, place, way):
        """The files and streams in which plain runs differ. A rare chance takes several to be seen; it
        is mostly which of rustc's threads is first, so half of them run on a busy machine."""
        def runs(count):
            return [compare.plain_as_shown(case, place.plain(way.version)) for _ in range(count)]

        first, *others = runs(PLAIN_RUNS // 2)
        with busy():
            others += runs(PLAIN_RUNS // 2)
        return {one.name or one.what for other in others
                for one in compare.differences(first, other, way)}

    def shrink(self, case, result):
        """Options go back to the usual ones, one by one, while the same way still differs."""
        wanted = result.unexplained[0].kind()
        only = None if wanted[0] == "at the end" else {wanted[0], *_before(wanted[0])}
        chosen = dict(case.chosen)
        for name in options.unusual(chosen):
            tried = {**chosen, name: options.AXES[name][0].name}
            if not options.is_valid(tried):
                continue
            again = self.run(cases.Case(case.number, tried), only)
            if any(one.kind() == wanted for one in again.unexplained):
                chosen = tried
        return cases.Case(case.number, chosen)


def _before(name):
    """The ways whose leavings a way starts from."""
    return {"sandboxed again": ("sandboxed",)}.get(name, ())


_runner = None


def _begin(kit, top):
    global _runner
    _runner = Runner(kit, top)


def _run_one(case, only):
    return _runner.run(case, only)


def report(case, result, runner, seed, shrink):
    print(f"\ncase {case.number}: {case.describe()}")
    for difference in result.unexplained[:8]:
        print(f"  {difference.way}: {difference.text()}")
    if len(result.unexplained) > 8:
        print(f"  ... and {len(result.unexplained) - 8} more")
    if shrink:
        print(f"  shrunk to: {runner.shrink(case, result).describe()}")
    print(f"  again: ./dev differential --seed {seed} --case {case.number}", flush=True)


def summary(results, generator, seconds):
    total = options.all_pairs()
    explained = sum((one.explained for one in results), collections.Counter())
    bad = [one for one in results if one.unexplained]
    print(f"\n{len(results)} cases ({sum(one.exit_code == 0 for one in results)} that compile), "
          f"{sum(one.runs for one in results)} runs beside plain rustc's, {seconds:.0f} s; "
          f"{len(generator.covered)} of {len(total)} pairs of options "
          f"({100 * len(generator.covered) / len(total):.0f} %)")
    for limit in limits.LIMITS:
        print(f"{explained[limit.name]:6} differences explained by the limit \"{limit.name}\"")
    print(f"{sum(len(one.unexplained) for one in bad):6} unexplained differences in "
          f"{len(bad)} cases: {' '.join(str(one.number) for one in bad)}")


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n\n")[0])
    parser.add_argument("cases", nargs="?", type=int, default=DEFAULT_CASES, metavar="N")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--case", type=int, help="only the one of this number")
    parser.add_argument("--way", action="append", choices=[one.name for one in ways.WAYS])
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--no-shrink", action="store_true")
    return parser.parse_args()


def run_all(chosen, only, jobs, begin):
    with concurrent.futures.ProcessPoolExecutor(jobs, None, _begin, begin) as pool:
        yield from pool.map(functools.partial(_run_one, only=only), chosen)


def main():
    arguments = parse_arguments()
    first, count = (0, arguments.cases) if arguments.case is None else (
        arguments.case, arguments.case + 1)
    generator, chosen = cases.make(arguments.seed, count, first)
    started = time.monotonic()
    top = tempfile.mkdtemp(prefix="relay-differential-")
    try:
        kit = Kit(os.path.join(top, "kit"))
        runner = Runner(kit, top)
        results, shrunk = [], 0
        for case, result in zip(chosen, run_all(chosen, arguments.way, arguments.jobs, (kit, top))):
            results.append(result)
            if result.unexplained:
                shrink = not arguments.no_shrink and shrunk < SHRUNK_CASES
                report(case, result, runner, arguments.seed, shrink)
                shrunk += 1
        summary(results, generator, time.monotonic() - started)
    finally:
        shutil.rmtree(top, ignore_errors=True)
    return 1 if any(one.unexplained for one in results) else 0


if __name__ == "__main__":
    sys.exit(main())
