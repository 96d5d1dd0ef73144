"""A private root holds exactly the inputs, each time a compile starts in it (issue E, 1).

What runs there are macros that a real rustc loads: they leave files, replace and remove inputs."""

import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

from processes import wait_gone
from relay import RelayCase, real_rustc
from scripts import lines
from workspace import Program

OUT_DIR = "bazel-out/k8-fastbuild/bin/user/out_dir"
MACROS = """
extern crate proc_macro;
use proc_macro::TokenStream;
use std::{env::var, fs};

fn literal(text: &str) -> TokenStream { format!("{text:?}").parse().unwrap() }
fn words(input: TokenStream) -> Vec<String> {
    input.to_string().split('"').skip(1).step_by(2).map(String::from).collect()
}
fn replace(path: &str, text: &str) {
    let fresh = format!("{path}.new");
    fs::write(&fresh, text).unwrap();
    fs::rename(&fresh, path).unwrap();
}

/// What is in the file if it is there; else it is made.
#[proc_macro] pub fn kept(input: TokenStream) -> TokenStream {
    let [place, text] = &words(input)[..] else { panic!() };
    let path = format!("{}/{place}", var("OUT_DIR").unwrap());
    let seen = fs::read_to_string(&path).unwrap_or_else(|_| {
        fs::create_dir_all(std::path::Path::new(&path).parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        text.clone()
    });
    literal(&format!("<<{seen}>>"))
}

/// What an input says; then it is done for.
#[proc_macro] pub fn spoils(input: TokenStream) -> TokenStream {
    let [how, path] = &words(input)[..] else { panic!() };
    let seen = fs::read_to_string(path).unwrap();
    match how.as_str() {
        "nothing" => (),
        "replaces" => replace(path, "a macro's own"),
        "removes" => fs::remove_file(path).unwrap(),
        "moves the folder" => {
            let folder = std::path::Path::new(path).parent().unwrap();
            fs::rename(folder, format!("{}.away", folder.display())).unwrap();
            fs::create_dir(folder).unwrap();
            fs::write(path, "a macro's own").unwrap();
        }
        _ => panic!(),
    }
    literal(&format!("<<{seen}>>"))
}

/// The same, and the first time rustc dies of it.
#[proc_macro] pub fn dies_once(input: TokenStream) -> TokenStream {
    let [marker, path] = &words(input)[..] else { panic!() };
    let seen = format!("{}{}", fs::read_to_string(path).unwrap(),
                       fs::read_to_string("left").unwrap_or_default());
    if fs::read(marker).is_err() {
        fs::write(marker, "").unwrap();
        fs::write("left", " and what is left").unwrap();
        replace(path, "a macro's own");
        std::process::abort();
    }
    literal(&format!("<<{seen}>>"))
}

/// Starts somebody who does that when the test opens the gate, long after rustc's end.
#[proc_macro] pub fn leaves_somebody(input: TokenStream) -> TokenStream {
    use std::{io::Read, process::{Command, Stdio}};
    let [reached, gate, path] = &words(input)[..] else { panic!() };
    let deed = format!("echo; exec >&2; true <{gate} && echo left > left && echo \\"a macro's own\\" > {path}.new && \\
                        mv {path}.new {path} && echo $$ > {reached}");
    let mut somebody = Command::new("setsid").args(["sh", "-c", &deed]).stdin(Stdio::null())
        .stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    somebody.stdout.take().unwrap().read_exact(&mut [0]).unwrap(); // he has left the group
    literal(&format!("<<{}>>", fs::read_to_string(path).unwrap()))
}

/// Leaves and replaces, tells the test, and waits.
#[proc_macro] pub fn holds(input: TokenStream) -> TokenStream {
    let [reached, gate, path] = &words(input)[..] else { panic!() };
    fs::write("left", "left").unwrap();
    replace(path, "a macro's own");
    fs::write(reached, format!("{}\\n", std::process::id())).unwrap();
    fs::File::open(gate).unwrap(); // when the test opens it
    literal("held")
}
"""


class MacroProgram(Program):
    more_inputs = ()

    def _inputs(self, *names):
        return super()._inputs(*names, *self.more_inputs)


class Roots(RelayCase):
    @classmethod
    def setUpClass(cls):
        cls.rustc = real_rustc()
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        source = pathlib.Path(folder.name, "deeds.rs")
        source.write_text(MACROS)
        cls.macros = pathlib.Path(folder.name, "libdeeds.so")
        subprocess.run([cls.rustc, "--crate-type=proc-macro", "--edition=2021", "-o",
                        cls.macros, source], check=True, capture_output=True)

    def setUp(self):
        super().setUp()
        self.number = 0
        self.so = "bazel-out/k8-fastbuild/bin/deeds/libdeeds.so"
        self.workspace.write(self.so, self.macros.read_bytes())
        self.workspace.write("user/data.txt", "as declared")
        self.workspace.write("user.env", "OUT_DIR=${pwd}/" + OUT_DIR + "\n")
        self.workspace.write(f"{OUT_DIR}/gen.rs", "")
        self.more = [f"--extern=deeds={self.so}", "--env-file", "user.env"]
        self.more_inputs = [self.so, "user.env", "user/data.txt", f"{OUT_DIR}/gen.rs"]
        self.workdir, _ = self.workspace.sandbox(0, [])

    def start_real(self, cwd=None, **more):
        return self.start(self.rustc, env={"PATH": os.environ["PATH"], **more.pop("env", {})},
                          cwd=cwd or self.workdir, **more)

    def library(self, text, name="user"):
        crate = self.crate(name, text)
        crate.more, crate.more_inputs = self.more, self.more_inputs
        return crate

    def program(self, text, name="user"):
        program = MacroProgram(self.workspace, name, text, [])
        program.more, program.more_inputs = self.more, self.more_inputs
        return program

    def ask(self, worker, fields, outputs=()):
        """In a multiplex sandbox, where Bazel has made the folders of outputs."""
        self.number += 1
        _, inside = self.workspace.sandbox(self.number, fields["inputs"])
        self.top = self.workdir / inside
        for output in outputs:
            (self.top / output).parent.mkdir(parents=True, exist_ok=True)
        return worker.ask(**fields, sandbox_dir=inside)

    def ask_for(self, worker, fields, output):
        """The bytes of the output."""
        self.assert_ok(self.ask(worker, fields, [output]))
        return (self.top / output).read_bytes()

    def seen_in(self, data):
        """What a macro has seen, as the output says it."""
        self.assertIn(b"<<", data)
        return data.partition(b"<<")[2].partition(b">>")[0].decode()

    # The ways of a crate through a worker; each returns what its macro has seen.

    def pair(self, expression):
        worker = self.worker()
        crate = self.library(f"pub const SEEN: &str = deeds::{expression};")
        early = self.ask_for(worker, crate.metadata(), crate.rmeta)
        crate.restore_metadata(early)
        late = self.ask_for(worker, crate.full(), crate.rlib)
        self.assertEqual(self.seen_in(early), self.seen_in(late))
        return self.seen_in(late)

    def plain(self, expression):
        crate = self.library(f"pub const SEEN: &str = deeds::{expression};")
        fields = {"arguments": crate.plain_arguments(), "inputs": crate.inputs()}
        return self.seen_in(self.ask_for(self.worker(), fields, crate.rlib))

    def stageless_program(self, expression):
        program = self.program(f"fn main() {{ println!(\"{{}}\", deeds::{expression}); }}")
        return self.seen_in(self.ask_for(self.worker(), program.plain(), program.program))

    def linked(self, expression):
        program = self.program(f"fn main() {{ println!(\"{{}}\", deeds::{expression}); }}")
        self.ask_for(self.worker(), program.codegen(), program.stamp)
        self.workspace.write(program.stamp, "")
        return self.seen_in(self.ask_for(self.worker(), program.link(), program.program))

    def singleplex(self, expression):
        crate = self.library(f"pub const SEEN: &str = deeds::{expression};")
        place = self.workspace.output_base / "bazel-workers" / "worker-1-Rustc" / "ws"
        shutil.rmtree(place, ignore_errors=True)
        self.workspace.singleplex_sandbox(1, crate.inputs())
        worker = self.start_real(cwd=place)
        self.assert_ok(worker.ask(arguments=crate.plain_arguments(), inputs=crate.inputs(),
                                  request_id=0))
        self.assertEqual((0, []), worker.finish())
        return self.seen_in((place / crate.rlib).read_bytes())

    def worker(self):
        """One for the whole test."""
        if not hasattr(self, "_worker"):
            self._worker = self.start_real()
        return self._worker

    def in_each_way(self, see):
        for way in (self.pair, self.plain, self.stageless_program, self.linked, self.singleplex):
            with self.subTest(way=way.__name__):
                see(way)


class AMacroKeepsAFile(Roots):
    """In $OUT_DIR, which is in the root."""

    def see(self, place):
        def see(way):
            for text in ("one", "two"):
                self.assertEqual(text, way(f'kept!("{place}" "{text}")'))
        self.in_each_way(see)

    def test_the_next_compile_does_not_see_it(self):
        self.see("kept.txt")

    def test_nor_beside_its_sources(self):
        """Where no output goes, so that it is not taken from there either."""
        self.see("../../../../../user/.kept")

    def test_nor_in_new_folders(self):
        self.see("new/.hidden/deep/kept.txt")

    def test_nor_after_the_worker_has_ended(self):
        """As after `bazel clean`."""
        for text in ("one", "two"):
            self.assertEqual(text, self.plain(f'kept!(".kept" "{text}")'))
            self.assertEqual((0, []), self.worker().finish())
            del self._worker


class AMacroSpoilsAnInput(Roots):
    def see(self, how):
        def see(way):
            for number in range(2):  # each one is a compile of its own
                seen = way(f'spoils!("{how}" "user/data.txt") /* {number} */')
                self.assertEqual("as declared", seen)
            self.assertEqual("as declared", way('spoils!("nothing" "user/data.txt")'))
        self.in_each_way(see)
        self.assertEqual("as declared", self.workspace.read("user/data.txt"))

    def test_it_is_renamed_over(self):
        self.see("replaces")

    def test_it_is_removed(self):
        self.see("removes")

    def test_its_folder_is_renamed(self):
        """With the crate's own source in it."""
        self.see("moves the folder")


class SomebodyOutlivesACompile(Roots):
    def test_what_he_does_later_is_undone(self):
        gate, reached = self.gate(), self.signal()
        self.assertEqual("as declared", self.plain("leaves_somebody!"
                         f'("{reached.path}" "{gate.path}" "user/data.txt")'))
        gate.release()
        reached.wait()
        self.assertEqual("as declared", self.plain('spoils!("nothing" "user/data.txt")'))
        root, = self.workspace.roots()
        self.assertFalse((root / "left").exists())


class ARootIsLookedAtInTime(Roots):
    """After a compile, so that the next one finds all done."""

    def spare_time(self):
        """Has the worker had any? It answers in turn: a second answer comes after it."""
        self.assertNotEqual(0, self.worker().ask(arguments=["--no-such-flag"]).exit_code)

    @staticmethod
    def is_settled(root):
        return (root.parent / "lock").read_bytes().startswith(b"settled")

    def test_what_was_done_is_undone(self):
        self.plain('spoils!("replaces" "user/data.txt")')
        self.spare_time()
        root, = self.workspace.roots()
        self.assertEqual("as declared", (root / "user/data.txt").read_text())
        self.assertTrue(self.is_settled(root))

    def test_not_while_somebody_is_left(self):
        gate, reached = self.gate(), self.signal()
        self.plain(f'leaves_somebody!("{reached.path}" "{gate.path}" "user/data.txt")')
        self.spare_time()
        root, = self.workspace.roots()
        self.assertFalse(self.is_settled(root))
        gate.release()
        reached.wait()

    def test_it_is_not_trusted_while_a_compile_runs(self):
        self.plain('spoils!("nothing" "user/data.txt")')
        gate, reached = self.gate(), self.signal()
        crate = self.library("pub const SEEN: &str = deeds::holds!"
                             f'("{reached.path}" "{gate.path}" "user/data.txt");')
        _, inside = self.workspace.sandbox(9, crate.inputs())
        held = self.worker().send(arguments=crate.plain_arguments(), inputs=crate.inputs(),
                                  sandbox_dir=inside)
        reached.wait()
        root, = self.workspace.roots()
        self.assertFalse(self.is_settled(root))
        gate.release()
        self.assert_ok(self.worker().answer(held))


class ACompileStartsTwice(Roots):
    def test_rustc_has_died(self):
        marker = self.workspace.top / "died"
        for way in (self.pair, self.plain, self.stageless_program, self.linked):
            with self.subTest(way=way.__name__):
                marker.unlink(missing_ok=True)
                self.assertEqual("as declared", way(f'dies_once!("{marker}" "user/data.txt")'))
                self.assertTrue(marker.exists())

    def test_the_worker_has_died(self):
        gate, reached = self.gate(), self.signal()
        crate = self.library("pub const SEEN: &str = deeds::holds!"
                             f'("{reached.path}" "{gate.path}" "user/data.txt");')
        self._worker, inputs = self.start_real(), crate.inputs()
        worker = self._worker
        _, inside = self.workspace.sandbox(9, inputs)
        worker.send(arguments=crate.plain_arguments(), inputs=inputs, sandbox_dir=inside)
        rustc = reached.wait()
        worker.process.kill()
        worker.wait()
        self.assertTrue(wait_gone(rustc))
        del self._worker
        self.assertEqual("as declared", self.plain('spoils!("nothing" "user/data.txt")'))
        root, = self.workspace.roots()
        self.assertFalse((root / "left").exists())


class CratesOfOneRepository(Roots):
    """So many inputs that they were one folder once, for all crates."""

    def setUp(self):
        super().setUp()
        self.file = "external/repo/data/7"
        names = [f"external/repo/data/{number}" for number in range(40)]
        for name in names:
            self.workspace.write(name, "as declared")
        self.more_inputs = [*self.more_inputs, *names]

    def see(self, name, how):
        crate = self.library(f'pub const SEEN: &str = deeds::spoils!("{how}" "{self.file}");', name)
        fields = {"arguments": crate.plain_arguments(), "inputs": crate.inputs()}
        return self.seen_in(self.ask_for(self.worker(), fields, crate.rlib))

    def test_one_after_the_other(self):
        for how in ("replaces", "removes", "moves the folder"):
            self.assertEqual("as declared", self.see("one", how))
            self.assertEqual("as declared", self.see("two", "nothing"))

    def test_while_both_run(self):
        gate, reached = self.gate(), self.signal()
        one = self.library("pub const SEEN: &str = deeds::holds!"
                           f'("{reached.path}" "{gate.path}" "{self.file}");', "one")
        _, inside = self.workspace.sandbox(9, one.inputs())
        held = self.worker().send(arguments=one.plain_arguments(), inputs=one.inputs(),
                                  sandbox_dir=inside)
        reached.wait()
        self.assertEqual("as declared", self.see("two", "nothing"))
        gate.release()
        self.assert_ok(self.worker().answer(held))


class OddInputs(RelayCase):
    def setUp(self):
        super().setUp()
        self.workdir, _ = self.workspace.sandbox(0, [])
        self.worker = self.start(cwd=self.workdir)

    def ask(self, crate, *more):
        inputs = crate.inputs()
        _, inside = self.workspace.sandbox(1, [*inputs, *more[:1]])
        return self.worker.ask(arguments=crate.plain_arguments(), inputs=[*inputs, *more],
                               sandbox_dir=inside)

    def test_one_below_another(self):
        """It is found through the link of that, and the user's own file stays."""
        self.workspace.write("data/dir/file", "the user's own")
        crate = self.crate(text=lines("metadata m", "copy data/dir/file link"))
        for digest in ("1", "2"):
            self.assert_ok(self.ask(crate, ("data/dir", digest), ("data/dir/file", digest)))
            self.assertEqual("the user's own", self.workspace.read("data/dir/file"))
            self.assertFalse(self.workspace.path("data/dir/file").is_symlink())
            made = self.workdir / "__sandbox/1/ws" / crate.rlib
            self.assertEqual("the user's own", made.read_text())

    def test_the_sibling_layout(self):
        """Nothing is made outside the root."""
        crate = self.crate(text=lines("metadata m", "link r"))
        self.assert_fails(self.ask(crate, ("../repo/x", "1")), "'../repo/x'", "not a path below")
        absolute = str(self.workspace.write("absolute", "the user's own"))
        self.assert_fails(self.ask(crate, (absolute, "1")), f"'{absolute}'", "not a path below")
        self.assertEqual("the user's own", self.workspace.read("absolute"))
        place, = self.workspace.links().glob("roots/*/0")
        self.assertEqual(set(), {path.name for path in place.iterdir()} - {"lock", "forest"})
        self.assert_ok(self.ask(crate))
        self.assert_clean_end(self.worker)


if __name__ == "__main__":
    unittest.main()
