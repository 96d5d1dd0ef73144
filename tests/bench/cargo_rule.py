"""When cargo would start what, on virtual cores: no Bazel, no worker, no requests.

As many units are under way as there are cores (its jobserver's tokens). A library's dependants may start
at its metadata; a linked crate starts when all its libraries are complete. Of what may start, the unit
on which most others depend, directly or not, goes first: all units cost the same in cargo's eyes.
"""

from phases import LIBRARY, PHASES
from virtual_cores import Cores


def _dependants(graph):
    """name -> how many others depend on it."""
    found = {name: set() for name in graph.crates}
    for crate in reversed(graph.crates.values()):
        for need in crate.needs:
            found[need] |= found[crate.name] | {crate.name}
    return {name: len(those) for name, those in found.items()}


class _Build:
    def __init__(self, graph, cores):
        self.graph = graph
        self.cores = Cores(cores)
        weights = _dependants(graph)
        self.waiting = sorted(graph.crates.values(), key=lambda crate: -weights[crate.name])
        self.early = set()
        self.full = set()
        self.under_way = 0

    def _may_start(self, crate):
        rlibs = [] if crate.kind == LIBRARY else self.graph.libraries(crate.name)
        return self.early.issuperset(crate.needs) and self.full.issuperset(rlibs)

    def _start(self, crate, phase):
        self.cores.put((crate.name, phase), crate.seconds[phase])

    def fill(self):
        for crate in list(self.waiting):
            if self.under_way < self.cores.count and self._may_start(crate):
                self.waiting.remove(crate)
                self.under_way += 1
                self._start(crate, PHASES[crate.kind][0])

    def done(self, name, phase):
        crate = self.graph.crates[name]
        last = PHASES[crate.kind][-1]
        if phase == last:
            self.under_way -= 1
            self.full.add(name)
            self.early.add(name)
            return
        if crate.kind == LIBRARY:
            self.early.add(name)
        self._start(crate, last)


def build(graph, cores):
    """Builds once and returns the Cores, whose time has passed."""
    one = _Build(graph, cores)
    one.fill()
    while not one.cores.is_idle():
        for name, phase in one.cores.advance():
            one.done(name, phase)
        one.fill()
    assert not one.waiting
    return one.cores
