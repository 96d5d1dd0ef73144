"""What the crates of a build need and how long each part of their compiles takes: recorded once by
record.py, replayed by simulate.py.

A crate has phases. A library: front end (until its metadata is written), code generation. A linked crate
(a program or a macro): all that comes before its linker, and the linker. Whatever else runs (a build
script, a C compiler): one. A phase is one core's work and is counted in seconds.
"""

import dataclasses
import functools
import json

LIBRARY, LINKED, RUN = "library", "linked", "run"
PHASES = {LIBRARY: ("front", "code"), LINKED: ("code", "link"), RUN: ("run",)}


@dataclasses.dataclass
class Crate:
    """One unit of a build."""

    name: str
    kind: str
    seconds: dict  # of each of the kind's phases
    needs: list  # names of direct dependencies; they stand before this one in the graph

    def __post_init__(self):
        assert tuple(self.seconds) == PHASES[self.kind], self

    def work(self):
        return sum(self.seconds.values())


class Graph:
    """Crates, each behind those that it needs."""

    def __init__(self, name, crates, about=None):
        self.name = name
        self.about = about or {}
        self.crates = {crate.name: crate for crate in crates}
        for crate in crates:
            assert all(one in self.crates for one in crate.needs), crate

    @staticmethod
    def load(path):
        fields = json.loads(path.read_text(encoding="utf-8"))
        return Graph(fields["name"], [Crate(**one) for one in fields["crates"]], fields["about"])

    def save(self, path):
        rows = ",\n".join(json.dumps(dataclasses.asdict(one)) for one in self.crates.values())
        path.write_text(f'{{"name": {json.dumps(self.name)},\n'
                        f'"about": {json.dumps(self.about, indent=1)},\n'
                        f'"crates": [\n{rows}\n]}}\n', encoding="utf-8")

    def needs(self, crate):
        return [self.crates[name] for name in crate.needs]

    @functools.cache
    def libraries(self, name):
        """The names of all libraries whose code goes into this crate. Macros and build scripts are not
        passed through: what those are made of is linked into themselves."""
        direct = [one.name for one in self.needs(self.crates[name]) if one.kind == LIBRARY]
        closure = [deep for one in direct for deep in (*self.libraries(one), one)]
        return list(dict.fromkeys(closure))

    def work(self):
        return sum(crate.work() for crate in self.crates.values())

    def critical_path(self):
        """How long a build takes at least: a library's dependants start at its metadata, and only the
        linker of a linked crate waits for its libraries' code."""
        early, full = {}, {}
        for crate in self.crates.values():
            start = max((early[one] for one in crate.needs), default=0)
            if crate.kind == LIBRARY:
                early[crate.name] = start + crate.seconds["front"]
                full[crate.name] = early[crate.name] + crate.seconds["code"]
            elif crate.kind == LINKED:
                rlibs = max((full[one] for one in self.libraries(crate.name)), default=0)
                asked = start + crate.seconds["code"]
                full[crate.name] = max(asked, rlibs) + crate.seconds["link"]
            else:
                full[crate.name] = start + crate.seconds["run"]
            early.setdefault(crate.name, full[crate.name])
        return max(full.values(), default=0)

    def bound(self, cores):
        """No order of these phases on so many cores takes less."""
        return max(self.critical_path(), self.work() / cores)

    def scaled(self, factor):
        """The same with other times; with 0, what is left is the harness."""
        crates = [dataclasses.replace(crate, seconds={phase: seconds * factor for phase, seconds
                                                      in crate.seconds.items()})
                  for crate in self.crates.values()]
        return Graph(f"{self.name} × {factor}", crates, self.about)


def ten_tests():
    """One library that is slow to generate code, and ten tests on it (issue C)."""
    library = Crate("slow", LIBRARY, {"front": 2.0, "code": 8.0}, [])
    tests = [Crate(f"test_{number}", LINKED, {"code": 4.0, "link": 0.5}, ["slow"])
             for number in range(10)]
    return Graph("ten tests", [library, *tests], {"synthetic": True})
