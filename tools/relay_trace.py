"""Reads the traces that rustc-relay writes with --trace (Chrome trace events)."""

import dataclasses
import itertools
import json
import pathlib


@dataclasses.dataclass
class Compile:
    """One rustc process. Times are seconds of the trace's clock; None: it did not happen."""

    subject: str
    started: float
    asked: float | None = None  # for the linker
    opened: float | None = None  # the gate: the linker runs
    ended: float | None = None
    exit_code: int | None = None
    ordinary: str | None = None  # why it failed at a gate, and is to be done without

    def spans(self):
        """When it computed, as pairs: at its gate it does not."""
        if self.ended is None:
            return []
        if self.asked is None or (self.opened is not None and self.opened <= self.asked):
            return [(self.started, self.ended)]
        rest = [(self.opened, self.ended)] if self.opened is not None else []
        return [(self.started, self.asked), *rest]


@dataclasses.dataclass
class Request:
    """One WorkRequest."""

    subject: str
    stage: str
    key: str
    opened: float
    ordinary: str | None = None  # why its compile has no gate
    answered: float | None = None
    compile: Compile | None = None


class Trace:
    """The requests and processes of all workers that wrote one of the files."""

    def __init__(self, paths):
        self.compiles = []
        self.requests = []
        self.cpu_seconds = 0.0
        for path in sorted(paths):
            self._read(json.loads(pathlib.Path(path).read_text(encoding="utf-8")))

    def _read(self, events):
        things, cpu_ms = {}, 0  # (category, id) -> Compile or Request
        for event in events:
            kind = event["cat"], event["name"], event["ph"]
            self._take(kind, event["args"], event["ts"] / 1e6, things, (event["cat"], event["id"]))
            cpu_ms = event["args"].get("children_cpu_ms", cpu_ms)
        self.cpu_seconds += cpu_ms / 1000

    def _take(self, kind, facts, seconds, things, key):
        match kind:
            case "compile", "compile", "b":
                things[key] = Compile(facts["subject"], seconds)
                self.compiles.append(things[key])
            case "compile", ("asked" | "opened") as what, "n":
                setattr(things[key], what, seconds)
            case "compile", "compile", "e":
                things[key].ended = seconds
                things[key].exit_code = facts["exit_code"]
            case "request", "request", "b":
                things[key] = Request(facts["subject"], facts["stage"], facts["key"], seconds)
                self.requests.append(things[key])
            case "request", "served", "n":
                # The process of a fresh compile starts right after this event.
                things[key].compile = facts["compile"]
            case "request", "request", "e":
                things[key].answered = seconds
                things[key].compile = things.get(("compile", things[key].compile))
            case _, "ordinary", "n":
                things[key].ordinary = facts["reason"]

    def since(self, seconds):
        """The part that began at this time.monotonic() or later; its CPU time is not known."""
        part = Trace([])
        part.compiles = [c for c in self.compiles if c.started >= seconds]
        part.requests = [r for r in self.requests if r.opened >= seconds]
        part.cpu_seconds = None
        return part

    def most_computing(self):
        """How many processes computed at once."""
        spans = [span for compile_ in self.compiles for span in compile_.spans()]
        changes = sorted([(end, -1) for _, end in spans] + [(start, 1) for start, _ in spans])
        return max(itertools.accumulate(change for _, change in changes), default=0)

    def crates(self):
        """How many crates were asked for: the early and the late request of one count once."""
        keys = {r.key for r in self.requests if r.key}
        return len(keys) + sum(1 for r in self.requests if not r.key)

    def early_answers(self):
        """For each metadata request: how many seconds before its process's end it was answered."""
        return [
            r.compile.ended - r.answered
            for r in self.requests
            if r.stage == "metadata" and r.answered and r.compile and r.compile.ended
        ]

    def head_starts(self, libraries):
        """How many seconds before the end of its last library each linked crate was started.

        `libraries` says of the key of a linked crate which keys those libraries have whose rlibs it
        links. Returns pairs (subject, seconds). Crates whose libraries all had ended are left out, and
        libraries that were not compiled: those came from a cache.
        """
        compiles = {r.key: r.compile for r in self.requests if r.key and r.compile}
        found = []
        for key in libraries.keys() & compiles.keys():
            ended = [compiles[one].ended for one in libraries[key] if one in compiles]
            seconds = max(filter(None, ended), default=0) - compiles[key].started
            if seconds > 0:
                found.append((compiles[key].subject, seconds))
        return sorted(found)
