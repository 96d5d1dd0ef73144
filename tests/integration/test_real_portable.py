"""Link pipelining in two processes with rustc itself: the bytes are those of a plain run, wherever
the two run (issue C, part 5)."""

import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

from processes import SECONDS
from relay import RELAY, RelayCase, real_rustc
from test_real_linking import C_CALLABLE, LIBRARY, LONG_WORD, MACRO, MAIN, MIDDLE
from workspace import Crate, PortableProgram, Workspace

RUSTC_SECONDS = 6 * SECONDS  # it optimises at link time, perhaps beside many others
USER = "fn main() { println!(\"{}\", five::five!()); }"
BROKEN = ("extern \"C\" { fn nowhere(); }\n"
          "fn main() { unsafe { nowhere() }; println!(\"{}\", middle::total(&[1.0])); }")


def toolchain_at(place, rustc):
    """The same toolchain, by hard links or copies, in another place: what a remote machine has. rustc
    finds its sysroot by where its driver is: a distribution's, with the driver among the system's
    libraries, works in one place alone, and every machine has it there."""
    sysroot = pathlib.Path(rustc).parent.parent
    if not any((sysroot / "lib").glob("librustc_driver-*")):
        return rustc

    def bring(name):
        for file in sorted((sysroot / name).rglob("*")):
            to = place / file.relative_to(sysroot)
            to.parent.mkdir(parents=True, exist_ok=True)
            if not file.is_dir():
                try:
                    os.link(file, to)
                except OSError:
                    shutil.copy2(file, to)

    (place / "bin").mkdir(parents=True)
    shutil.copy2(rustc, place / "bin" / "rustc")
    host = next(path.name for path in (sysroot / "lib/rustlib").iterdir() if path.name.count("-") > 2)
    for file in (sysroot / "lib").glob("lib*.so*"):
        (place / "lib").mkdir(exist_ok=True)
        shutil.copy2(file, place / "lib")
    bring(f"lib/rustlib/{host}")
    return str(place / "bin" / "rustc")


class Machine:
    """A workspace with its own copy of the crates."""

    def __init__(self, case, rustc):
        self.workspace = Workspace(tempfile.mkdtemp(prefix="relay-machine-"))
        case.addCleanup(self.workspace.remove)
        self.rustc = "external/rust/bin/rustc"
        self.workspace.path("external").mkdir()
        self.workspace.path("external/rust").symlink_to(pathlib.Path(rustc).parent.parent)
        leaf, middle = Crate(self.workspace, "leaf", LIBRARY), Crate(self.workspace, "middle", MIDDLE)
        middle.more = [f"--extern=leaf={leaf.rmeta}", f"-Ldependency={leaf.out_dir}/_pipeline"]
        self.libraries = [leaf, middle]

    def build_libraries(self):
        """Both kinds of files, as one rustc makes them."""
        for crate in self.libraries:
            for name in (crate.rmeta, crate.rlib):
                self.workspace.path(name).parent.mkdir(parents=True, exist_ok=True)
            words = [word.replace("${pwd}", str(self.workspace.execroot))
                     for word in crate.plain_arguments()
                     if word not in ("--rustc-output-format", "rendered")]
            subprocess.run([self.rustc, *words], cwd=self.workspace.execroot, check=True,
                           capture_output=True)

    def bring(self, machine, kind):
        """The libraries' files of one kind, from where they were built."""
        for crate in self.libraries:
            name = getattr(crate, kind)
            self.workspace.write(name, machine.workspace.read_bytes(name))

    def program(self, name, text, crate_type="bin", file=None, more=()):
        program = PortableProgram(self.workspace, name, text, self.libraries)
        program.crate_type = crate_type
        program.program = f"{program.out_dir}/{file or name}"
        program.more = list(more)
        return program

    def run(self, program, stage):
        program.workspace.delete_outputs(program.program)
        return subprocess.run(
            [RELAY, "--subst", "pwd=${pwd}", "--", self.rustc, f"@{program.param_file(stage)}"],
            stdin=subprocess.DEVNULL, capture_output=True, timeout=RUSTC_SECONDS, check=False,
            cwd=self.workspace.execroot,
            env={"TMPDIR": str(self.workspace.tmp), "PATH": os.environ["PATH"]})


class NamedByO(PortableProgram):
    """By -o with several kinds of output: rustc calls each after the stem of that name."""

    def plain_arguments(self):
        return [word for word in super().plain_arguments() if not word.startswith("--emit=")] + [
            "--emit=dep-info,link", f"-o{self.out_dir}/conf.d"]


KINDS = {
    "bin": ("app", MAIN),
    "test": ("check", MAIN, "bin", None, ["--test"]),
    "macro": ("five", MACRO, "proc-macro", "libfive.so", ["--extern=proc_macro"]),
    "cdylib": ("total", C_CALLABLE, "cdylib", "libtotal.so"),
    "release": ("fast", MAIN, "bin", None, ["-Copt-level=3", "-Cdebuginfo=2", "-Cstrip=debuginfo"]),
    "units": ("units", MAIN, "bin", None, ["-Ccodegen-units=8", "-Cdebuginfo=2"]),
    "long": ("long", MAIN, "bin", None, [LONG_WORD]),
    "target": ("target", MAIN, "bin", None, ["--target=x86_64-unknown-linux-gnu"]),
}


class RealPortable(RelayCase):
    @classmethod
    def setUpClass(cls):
        cls.rustc = real_rustc()
        cls.elsewhere = pathlib.Path(tempfile.mkdtemp(prefix="relay-toolchain-"))
        cls.addClassCleanup(shutil.rmtree, cls.elsewhere)
        cls.other_rustc = toolchain_at(cls.elsewhere / "remote", cls.rustc)

    def setUp(self):
        super().setUp()
        self.home = Machine(self, self.rustc)
        self.early = Machine(self, self.rustc)
        self.late = Machine(self, self.other_rustc)
        self.home.build_libraries()
        self.early.bring(self.home, "rmeta")
        self.late.bring(self.home, "rlib")

    def assert_good(self, done):
        self.assertEqual((0, b"", b""), (done.returncode, done.stdout, done.stderr))

    def plain(self, *what):
        """What rustc makes by itself where the late action will run."""
        program = self.late.program(*what)
        self.assert_good(self.late.run(program, "plain"))
        return self.late.workspace.read_bytes(program.program)

    def is_portable(self, program):
        return "obstacle" not in program.workspace.read_bytes(f"{program.objects}/record").decode()

    def both(self, *what):
        """The two actions on their two machines."""
        program = self.early.program(*what)
        self.assert_good(self.early.run(program, "codegen"))
        self.assertTrue(self.is_portable(program))
        shutil.rmtree(self.early.workspace.path(program.root).parent)  # the late one has no use of it
        late = self.late.program(*what)
        program.copy_objects(self.late.workspace)
        return late


class TheSameBytes(RealPortable):
    def test_of_every_kind(self):
        for kind, what in KINDS.items():
            with self.subTest(kind):
                expected = self.plain(*what)
                late = self.both(*what)
                self.late.workspace.path(late.root).write_text("this is no Rust")  # no rustc reads it
                self.assert_good(self.late.run(late, "link"))
                self.assertEqual(expected, self.late.workspace.read_bytes(late.program))

    def test_the_directory_is_always_the_same(self):
        """Bazel's caches know it again, also from another machine."""
        for kind, what in KINDS.items():
            with self.subTest(kind):
                found = []
                for machine in (self.early, self.late):
                    machine.bring(self.home, "rmeta")
                    program = machine.program(*what)
                    self.assert_good(machine.run(program, "codegen"))
                    place = machine.workspace.path(program.objects)
                    found.append({str(file.relative_to(place)): file.read_bytes()
                                  for file in place.rglob("*") if not file.is_dir()})
                self.assertEqual(found[0].keys(), found[1].keys())
                self.assertEqual([], [name for name in found[0] if found[0][name] != found[1][name]])


class OneNameForTwo(RealPortable):
    def test_the_output_is_called_as_its_dep_info(self):
        """conf.d is rustc's dep-info then, and the program is conf."""
        early, late = (NamedByO(machine.workspace, "conf", MAIN, machine.libraries)
                       for machine in (self.early, self.late))
        done = self.early.run(early, "codegen")
        self.assertEqual((0, True), (done.returncode, self.is_portable(early)), done.stderr)
        early.copy_objects(self.late.workspace)
        done = self.late.run(late, "link")
        self.assertEqual(0, done.returncode, done.stderr)
        self.assertIn(b".rs", self.late.workspace.read_bytes(f"{late.out_dir}/conf.d"))
        subprocess.run([self.late.workspace.path(f"{late.out_dir}/conf")], check=True,
                       capture_output=True)


class TheMacro(RealPortable):
    def test_its_user_compiles_and_works(self):
        late = self.both(*KINDS["macro"])
        self.late.workspace.path(late.root).write_text("this is no Rust")
        self.assert_good(self.late.run(late, "link"))
        execroot = self.late.workspace.execroot
        (execroot / "user.rs").write_text(USER)
        subprocess.run([self.late.rustc, "user.rs", f"--extern=five={late.program}", "-ouser"],
                       cwd=execroot, check=True)
        done = subprocess.run([execroot / "user"], check=True, capture_output=True)
        self.assertEqual(b"5\n", done.stdout)


class Ordinary(RealPortable):
    def test_with_lto(self):
        what = ("app", MAIN, "bin", None, ["-Clto", "-Copt-level=1"])
        expected = self.plain(*what)
        program = self.early.program(*what)
        self.assert_good(self.early.run(program, "codegen"))
        self.assertFalse(self.is_portable(program))
        late = self.late.program(*what)
        program.copy_objects(self.late.workspace)
        done = self.late.run(late, "link")
        self.assertEqual((0, b""), (done.returncode, done.stdout))
        self.assertIn(b"LTO", done.stderr)
        self.assertEqual(expected, self.late.workspace.read_bytes(late.program))

    def test_the_link_fails(self):
        """As rustc tells it; only the paths in the linker's line are others."""
        late = self.both("broken", BROKEN)
        done = self.late.run(late, "link")
        plain = self.late.run(late, "plain")
        self.assertEqual((1, 1), (done.returncode, plain.returncode))
        # lld's words, and GNU ld's
        self.assertRegex(done.stderr, rb"undefined (symbol: |reference to `)nowhere")
        self.assertEqual(plain.stderr.count(b"error:"), done.stderr.count(b"error:"))

    def test_an_error_in_the_sources(self):
        program = self.early.program("wrong", "fn main() { let x: u32 = \"\"; }")
        done = self.early.run(program, "codegen")
        self.assertEqual(1, done.returncode)
        self.assertIn(b"mismatched types", done.stderr)


if __name__ == "__main__":
    unittest.main()
