"""What rustc leaves, and where: the files and the bytes of a plain run, whatever they are called."""

import os
import re
import shutil
import subprocess
import unittest

from relay import RELAY, RelayCase, real_rustc
from workspace import Program

LIBRARY = """
pub fn area(side: f64) -> f64 { side * side }
pub fn largest<T: PartialOrd + Copy>(items: &[T]) -> Option<T> {
    items.iter().copied().reduce(|a, b| if b > a { b } else { a })
}
"""
MAIN = 'fn main() { println!("{} {:?}", leaf::area(2.0), leaf::largest(&[1, 3, 2])); }\n'
OUT = "bazel-out/bin/app"
DEP_INFO = re.compile(r"\.(d|deps)$")


def snapshot(root):
    """Every file below bazel-out, with its bytes; rustc's random names without the random part."""
    found = {}
    for folder, _, names in os.walk(root / "bazel-out"):
        for name in names:
            path = os.path.join(folder, name)
            if not os.path.islink(path):
                with open(path, "rb") as file:
                    place = re.sub(r"/(rustc|rmeta)[A-Za-z0-9]{6}/", r"/\1??????/",
                                   os.path.relpath(path, root))
                    found[place] = file.read()
    return found


class RealOutputs(RelayCase):
    """A program and its library, the latter made by rustc itself."""

    @classmethod
    def setUpClass(cls):
        cls.rustc = real_rustc()

    def setUp(self):
        super().setUp()
        self.env = {"PATH": os.environ["PATH"]}
        self.root = self.workspace.execroot
        self.workspace.write("leaf.rs", LIBRARY)
        self.workspace.write("app.rs", MAIN)
        self.workspace.path("libs").mkdir()
        self.run_rustc(["leaf.rs", "--crate-name=leaf", "--crate-type=rlib",
                        "--out-dir=libs"])
        self.inputs = [self.workspace.input(name) for name in ("app.rs", "libs/libleaf.rlib")]
        self.said = ""

    def words(self, *more):
        return ["app.rs", "--crate-name=app", "--edition=2021", "--extern=leaf=libs/libleaf.rlib",
                "--remap-path-prefix=${pwd}=.", *more]

    def run_rustc(self, words, cwd=None):
        cwd = cwd or self.root
        return subprocess.run([self.rustc, *(word.replace("${pwd}", str(cwd)) for word in words)],
                              cwd=cwd, check=True, capture_output=True, env=self.env)

    @staticmethod
    def clean(root):
        """What Bazel does before an action: no outputs, but their directories."""
        shutil.rmtree(root / "bazel-out", ignore_errors=True)
        for folder in (OUT, f"{OUT}/_other"):
            (root / folder).mkdir(parents=True)

    def plain(self, words, cwd=None):
        cwd = cwd or self.root
        self.clean(cwd)
        self.said = self.run_rustc(words, cwd).stdout.decode()
        return snapshot(cwd)

    def worker(self, words, **fields):
        self.clean(self.root)
        response = self.start(self.rustc, env=self.env).ask(arguments=words, inputs=self.inputs,
                                                            **fields)
        self.assert_ok(response)
        self.said = response.output
        return snapshot(self.root)

    def singleplex(self, words):
        return self.worker(words, request_id=0)

    def one_shot(self, words):
        self.clean(self.root)
        done = subprocess.run([RELAY, "--subst", "pwd=${pwd}", "--", self.rustc, *words],
                              cwd=self.root, check=True, capture_output=True, env=self.env)
        self.said = done.stdout.decode()
        return snapshot(self.root)

    def new_sandbox(self):
        workdir, inside = self.workspace.sandbox(1, self.inputs)
        self.clean(workdir / inside)
        return workdir, inside

    def sandboxed(self, words):
        workdir, inside = self.new_sandbox()
        response = self.start(self.rustc, env=self.env, cwd=workdir).ask(
            arguments=words, inputs=self.inputs, sandbox_dir=inside)
        self.assert_ok(response)
        self.said = response.output
        return snapshot(workdir / inside)

    def sandboxed_singleplex(self, words):
        place = self.workspace.singleplex_sandbox(1, self.inputs)
        self.clean(place)
        self.assert_ok(self.start(self.rustc, env=self.env, cwd=place).ask(
            arguments=words, inputs=self.inputs, request_id=0))
        return snapshot(place)

    def assert_same(self, expected, made, message):
        self.assertEqual(sorted(expected), sorted(made), message)
        for name, data in expected.items():
            if DEP_INFO.search(name) and b"\0" not in data:
                self.assertEqual(data.decode(), made[name].decode(), message)
            self.assertTrue(data == made[name], f"{name} has other bytes ({message})")

    def assert_every_way(self, *more):
        """All ways of running it leave what a plain run does; returns what that is."""
        words = self.words(*more)
        expected = self.plain(words)
        for way in (self.worker, self.singleplex, self.one_shot, self.sandboxed,
                    self.sandboxed_singleplex):
            with self.subTest(way.__name__):
                self.assert_same(expected, way(words), f"{way.__name__}: {more}")
        return expected


class ToldByKind(RealOutputs):
    def test_a_program_named_conf_d(self):
        made = self.assert_every_way("-o", f"{OUT}/conf.d")
        self.assertTrue(made[f"{OUT}/conf.d"].startswith(b"\x7fELF"))
        self.assert_every_way(f"--emit=link={OUT}/conf.d", f"--out-dir={OUT}")

    def test_dep_info_of_another_name(self):
        for place in (f"{OUT}/x.deps", f"{OUT}/new/x.deps"):
            (self.root / place).parent.mkdir(parents=True, exist_ok=True)
            made = self.assert_every_way(f"--emit=dep-info={OUT}/x.deps,link={OUT}/app")
            self.assertIn(b"app.rs", made[f"{OUT}/x.deps"])
        self.assert_every_way("--emit=dep-info", "-o", f"{OUT}/x.deps")

    def test_dep_info_beside_others_of_o(self):
        self.assert_every_way("--emit=dep-info,link,asm", "-o", f"{OUT}/conf.d")
        self.assert_every_way("--emit=dep-info,link", "-o", f"{OUT}/x.y.d")
        self.assert_every_way(f"--emit=dep-info,link={OUT}/_other/q", "-o", f"{OUT}/x.y.deps")

    def test_dep_info_of_an_extra_filename_with_dots(self):
        self.assert_every_way("--emit=dep-info,link", f"--out-dir={OUT}",
                              "-Cextra-filename=-1.2.3")

    def test_dep_info_to_stdout(self):
        words = self.words(f"--emit=dep-info=-,link={OUT}/app")
        expected = self.plain(words)
        said = self.said
        self.assertIn(f"{OUT}/app: app.rs", said)
        for way in (self.worker, self.one_shot, self.sandboxed):
            self.assert_same(expected, way(words), way.__name__)
            self.assertEqual(said, self.said, way.__name__)

    def test_bitcode_named_x_d(self):
        made = self.assert_every_way(f"--emit=llvm-bc={OUT}/x.d,link={OUT}/app")
        self.assertTrue(made[f"{OUT}/x.d"].startswith(b"BC"))

    def test_the_last_emit_of_a_kind_counts(self):
        self.assert_every_way(f"--emit=link={OUT}/one", "--emit=link", f"--out-dir={OUT}/_other")

    def test_one_file_for_each_codegen_unit(self):
        self.assert_every_way(f"--emit=asm={OUT}/x.s,link={OUT}/app", "-Ccodegen-units=4",
                              f"--out-dir={OUT}/_other")

    def test_an_emit_kind_that_is_a_path(self):
        words = self.words(f"--out-dir={OUT}", "--emit=../../../x=y,link")
        worker = self.start(self.rustc, env=self.env)
        self.clean(self.root)
        self.assert_fails(worker.ask(arguments=words, inputs=self.inputs),
                          "unknown emission type: `../../../x`")
        self.assertEqual([], self.workspace.named("x"))
        self.assertEqual({}, snapshot(self.root))

    def test_names_that_lead_elsewhere(self):
        for more in ((f"--emit=link={OUT}/..",), (f"-o{OUT}/..",), (f"--emit=link={OUT}/",)):
            words = self.words(*more)
            self.clean(self.root)
            plain = subprocess.run([self.rustc, *words], cwd=self.root, capture_output=True,
                                   env=self.env, check=False)
            self.clean(self.root)
            answer = self.start(self.rustc, env=self.env).ask(arguments=words, inputs=self.inputs)
            self.assertNotEqual(0, plain.returncode)
            self.assert_fails(answer, plain.stderr.decode().splitlines()[0])


class NamedAbsolutely(RealOutputs):
    """The working directory of a sandboxed compile is not where its outputs belong."""

    def test_an_output(self):
        self.assert_every_way(f"-o${{pwd}}/{OUT}/app", "--emit=dep-info,link")
        self.assert_every_way(f"--emit=dep-info=${{pwd}}/{OUT}/x.deps,link=${{pwd}}/{OUT}/app",
                              f"--out-dir=${{pwd}}/{OUT}/_other")


class BesideTheOutput(RealOutputs):
    def test_the_dwp_of_packed_debug_information(self):
        made = self.assert_every_way(f"--emit=link={OUT}/app,dep-info", f"--out-dir={OUT}/_other",
                                     "-g", "-Csplit-debuginfo=packed")
        self.assertIn(f"{OUT}/app.dwp", made)

    def test_the_dwo_files_of_unpacked_debug_information(self):
        made = self.assert_every_way("-o", f"{OUT}/app", "-g", "-Csplit-debuginfo=unpacked",
                                     "-Ccodegen-units=4")
        names = [name for name in made if name.endswith(".dwo")]
        self.assertTrue(names)
        self.assertIn(names[0].encode(), made[f"{OUT}/app"])

    def test_debug_information_whose_names_are_remapped(self):
        self.assert_every_way(f"--out-dir={OUT}", "-g", "-Csplit-debuginfo=unpacked",
                              "--remap-path-prefix=bazel-out=elsewhere")
        self.assert_every_way(f"--out-dir=${{pwd}}/{OUT}", "-g", "-Csplit-debuginfo=unpacked",
                              "--remap-path-prefix=${pwd}=")

    def test_debug_information_that_is_not_remapped(self):
        words = self.words("-g", "-Csplit-debuginfo=packed", "--remap-path-scope=macro",
                           f"--out-dir={OUT}")
        self.assert_same(self.plain(words), self.worker(words), "worker")
        workdir, inside = self.new_sandbox()
        self.assert_same(self.plain(words, workdir / inside), self.sandboxed(words), "sandboxed")

    def test_save_temps(self):
        made = self.assert_every_way(f"--emit=link={OUT}/_other/app,dep-info", f"--out-dir={OUT}",
                                     "-Csave-temps")
        self.assertIn(f"{OUT}/_other/rustc??????/symbols.o", made)
        self.assertIn(f"{OUT}/rmeta??????/full.rmeta", made)


class ALibraryOfTwoRequests(RealOutputs):
    """Both together leave what one plain run does."""

    KEY = ["--pipelining-key=leaf"]

    def setUp(self):
        super().setUp()
        self.library = self.crate("leaf", LIBRARY)

    def plain_pair(self, more):
        library = self.library
        self.clean(self.root)
        library.more = more
        for folder in (library.out_dir, f"{library.out_dir}/_pipeline"):
            self.workspace.path(folder).mkdir(parents=True, exist_ok=True)
        self.run_rustc([word for word in library.plain_arguments()
                        if word not in ("--rustc-output-format", "rendered")])
        return {name: data for name, data in snapshot(self.root).items()
                if not name.endswith(".d")}  # that is not declared

    def pair(self, **env):
        self.clean(self.root)
        worker = self.start(self.rustc, env=self.env)
        self.assert_ok(worker.ask(**self.library.metadata()))
        self.assertEqual([self.library.rmeta], sorted(snapshot(self.root)))
        self.assert_ok(worker.ask(**self.library.full()))
        return snapshot(self.root)

    def sandboxed_pair(self):
        self.clean(self.root)
        workdir, _ = self.workspace.sandbox(0, [])
        worker = self.start(self.rustc, env=self.env, cwd=workdir)
        made = {}
        for number, stage in enumerate((self.library.metadata, self.library.full)):
            request = stage()
            _, inside = self.workspace.sandbox(number + 1, request["inputs"])
            self.assert_ok(worker.ask(**request, sandbox_dir=inside))
            made.update(snapshot(workdir / inside))
            if self.library.rmeta in made:
                self.workspace.write(self.library.rmeta, made[self.library.rmeta])
        return made

    def full_alone(self, metadata):
        self.clean(self.root)
        self.workspace.write(self.library.rmeta, metadata)
        self.assert_ok(self.start(self.rustc, env=self.env).ask(**self.library.full()))
        return snapshot(self.root)

    def assert_pair(self, *more, undeclared=""):
        expected = {name: data for name, data in self.plain_pair(list(more)).items()
                    if not undeclared or not name.startswith(undeclared)}
        self.assert_same(expected, {name: data for name, data in self.pair().items()
                                    if not name.endswith(".d")}, f"pair: {more}")
        self.assert_same(expected, {name: data for name, data in self.sandboxed_pair().items()
                                    if not name.endswith(".d")}, f"sandboxed: {more}")
        alone = self.full_alone(expected[self.library.rmeta])
        self.assert_same(expected, {name: data for name, data in alone.items()
                                    if not name.endswith(".d")}, f"full alone: {more}")
        return expected

    def test_dep_info_names_the_rlib_as_rustc_does(self):
        """By its own name, whatever --emit=link says; see a plain run."""
        library, place = self.library, "bazel-out/dep.deps"
        more = [f"--emit=dep-info={place}", f"--emit=link={library.rlib}"]
        common = library.common
        library.common = lambda: [word for word in common() if not word.startswith("--out-dir")]
        plain, full = library.plain_arguments, library.full_arguments
        library.plain_arguments = lambda: [*plain(), *more]
        library.full_arguments = lambda: [*full(), *more]
        expected = self.plain_pair([])
        self.assertIn(b"\nlibleaf-77.rlib: leaf/lib.rs", b"\n" + expected[place])
        self.assert_same(expected, self.pair(), "pair")
        self.assert_same(expected, self.sandboxed_pair(), "sandboxed")

    def test_packed(self):
        self.assert_pair("-g", "-Csplit-debuginfo=packed")

    def test_unpacked(self):
        made = self.assert_pair("-g", "-Csplit-debuginfo=unpacked")
        self.assertTrue([name for name in made if name.endswith(".dwo")])

    def test_save_temps(self):
        self.assert_pair("-Csave-temps", undeclared=f"{self.library.out_dir}/_pipeline/rmeta")


class WhereItIsWritten(RealOutputs):
    """-Crpath: the program finds its libraries from where it lies."""

    WORDS = ["-Crpath", "-Cprefer-dynamic", f"--out-dir={OUT}/_other"]

    def run_program(self):
        done = subprocess.run([self.root / OUT / "_other" / "app"], capture_output=True, check=False)
        self.assertEqual((0, b"4 Some(3)\n"), (done.returncode, done.stdout), done.stderr)

    def test_rpath(self):
        words = self.words(*self.WORDS)
        expected = self.plain(words)
        self.assertIn(b"$ORIGIN/../", expected[f"{OUT}/_other/app"])
        for way in (self.worker, self.singleplex, self.one_shot):
            self.assert_same(expected, way(words), way.__name__)
            self.run_program()

    def test_rpath_in_a_sandbox(self):
        words = self.words(*self.WORDS)
        workdir, inside = self.new_sandbox()
        expected = self.plain(words, workdir / inside)
        self.assert_same(expected, self.sandboxed(words), "multiplex")
        place = self.workspace.singleplex_sandbox(1, self.inputs)
        expected = self.plain(words, place)
        self.assert_same(expected, self.sandboxed_singleplex(words), "singleplex")

    def test_rpath_of_two_requests(self):
        library = self.crate("leaf", LIBRARY)
        library.more = ["-Cprefer-dynamic"]
        program = Program(self.workspace, "app", MAIN, [library])
        program.out_dir += "/deeper"  # its place must count
        program.program = f"{program.out_dir}/app"
        program.more = ["-Crpath", "-Cprefer-dynamic"]
        worker = self.start(self.rustc, env=self.env)
        self.assert_ok(worker.ask(**library.metadata()))
        self.assert_ok(worker.ask(**program.codegen()), "")
        self.assert_ok(worker.ask(**library.full()))
        self.assert_ok(worker.ask(**program.link()), "")
        made = self.workspace.read_bytes(program.program)
        self.workspace.delete_outputs(program.program)
        self.run_rustc([word for word in program.plain_arguments()
                        if word not in ("--rustc-output-format", "rendered")])
        self.assertTrue(self.workspace.read_bytes(program.program) == made)

    def test_printed_names(self):
        words = self.words("--print=link-args", f"--emit=link={OUT}/app")
        expected = self.plain(words)
        self.assertIn(f"{OUT}/app", self.said)
        for way in (self.worker, self.one_shot, self.sandboxed):
            self.assert_same(expected, way(words), way.__name__)
            self.assertIn(f'"-o" "{OUT}/app"', self.said)


class DepInfoThatNamesTheDirectory(RealOutputs):
    def test_of_generated_sources(self):
        """OUT_DIR is absolute, as build scripts have it."""
        self.workspace.write("made/part.rs", "pub const N: u8 = 3;")
        self.workspace.write("app.rs", 'include!(concat!(env!("OUT_DIR"), "/part.rs"));\n' + MAIN)
        self.workspace.write("app.env", "OUT_DIR=${pwd}/made\n")
        self.inputs = [self.workspace.input(name) for name in
                       ("app.rs", "app.env", "made/part.rs", "libs/libleaf.rlib")]
        words = self.words(f"--emit=dep-info={OUT}/x.deps,link={OUT}/app")
        plain_env = self.env
        self.env = {**plain_env, "OUT_DIR": str(self.root / "made")}
        expected = self.plain(words)
        self.env = plain_env
        self.assertIn(f"{self.root}/made/part.rs".encode(), expected[f"{OUT}/x.deps"])
        for way in (self.worker, self.sandboxed, self.sandboxed_singleplex):
            made = way([*words, "--env-file", "app.env"])
            self.assertEqual(expected[f"{OUT}/x.deps"].decode(), made[f"{OUT}/x.deps"].decode(),
                             way.__name__)

    def test_in_a_place_with_a_space(self):
        state = self.workspace.top / "a state"
        self.clean(self.root)
        words = self.words(f"--emit=dep-info,link={OUT}/_other/my app", f"--out-dir={OUT}")
        expected = self.plain(words)
        self.clean(self.root)
        worker = self.start(self.rustc, env=self.env, flags=[f"--state-dir={state}"])
        self.assert_ok(worker.ask(arguments=words, inputs=self.inputs))
        self.assert_same(expected, snapshot(self.root), "space")


QUITTER = """
extern crate proc_macro;
#[proc_macro] pub fn quit(_: proc_macro::TokenStream) -> proc_macro::TokenStream {
    std::process::exit(0)
}
"""


class AMacroThatEndsTheProcess(RealOutputs):
    def setUp(self):
        super().setUp()
        self.workspace.write("quitter.rs", QUITTER)
        self.run_rustc(["quitter.rs", "--crate-name=quitter", "--crate-type=proc-macro",
                        "--out-dir=libs"])
        self.more = ["--extern=quitter=libs/libquitter.so"]

    def assert_explained(self, answer, name):
        self.assert_fails(answer, "crate app", "rustc exited with code 0 and did not write",
                          name, "a procedural macro that ends the process")

    def test_without_a_stage(self):
        self.workspace.write("app.rs", "quitter::quit!{}\nfn main() {}")
        answer = self.start(self.rustc, env=self.env).ask(
            arguments=self.words(*self.more, f"--emit=link={OUT}/app"), inputs=self.inputs)
        self.assert_explained(answer, f"'{OUT}/app'")

    def test_a_library_of_two_requests(self):
        library = self.crate("app", "quitter::quit!{}")
        library.more = self.more
        worker = self.start(self.rustc, env=self.env)
        self.assert_explained(worker.ask(**library.metadata()), f"'{library.rmeta}'")
        library.restore_metadata("m")
        self.assert_explained(worker.ask(**library.full()), f"'{library.rmeta.rpartition('/')[2]}'"
                              .replace("'", ""))

    def test_a_program_of_two_requests(self):
        program = Program(self.workspace, "app", "quitter::quit!{}\nfn main() {}", [])
        program.more = self.more
        worker = self.start(self.rustc, env=self.env)
        self.assert_ok(worker.ask(**program.codegen()))
        self.assert_explained(worker.ask(**program.link()), f"'{program.program}'")


if __name__ == "__main__":
    unittest.main()
