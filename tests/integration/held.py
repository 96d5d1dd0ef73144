"""Crates whose rustc waits at a gate, with a child of its own in the same group and one that has left
it, its session and its parents."""

from relay import RelayCase
from scripts import lines


class Held(RelayCase):
    def held(self, name, *before, after="link late"):
        gate, reached = self.gate(f"gate-{name}"), self.signal(f"reached-{name}")
        crate = self.crate(name, lines(
            "ignore-sigterm", *before, f"daemon {gate.path} {self.note('daemon-' + name)}",
            f"stray {gate.path} {self.note('stray-' + name)}",
            f"fifo-signal {reached.path}", f"fifo-wait {gate.path}", after))
        crate.gate, crate.reached = gate, reached
        return crate

    def plain(self, crate, **fields):
        return {"arguments": crate.link_arguments(), "inputs": crate.inputs(), **fields}

    def assert_nothing_was_written(self, crate):
        self.assertFalse(self.workspace.exists(crate.rlib))
        self.assertFalse(self.note("daemon-" + crate.name).exists())
        self.assertFalse(self.note("stray-" + crate.name).exists())
