"""Many requests of different crates in one go, beside as many bare spawns in one go.

The time of a batch is from its first byte to its last answer; a request's latency from the first byte
of its frame to its answer. The frames are written beside the reading, as Bazel does.
"""

import os
import select
import threading
import time

import asking
from processes import SECONDS
from tables import fixed

COUNT = 64
INPUTS = 300


class Batch:
    def __init__(self, worker):
        self.worker = worker
        inputs = asking.unread_inputs(INPUTS)
        self.crates = [asking.crate(worker.workspace, f"many{i}") for i in range(COUNT)]
        self.frames = [asking.frame(worker, crate.plain_arguments(), crate.inputs() + inputs, number)
                       for number, crate in enumerate(self.crates, 1)]
        self.sent = {}
        self.answered = {}

    def _write(self):
        for number, data in enumerate(self.frames, 1):
            self.sent[number] = time.perf_counter()
            self.worker.send_raw(data)

    def _read(self):
        """Worker.answer() waits for one; here each counts when it comes."""
        stdout, unread = self.worker.process.stdout.fileno(), b""
        while len(self.answered) < COUNT:
            data = select.select([stdout], [], [], SECONDS)[0] and os.read(stdout, 1 << 16)
            now = time.perf_counter()
            assert data, f"{len(self.answered)} answers of {COUNT}; {self.worker.stderr()}"
            unread += data
            while (found := self.worker.wire.decode(unread)) is not None:
                response, unread = found
                assert response.exit_code == 0, response
                self.answered[response.request_id] = now

    def round_ms(self):
        """(bare and batch, per crate; the worst latency)"""
        bare = asking.bare_ms(*self.crates)
        for crate in self.crates:
            crate.workspace.delete_outputs(*asking.outputs(crate))
        self.answered.clear()
        writer = threading.Thread(target=self._write)
        writer.start()
        self._read()
        writer.join()
        asking.assert_there(name for crate in self.crates for name in asking.outputs(crate))
        whole = max(self.answered.values()) - self.sent[1]
        worst = max(self.answered[one] - self.sent[one] for one in self.sent)
        return bare / COUNT, whole * asking.MS / COUNT, worst * asking.MS


def measure(place, rounds):
    batch = Batch(place.worker())
    batch.round_ms()
    bare, ours, worst = asking.medians([batch.round_ms() for _ in range(rounds)])
    return {"requests": COUNT, "inputs": INPUTS, "bare_ms": bare, "beyond_ms": ours - bare,
            "worst_latency_ms": worst}


def table(wires):
    """From what was measured with each wire."""
    rows = [[wire, row["requests"], row["inputs"],
             *fixed(row, ["bare_ms", "beyond_ms", "worst_latency_ms"])]
            for wire, row in ((wire, found["at_once"]) for wire, found in wires.items())]
    return ["wire", "requests at once", "inputs", "bare spawn, ms each", "beyond, ms each",
            "worst latency, ms"], rows
