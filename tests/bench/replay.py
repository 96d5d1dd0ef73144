"""Replays a recorded build through the real worker, as Bazel would ask for it, on virtual cores.

rustc is the fake one of the integration tests. Where the real one computed, it tells us and waits for a
FIFO; we put the phase on the virtual cores and open the FIFO when it is done.

What is assumed of Bazel: as many actions are under way as `jobs`; an action becomes ready when all its
inputs exist; ready ones are started first come, first served, and those that become ready together in
the order of the graph. Build scripts are run beside the worker.
"""

import collections
import dataclasses
import os
import select
import tempfile

from phases import LIBRARY, LINKED, RUN
from processes import Deadline
from relay import Worker
from scripts import lines
from virtual_cores import Cores, is_still
from workspace import Crate, Program, Workspace, archive

OFF, HOLLOW, WORKER, WORKER_LINK = "off", "hollow", "worker", "worker-link"
POLL_SECONDS = 0.0005
GATES_PER_CORE = 8  # the default of a machine with 4 GiB a core
SILENCE_SECONDS = 60
READ_BYTES = 1 << 16
NAME_END = ";"


@dataclasses.dataclass
class Action:
    """What Bazel runs at once: a request, or something beside the worker."""

    needs: set  # files
    makes: str  # a file
    works: list  # it ends when these are done
    ask: object = None  # makes the request's fields; None: it runs beside the worker


class Crates:
    """Every crate of a graph in a workspace, with scripts for the fake rustc."""

    def __init__(self, graph, workspace):
        self.graph = graph
        self.workspace = workspace
        self.asked = workspace.top / "asked"
        os.mkfifo(self.asked)
        (workspace.top / "gates").mkdir()
        self.linker = workspace.top / "cc"
        self.linker.symlink_to("/bin/true")
        self.seconds = {}  # work -> how long it takes
        self.last_code = set()  # the works that only what nobody depends on has to wait for
        self.made = {}  # name -> Crate, Program, or the path of what a run makes
        for number, crate in enumerate(graph.crates.values()):
            make = {LIBRARY: self._library, RUN: self._run}.get(crate.kind, self._linked)
            self.made[crate.name] = make(crate, f"c{number}")
        self._find_last_code()

    def _find_last_code(self):
        crates = self.graph.crates.values()
        used = {name for crate in crates for name in crate.needs}
        inner = {library for name in used if self.graph.crates[name].kind == LINKED
                 for library in self.graph.libraries(name)}
        self.last_code = {work for crate in crates
                          if crate.kind == LIBRARY and crate.name not in inner
                          for work in self.works(crate, "code")}

    def gate(self, work):
        return self.workspace.top / "gates" / work

    def _work(self, name, phase, seconds):
        """A fake rustc's words for a phase."""
        work = f"{name}.{phase}"
        self.seconds[work] = seconds
        os.mkfifo(self.gate(work))
        return [f"append {self.asked} {work}{NAME_END}", f"fifo-wait {self.gate(work)}"]

    def _file(self, name, content):
        path = self.workspace.top / name
        path.write_bytes(content)
        return path

    def _library(self, crate, name):
        metadata = f"the metadata of {crate.name}".encode()
        rmeta = self._file(f"{name}.rmeta", metadata)
        rlib = self._file(f"{name}.rlib", archive(lib_rmeta=metadata, cgu_rcgu_o=b"code"))
        front = self._work(name, "front", crate.seconds["front"])
        code = self._work(name, "code", crate.seconds["code"])
        made = Crate(self.workspace, name, lines(*front, f"copy {rmeta} metadata", *code,
                                                 f"copy {rlib} link"))
        again = self._work(name, "again", crate.seconds["front"])
        made.hollow = Crate(self.workspace, f"{name}_hollow", lines(*again, f"copy {rmeta} link"))
        return made

    def _linked(self, crate, name):
        code = self._work(name, "code", crate.seconds["code"])
        link = self._work(name, "link", crate.seconds["link"])
        libraries = [self.made[one] for one in self.graph.libraries(crate.name)]
        text = lines(*code, "linker", *link, "link the program")
        return Program(self.workspace, name, text, libraries, self.linker)

    def _run(self, crate, name):
        self.seconds[f"{name}.run"] = crate.seconds["run"]
        return f"runs/{name}"

    def works(self, crate, *phases):
        number = list(self.graph.crates).index(crate.name)
        return [f"c{number}.{phase}" for phase in phases]


class Plan:
    """The actions of a mode, as the rules of bazel_example declare them."""

    def __init__(self, crates, mode):
        self.crates = crates
        self.mode = mode
        self.early = {}  # name -> what a dependant's rustc reads
        self.full = {}  # name -> what a linker reads
        self.actions = []
        for crate in crates.graph.crates.values():
            add = {LIBRARY: self._library, RUN: self._run}.get(crate.kind, self._linked)
            self.early[crate.name], self.full[crate.name] = add(crate, crates.made[crate.name])

    def _inputs(self, crate, files):
        """Libraries by one of both files, everything else as it is."""
        names = [*self.crates.graph.libraries(crate.name), *crate.needs]
        return sorted({files[name] for name in names})

    def _add(self, crate, works, inputs, output, make_fields):
        """make_fields() is called when all inputs exist."""
        def ask():
            fields = make_fields()
            known = {name for name, _ in fields["inputs"]}
            fields["inputs"] += [self.crates.workspace.input(one) for one in inputs
                                 if one not in known]
            return fields
        works = self.crates.works(crate, *works)
        self.actions.append(Action(set(inputs), output, works, ask))

    def _run(self, crate, path):
        works = self.crates.works(crate, "run")
        self.actions.append(Action(set(self._inputs(crate, self.full)), path, works))
        return path, path

    def _library(self, crate, made):
        workspace = self.crates.workspace
        inputs = self._inputs(crate, self.early)
        both = ["front", "code"]

        def alone():
            workspace.delete_outputs(made.rlib, made.rmeta)
            return {"arguments": made.plain_arguments(), "inputs": made.inputs()}

        def hollow():
            workspace.delete_outputs(made.hollow.rlib)
            return {"arguments": made.hollow.link_arguments(), "inputs": made.hollow.inputs()}

        if self.mode == OFF:
            self._add(crate, both, inputs, made.rlib, alone)
            return made.rlib, made.rlib
        if self.mode == HOLLOW:
            self._add(crate, ["again"], inputs, made.hollow.rlib, hollow)
            self._add(crate, both, [*inputs, made.hollow.rlib], made.rlib, alone)
            return made.hollow.rlib, made.rlib
        self._add(crate, ["front"], inputs, made.rmeta, made.metadata)
        self._add(crate, both, [*inputs, made.rmeta], made.rlib, made.full)
        return made.rmeta, made.rlib

    def _linked(self, crate, made):
        full = self._inputs(crate, self.full)
        both = ["code", "link"]
        if self.mode == WORKER_LINK and made.libraries:
            early = self._inputs(crate, self.early)
            self._add(crate, ["code"], early, made.stamp, made.codegen)
            self._add(crate, both, [*full, made.stamp], made.program, made.link)
        else:
            self._add(crate, both, full, made.program, made.plain)
        return made.program, made.program


class ReplayWorker(Worker):
    def new_answers(self):
        """What has come, without waiting."""
        while select.select([self.process.stdout], [], [], 0)[0]:
            assert self.read_more(0), f"the worker has ended; it said:\n{self.stderr()}"
        answers, self.answers = self.answers, []
        return answers


class Replay:
    """One build.

    jobs: so many actions are under way at once (Bazel's --jobs); as many as there are cores.
    slots: so many requests the worker is given at once (Bazel's --worker_max_multiplex_instances);
    as many as there are jobs unless this says so.
    first: what gets a core before all other work. "waited-for": what an open request waits for;
    "needed": all but the code of libraries that no macro and no build script is linked from.
    """

    def __init__(self, graph, mode, cores, *, jobs=None, slots=None, first=None):
        self._top = tempfile.TemporaryDirectory(prefix="relay-replay-")
        self.workspace = Workspace(self._top.name)
        self.crates = Crates(graph, self.workspace)
        self.waiting = Plan(self.crates, mode).actions
        rules = {"waited-for": self._is_waited_for, "needed": self._is_needed}
        self.cores = Cores(cores, rules.get(first))
        self.jobs = jobs or cores
        self.slots = slots or self.jobs
        self.ready = collections.deque()
        self.blocked = collections.deque()  # they have a job, and no slot of the worker
        self.requests = {}  # id -> Action
        self.runs = {}  # work -> Action
        self.exists = set()
        self._asked = os.open(self.crates.asked, os.O_RDWR | os.O_NONBLOCK)
        self._unread = ""
        self._gates = []
        flags = [f"--jobs={cores}", f"--keep-gates={GATES_PER_CORE * cores}"]
        self.worker = ReplayWorker(self.workspace, wire="proto", flags=flags)

    def build(self):
        deadline = Deadline(SILENCE_SECONDS)
        self._make_ready()
        while self.waiting or self.ready or self.blocked or self.requests or self.runs:
            self._start_actions()
            if self._hear():
                deadline = Deadline(SILENCE_SECONDS)
            elif is_still(self.worker.pid) and not self._hear():
                self._advance()
            else:
                assert deadline.left() > 0, "somebody runs on and on"
                select.select([self.worker.process.stdout, self._asked], [], [], POLL_SECONDS)

    def close(self):
        code, answers = self.worker.finish()
        assert (code, answers) == (0, []), self.worker.stderr()
        self.worker.destroy()
        for fd in (self._asked, *self._gates):
            os.close(fd)
        self.workspace.remove()
        self._top.cleanup()

    def _is_waited_for(self, work):
        under_way = [*self.requests.values(), *self.runs.values()]
        return any(work in action.works for action in under_way)

    def _is_needed(self, work):
        return work not in self.crates.last_code

    def _make_ready(self):
        ready = [action for action in self.waiting if action.needs <= self.exists]
        self.waiting = [action for action in self.waiting if action not in ready]
        self.ready += ready

    def _start_actions(self):
        while self.ready and len(self.blocked) + len(self.requests) + len(self.runs) < self.jobs:
            action = self.ready.popleft()
            if action.ask:
                self.blocked.append(action)
            else:
                self._run(action)
            self._send_requests()
        self._send_requests()

    def _run(self, action):
        [work] = action.works
        self.runs[work] = action
        self.cores.put(work, self.crates.seconds[work])

    def _send_requests(self):
        while self.blocked and len(self.requests) < self.slots:
            action = self.blocked.popleft()
            self.requests[self.worker.send(**action.ask())] = action

    def _hear(self):
        """Takes in what the fake rustcs and the worker have said; false if that was nothing."""
        works, answers = self._read_asked(), self.worker.new_answers()
        for work in works:
            self.cores.put(work, self.crates.seconds[work])
        for answer in answers:
            assert answer.exit_code == 0, answer
            self._finish(self.requests.pop(answer.request_id))
        return bool(works or answers)

    def _read_asked(self):
        try:
            self._unread += os.read(self._asked, READ_BYTES).decode()
        except BlockingIOError:
            return []
        *works, self._unread = self._unread.split(NAME_END)
        return works

    def _finish(self, action):
        if not action.ask:
            self.workspace.write(action.makes, "made")
        assert self.workspace.exists(action.makes), action
        self.exists.add(action.makes)
        self._make_ready()

    def _advance(self):
        assert not self.cores.is_idle(), (
            f"nothing computes and nothing is answered; open: {list(self.requests.values())}; the "
            f"worker said:\n{self.worker.stderr()}")
        for work in self.cores.advance():
            if work in self.runs:
                self._finish(self.runs.pop(work))
            else:
                self._gates.append(os.open(self.crates.gate(work), os.O_RDWR | os.O_NONBLOCK))


def replay(graph, mode, cores, **options):
    """Builds once and returns the Replay, closed."""
    one = Replay(graph, mode, cores, **options)
    try:
        one.build()
    except BaseException:
        one.worker.destroy()
        raise
    one.close()
    return one
