"""What chaos builds: crates in versions. Each unit knows its requests and the bytes that each must
place. A fake rustc makes most of them; what it makes names the version that was asked for."""

import dataclasses

from scripts import lines
from workspace import Crate, Library, Program

VERSIONS = (1, 2, 3)

# How a fake rustc takes its time, and a linker that joins all it is given; the words are the
# program's own, so that a worker takes the script for rustc.
TOOL = """#!/bin/sh
case "$*" in *real*) exec {rustc} "$@";; esac
case $(($$ * 7919 % 13)) in 0) sleep 0.01;; 1) sleep 0.03;; 2) sleep 0.06;; 3) sleep 0.005;; esac
exec {fake} "$@"
"""
LINKER = """#!/bin/sh
files= out= before=
for word; do
    case $before in -o) out=$word;; esac
    case $word in -o) ;; *) [ "$before" = -o ] || files="$files $word";; esac
    before=$word
done
case $(($$ * 7919 % 5)) in 0) sleep 0.02;; esac
cat $files > "$out"
"""


@dataclasses.dataclass
class Stage:
    """One action of a unit."""

    name: str
    needs: tuple  # (unit, stage name): done before in the same build
    request: object  # () -> the fields of the request
    places: dict  # path -> what it must hold: words that its bytes contain
    gives: tuple = ()  # of those, what later stages are given


@dataclasses.dataclass
class Edit:
    """What somebody has written."""

    version: int
    texts: dict  # path -> text
    fails: bool = False  # it does not compile
    dies: bool = False  # by a signal, each time


class Unit:
    """Many an edit is taken back. A compile that nobody waits for may have read what was there in
    between, and must not be taken for one of the earlier text."""

    def __init__(self, world, name):
        self.world = world
        self.name = name
        self.now = self.before = Edit(0, {})

    @property
    def version(self):
        return self.now.version

    def edit(self, random):
        self.now, self.before = self.write(random), self.now
        self._save()

    def take_back(self):
        self.now, self.before = self.before, self.now
        self._save()

    def _save(self):
        for name, text in self.now.texts.items():
            self.world.workspace.write(name, text)

    def may_fail(self):
        return self.now.fails or self.now.dies


class FakeLibrary(Unit):
    MOODS = ("good",) * 5 + ("slow",) * 3 + ("warns", "dies once", "fails", "fails late", "crashes")

    def __init__(self, world, name):
        super().__init__(world, name)
        self.crate = Crate(world.workspace, name, "")
        self.crate.more_inputs = [f"{name}/early.txt", f"{name}/late.txt"]

    def write(self, random):
        version, mood = random.choice(VERSIONS), random.choice(self.MOODS)
        once = self.world.workspace.top / f"{self.name}-{random.random()}"
        before = {"warns": ["stderr warning: hm"], "dies once": [f"once {once} signal 9"],
                  "fails": ["stderr error: no", "exit 1"]}.get(mood, [])
        after = {"fails late": ["stderr error: late", "exit 1"], "crashes": ["signal 11"],
                 "slow": ["shell sleep 0.1"]}.get(mood, [])
        script = lines(*before, f"copy {self.name}/early.txt metadata",
                       *after, f"copy {self.name}/late.txt link")
        texts = {self.crate.root: script, f"{self.name}/early.txt": f"{self.name}-m{version}",
                 f"{self.name}/late.txt": f"{self.name}-r{version}"}
        return Edit(version, texts, mood.startswith("fails"), mood == "crashes")

    def stages(self, random):
        crate = self.crate
        rmeta, rlib = f"{self.name}-m{self.version}", f"{self.name}-r{self.version}"
        metadata = Stage("metadata", (), crate.metadata, {crate.rmeta: [rmeta]}, (crate.rmeta,))
        full = Stage("full", ((self, "metadata"),), crate.full, {crate.rlib: [rlib]})
        whole = Stage("all", (), self._whole, {crate.rmeta: [rmeta], crate.rlib: [rlib]})
        return random.choice(([metadata, full], [metadata, full], [metadata], [whole]))

    def _whole(self):
        self.world.workspace.delete_outputs(self.crate.rmeta, self.crate.rlib)
        words = [*self.crate.common(), f"--emit=metadata={self.crate.rmeta},link={self.crate.rlib}"]
        return {"arguments": words, "inputs": self.crate.inputs()}


class FakeProgram(Unit):
    MOODS = ("good",) * 8 + ("warns", "dies once", "fails")

    def __init__(self, world, name, libraries):
        super().__init__(world, name)
        self.libraries = libraries
        self.program = Program(world.workspace, name, "", libraries, linker=str(world.linker))
        self.program.more = [f"--extern=object={name}/object"]

    def write(self, random):
        version, mood = random.choice(VERSIONS), random.choice(self.MOODS)
        once = self.world.workspace.top / f"{self.name}-{random.random()}"
        before = {"warns": ["stderr warning: hm"], "dies once": [f"once {once} signal 9"],
                  "fails": ["stderr error: no", "exit 1"]}.get(mood, [])
        texts = {self.program.root: lines(*before, "linker -o"),
                 f"{self.name}/object": f"{self.name}-o{version}\n"}
        return Edit(version, texts, mood == "fails")

    def stages(self, random):
        program = self.program
        words = [f"{self.name}-o{self.version}",
                 *(f"{one.name}-code-{one.version}" for one in self.libraries)]
        codegen = Stage("codegen", (), lambda: self._given(program.codegen()),
                        {program.stamp: []}, (program.stamp,))
        link = Stage("link", ((self, "codegen"),), lambda: self._given(program.link()),
                     {program.program: words})
        whole = Stage("all", (), lambda: self._given(program.plain()), {program.program: words})
        return random.choice(([codegen, link], [codegen, link], [codegen], [whole]))

    def _given(self, fields):
        fields["inputs"].append(self.world.workspace.input(f"{self.name}/object"))
        return fields


class RealLibrary(Unit):
    def __init__(self, world, name):
        super().__init__(world, name)
        self.crate = Crate(world.workspace, name, "")

    def write(self, random):
        version, fails = random.choice(VERSIONS), random.random() < 0.1
        wrong = "pub fn wrong() -> u8 { \"no\" }" if fails else ""
        text = (f'pub fn version() -> &\'static str {{ "{self.word(version)}" }}\n'
                f'pub const VERSION: &str = "{self.word(version)}";\n{wrong}\n')
        return Edit(version, {self.crate.root: text}, fails)

    def word(self, version):
        return f"{self.name}-version-{version}"

    def stages(self, _):
        crate, word = self.crate, self.word(self.version)
        return [Stage("metadata", (), crate.metadata, {crate.rmeta: [word]}, (crate.rmeta,)),
                Stage("full", ((self, "metadata"),), crate.full, {crate.rlib: [word]},
                      (crate.rlib,))]


class RealProgram(Unit):
    def __init__(self, world, name, library):
        super().__init__(world, name)
        self.library = library
        self.program = Program(world.workspace, name, "", [library.crate])

    def write(self, random):
        version = random.choice(VERSIONS)
        text = (f'fn main() {{ println!("{{}} {{}}", {self.library.name}::version(), '
                f'"{self.word(version)}"); }}\n')
        return Edit(version, {self.program.root: text})

    def word(self, version):
        return f"{self.name}-version-{version}"

    def stages(self, _):
        program, library = self.program, self.library
        words = [self.word(self.version), library.word(library.version)]
        return [Stage("codegen", ((library, "metadata"),), program.codegen, {program.stamp: []},
                      (program.stamp,)),
                Stage("link", ((self, "codegen"), (library, "full")), program.link,
                      {program.program: words})]


class World:
    """All units in one workspace."""

    def __init__(self, workspace, rustc, fake):
        self.workspace = workspace
        self.tool = self._script("rustc.sh", TOOL.format(rustc=rustc, fake=fake))
        self.linker = self._script("ld.sh", LINKER)
        self.libraries = [Library(workspace, f"made{i}") for i in range(2)]
        real = RealLibrary(self, "real_library")
        self.fakes = [*(FakeLibrary(self, f"library{i}") for i in range(4)),
                      *(FakeProgram(self, f"program{i}", self.libraries) for i in range(3))]
        self.reals = [real, RealProgram(self, "real_program", real)]

    def _script(self, name, text):
        path = self.workspace.top / name
        path.write_text(text)
        path.chmod(0o755)
        return path

    def begin(self, random):
        for unit in (*self.fakes, *self.reals):
            unit.edit(random)
        for library in self.libraries:
            self._make(library, random)

    def edit(self, random, recent):
        """Some sources change, as between two builds, and rather those of crates that may be compiled
        still. Returns their units."""
        edited = [unit for unit in (*self.fakes, *self.reals)
                  if random.random() < (0.7 if unit in recent else 0.2)]
        for unit in edited:
            unit.edit(random)
        for library in self.libraries:
            if random.random() < 0.2:
                self._make(library, random)
        return edited

    @staticmethod
    def _make(library, random):
        library.version = random.choice(VERSIONS)
        library.make_metadata()
        library.make_rlib(f"{library.name}-code-{library.version}")

    def build(self, random):
        """Which units one build asks for."""
        chosen = random.sample(self.fakes, random.randint(1, len(self.fakes)))
        return chosen + (self.reals if random.random() < 0.1 else [])
