"""The ways to run one case: plain rustc, which is the truth, and each of ours."""

import contextlib
import dataclasses
import filecmp
import os
import pathlib
import re
import shutil
import signal
import subprocess

import cases
import options
import sources
from kit import PATH
from processes import MARK, marked
from relay import RELAY, SECONDS, Worker
from workspace import Workspace

VERSIONS = ("one", "two")  # of the source, before and after an edit


@dataclasses.dataclass
class Seen:
    """What a run left and said."""

    exit_code: int = 0
    out: str = ""
    err: str = ""
    files: dict = dataclasses.field(default_factory=dict)  # new or changed: path -> bytes
    wrong: list = dataclasses.field(default_factory=list)  # what no run may do

    def then(self, later):
        """Two requests as one run."""
        return Seen(self.exit_code or later.exit_code, self.out + later.out, self.err + later.err,
                    {**self.files, **later.files}, self.wrong + later.wrong)


def content(path):
    if path.is_symlink():
        return b"-> " + os.fsencode(os.readlink(path))
    return path.read_bytes()


def files_below(top):
    for folder, _, names in os.walk(top):
        for name in names:
            yield os.path.relpath(os.path.join(folder, name), top)


def parted(text):
    """Answers hold both streams: what macros print on stdout is marked."""
    lines = text.splitlines(keepends=True)
    return ("".join(line for line in lines if line.startswith("OUT:")),
            "".join(line for line in lines if not line.startswith("OUT:")))


def empty_but(top, is_kept):
    """Removes all files but those, and the folders that are empty then."""
    for folder, _, names in os.walk(top, topdown=False):
        for name in names:
            path = os.path.join(folder, name)
            if not is_kept(os.path.relpath(path, top)):
                os.unlink(path)
        for entry in os.scandir(folder):
            if entry.is_symlink():
                os.unlink(entry.path)
        if folder != str(top) and not os.listdir(folder):
            os.rmdir(folder)


class Place:
    """One case's workspace, and the workers in it."""

    def __init__(self, case, kit, top):
        self.case = case
        self.kit = kit
        self.workspace = Workspace(top)
        self.root = self.workspace.execroot
        self.workdir, _ = self.workspace.sandbox(0, [])
        self._workers = {}
        self._given = {}  # what lies in the execroot: path -> bytes, or the file of the kit

    # The files.

    def lay_out(self, stage, version, more=()):
        """The execroot holds what an action of this stage is given, and nothing else. Returns its
        inputs. What was there already is not touched: Bazel does not, either."""
        files = {name: text.encode() for name, text in sources.inputs(self.case.chosen, version).items()}
        files[cases.ENV_FILE] = "".join(
            f"{name}={value}\n" for name, value in cases.ENV.items()).encode()
        files.update(self._param_files(stage))
        files.update(more)
        linked = {name: self.kit.files[name] for name in self._linked(stage)}
        empty_but(self.root, lambda name: self._is_as_given(name, files, linked))
        for name, data in files.items():
            if not self.workspace.path(name).exists():
                self.workspace.write(name, data)
        for name, source in linked.items():
            if not self.workspace.path(name).exists():
                self.workspace.path(name).parent.mkdir(parents=True, exist_ok=True)
                # A second name of a file changes its stamp, which counts for all but Bazel's outputs.
                place = os.link if name.startswith(options.OUT) else shutil.copyfile
                place(source, self.workspace.path(name))
        self._make_folders(self.root)
        self._given = {**files, **linked}
        return [self.workspace.input(name) for name in self._given]

    def _is_as_given(self, name, files, linked):
        path = self.workspace.path(name)
        if path.is_symlink():
            return False
        if name in linked:
            return filecmp.cmp(path, linked[name], shallow=False)
        return name in files and path.read_bytes() == files[name]

    def _linked(self, stage):
        macro = ["macros/libhelper.so"] if self.case.chosen["macro"] != "none" else []
        return [*macro, *self.case.upstream_files(stage)]

    def _make_folders(self, base):
        for folder in self.case.folders():
            (base / folder).mkdir(parents=True, exist_ok=True)

    def _words(self, stage):
        return [*self.case.stage_words(stage), f"--env-file={cases.ENV_FILE}"]

    def _param_files(self, stage):
        words = self._words(stage)
        half = len(words) // 2
        half += words[half - 1] == cases.FORMAT_FLAG  # its value stands in the same file
        name, length = self.case.param_file(stage), self.case.chosen["length"]
        if length == "nested param files":
            more = name.replace("-0.params", "-1.params")
            return {name: "\n".join([*words[:half], f"@{more}"]).encode(),
                    more: "\n".join(words[half:]).encode()}
        if length == "a newline":
            return {}
        return {name: "\n".join(words).encode()}

    def _arguments(self, stage):
        """As a worker's request has them. (Bazel expands `@FILE`, and leaves --flagfile= to us.)"""
        in_file = stage is None and self.case.chosen["length"] in ("param file", "nested param files")
        return [f"--flagfile={self.case.param_file(stage)}"] if in_file else self._words(stage)

    def _link_to(self, name):
        """The content of a link to an input."""
        return b"-> " + os.fsencode(self.workspace.path(name))

    def _new_files(self, base):
        found = {}
        for name in files_below(base):
            path, given = base / name, self._given.get(name)
            if base != self.root and content(path) == self._link_to(name):
                unchanged = True
            elif isinstance(given, bytes):
                unchanged = content(path) == given
            else:
                unchanged = given is not None and not path.is_symlink() and filecmp.cmp(path, given, shallow=False)
            if not unchanged:
                found[name] = content(path)
        gone = [name for name in self._given if not os.path.lexists(base / name)]
        return {**found, **{name: b"(gone)" for name in gone}}

    # Plain rustc, and one run of the program.

    def plain(self, version=VERSIONS[0], at=None):
        """In the execroot; or at one of run_paths(), with links to the inputs. What was there comes
        back behind it."""
        self.lay_out(None, version)
        if at is None:
            return self._plain_in(self.root)
        for worker in self._workers.values():
            if worker.process.poll() is None:
                worker.settle()  # it looks at a root when it has answered
        away = at + ".away"
        os.rename(at, away)
        try:
            shutil.copytree(self.root, at, copy_function=os.symlink)
            return self._plain_in(pathlib.Path(at))
        finally:
            shutil.rmtree(at)
            os.rename(away, at)

    def _plain_in(self, base):
        words = self.case.rustc_words(base)
        if self.case.chosen["length"] == "a long word":  # no system call takes it
            (self.workspace.top / "words").write_text("\n".join(words))
            words = [f"@{self.workspace.top}/words"]
        env = {name: value.replace("${pwd}", str(base)) for name, value in cases.ENV.items()}
        return self._run([self.kit.rustc, *words], env, base)

    def one_shot(self, stage=None, more=()):
        self.lay_out(stage, VERSIONS[0], more)
        flags, words = [], [f"@{self.case.param_file(stage)}"]
        if self.case.chosen["length"] == "a newline":  # no line of a file holds it
            flags = [f"--env-file={cases.ENV_FILE}", *self.case.format_flag()]
            words = self.case.rustc_words("${pwd}")
        return self._run(
            [RELAY, "--subst", "pwd=${pwd}", *flags, "--", self.kit.rustc, *words], {}, self.root)

    def _run(self, argv, env, base):
        mark = f"differential-{os.getpid()}"
        with open(self.workspace.top / "stdout", "w+b") as out, \
                open(self.workspace.top / "stderr", "w+b") as err:
            done = subprocess.run(
                argv, cwd=base, stdin=subprocess.DEVNULL, stdout=out, stderr=err, check=False,
                timeout=SECONDS * 5, start_new_session=True,
                env={"PATH": PATH, "TMPDIR": str(self.workspace.tmp), MARK: mark, **env})
            out.seek(0)
            err.seek(0)
            seen = Seen(done.returncode, out.read().decode(errors="replace"),
                        err.read().decode(errors="replace"), self._new_files(base))
        if self.case.chosen["macro"].startswith("leaves a"):
            left = marked(mark)
            if left and argv[0] == RELAY:
                seen.wrong.append(f"{len(left)} processes left")
            for pid in left:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
        return seen

    # Workers.

    def worker(self, name, cwd=None, mark=None):
        if name not in self._workers:
            self._workers[name] = Worker(self.workspace, self.kit.rustc, wire=self.case.wire,
                                         cwd=cwd, env={"PATH": PATH}, mark=mark)
        return self._workers[name]

    def ask(self, worker, stage=None, version=VERSIONS[0], more=(), **fields):
        """Unsandboxed."""
        inputs = self.lay_out(stage, version, more)
        response = worker.ask(arguments=self._arguments(stage), inputs=inputs, **fields)
        return self._answered(response, self._new_files(self.root))

    def ask_sandboxed(self, stage=None, version=VERSIONS[0], more=(), worker=None):
        inputs = self.lay_out(stage, version, more)
        _, inside = self.workspace.sandbox(1, inputs)
        base = self.workdir / inside
        self._make_folders(base)
        worker = worker or self.worker("sandboxed", self.workdir)
        response = worker.ask(arguments=self._arguments(stage), inputs=inputs, sandbox_dir=inside)
        seen = self._answered_in_sandbox(response, base)
        beside = [name for name in files_below(self.workdir) if not name.startswith(inside)]
        seen.wrong += [f"wrote {name} beside the sandbox" for name in beside]
        return seen

    def ask_singleplex_sandboxed(self):
        inputs = self.lay_out(None, VERSIONS[0])
        base = self.workspace.singleplex_sandbox(1, inputs)
        self._make_folders(base)
        worker = self.worker("singleplex sandboxed", base)
        response = worker.ask(arguments=self._arguments(None), inputs=inputs, request_id=0)
        return self._answered_in_sandbox(response, base)

    def _answered_in_sandbox(self, response, base):
        found = {}
        for name in files_below(base):
            data = content(base / name)
            if data != self._link_to(name):
                found[name] = data
        seen = self._answered(response, found)
        seen.wrong += [f"wrote {name} in the execroot" for name in self._new_files(self.root)]
        return seen

    def _answered(self, response, files):
        out, err = parted(response.output)
        wrong = ["was cancelled"] if response.was_cancelled else []
        return Seen(response.exit_code, out, err, files, wrong)

    def run_paths(self):
        """What a sandboxed rustc has for its working directory: a private root, or its sandbox."""
        sandboxes = self.workspace.output_base / "bazel-workers"
        return [str(path) for place in (self.workspace.links(), sandboxes) for pattern in
                ("roots/*/*/tree", "*-workdir/ws/__sandbox/1/ws", "worker-*/ws")
                for path in place.glob(pattern)]

    def finish(self):
        """All workers end; returns what is wrong with that."""
        wrong = []
        for name, worker in self._workers.items():
            code, answers = worker.finish()
            if (code, answers) != (0, []) or worker.stderr():
                wrong.append(f"{name}: exit code {code}, {answers}: {worker.stderr()}")
        wrong += [f"{name}: process {pid} left" for name, worker in self._workers.items()
                  for pid in worker.processes()]
        left = [os.path.relpath(path, self.workspace.top) for path in self.workspace.leftovers()]
        return wrong + [f"left {path}" for path in left]

    def remove(self):
        for worker in self._workers.values():
            worker.destroy()
        self.workspace.remove()


def _kept(case, seen):
    """The outputs of an early request, which are inputs of the late one."""
    if not case.is_library():
        return {name: data for name, data in seen.files.items() if is_joint(name)}
    wanted = os.path.normpath(case.named["metadata"])
    return {wanted: seen.files.get(wanted, b"(missing)")}


def is_joint(name):
    """Belongs to both requests of a linked crate, and to no plain run."""
    return name == cases.STAMP or name.startswith(cases.OBJECTS + "/")


def staged(place, ask, prefix=""):
    """`ask(stage, more, number)` for both stages, as Bazel does: the late one if the early is good."""
    early_stage, late_stage = (prefix + stage for stage in place.case.stages())
    early = ask(early_stage, {}, 0)
    if early.exit_code != 0:
        return early
    kept = _kept(place.case, early)
    early.wrong += [f"the early request wrote {name}" for name in early.files
                    if name not in kept and name not in sources.LEFT]
    both = early.then(ask(late_stage, kept, 1))
    both.files = {name: data for name, data in both.files.items() if not is_joint(name)}
    return both


def _two_workers(place, name, cwd):
    first = place.worker(name, cwd)
    return first, place.worker(f"{name}, second", cwd, first.mark)


def _across(place):
    pair = _two_workers(place, "across", None)
    return staged(place, lambda stage, more, number: place.ask(pair[number], stage, more=more))


def _across_sandboxed(place):
    pair = _two_workers(place, "across sandboxed", place.workdir)
    return staged(place, lambda stage, more, number: place.ask_sandboxed(
        stage, more=more, worker=pair[number]))


_ORDINARY = re.compile(r"^rustc-relay: .* is compiled from its sources, not linked from .*: .*\n", re.MULTILINE)


def _portable(place):
    """Its early half says why a crate cannot be one: that is no word of rustc's."""
    seen = staged(place, lambda stage, more, _: place.one_shot(stage, more), cases.PORTABLE)
    return dataclasses.replace(seen, err=_ORDINARY.sub("", seen.err, 1))


@dataclasses.dataclass(frozen=True)
class Way:
    name: str
    run: object  # Place -> Seen
    sandboxed: bool = False
    staged: bool = False
    linked: bool = False  # for linked crates only, whose words can stand in a file
    version: str = VERSIONS[0]  # of the source that it saw last


WAYS = (
    Way("one-shot", lambda place: place.one_shot()),
    Way("worker", lambda place: place.ask(place.worker("worker"))),
    Way("singleplex", lambda place: place.ask(place.worker("singleplex"), request_id=0)),
    Way("sandboxed", lambda place: place.ask_sandboxed(), sandboxed=True),
    Way("sandboxed again",  # in the sandbox of the request before, on an edited source
        lambda place: place.ask_sandboxed(version=VERSIONS[1]), sandboxed=True, version=VERSIONS[1]),
    Way("singleplex sandboxed", lambda place: place.ask_singleplex_sandboxed(), sandboxed=True),
    Way("staged", lambda place: staged(place, lambda stage, more, _: place.ask(
        place.worker("worker"), stage, more=more)), staged=True),
    Way("staged sandboxed", lambda place: staged(place, lambda stage, more, _: place.ask_sandboxed(
        stage, more=more)), sandboxed=True, staged=True),
    Way("across", _across, staged=True),
    Way("across sandboxed", _across_sandboxed, sandboxed=True, staged=True),
    Way("portable", _portable, staged=True, linked=True),
)


def of(case):
    """Those that this case can be run in."""
    portable = not case.is_library() and case.chosen["length"] != "a newline"
    return [one for one in WAYS if (case.is_staged() or not one.staged)
            and (portable or not one.linked)]


def way(name):
    return next(one for one in WAYS if one.name == name)
