"""Link pipelining with rustc itself: the bytes are those of a plain run (issue C)."""

import json
import os
import shutil
import subprocess
import unittest

from relay import RelayCase, real_rustc
from workspace import Program

LIBRARY = """
pub fn area(side: f64) -> f64 { side * side }
pub fn largest<T: PartialOrd + Copy>(items: &[T]) -> Option<T> {
    items.iter().copied().reduce(|a, b| if b > a { b } else { a })
}
"""
MIDDLE = "pub fn total(sides: &[f64]) -> f64 { sides.iter().map(|side| leaf::area(*side)).sum() }"
MAIN = """
fn main() { println!("{} {:?}", middle::total(&[1.0, 2.0]), leaf::largest(&[1, 3, 2])); }
#[test] fn adds_up() { assert_eq!(5.0, middle::total(&[1.0, 2.0])); }
"""
# For rustc and for the linker longer than one word of a command line may be.
LONG_WORD = "-Clink-arg=-Wl,-rpath," + ":".join(f"/none/{number:05}" for number in range(15000))
MACRO = """
extern crate proc_macro;
#[proc_macro] pub fn five(_: proc_macro::TokenStream) -> proc_macro::TokenStream {
    format!("{}", middle::total(&[1.0, 2.0])).parse().unwrap()
}
"""
C_CALLABLE = "#[no_mangle] pub extern \"C\" fn total(a: f64) -> f64 { middle::total(&[a, a]) }"


class RealLinking(RelayCase):
    """With rustc itself: the bytes are those of a plain run."""

    @classmethod
    def setUpClass(cls):
        cls.rustc = real_rustc()

    def setUp(self):
        super().setUp()
        leaf, middle = self.crate("leaf", LIBRARY), self.crate("middle", MIDDLE)
        middle.more = [f"--extern=leaf={leaf.rmeta}", f"-Ldependency={leaf.out_dir}/_pipeline"]
        middle.more_inputs = [leaf.rmeta]
        self.libraries = [leaf, middle]

    def start_real(self, **kwargs):
        return self.start(self.rustc, env={"PATH": os.environ["PATH"]}, **kwargs)

    def program(self, name, text, crate_type="bin", file=None, more=()):
        program = Program(self.workspace, name, text, self.libraries)
        program.crate_type = crate_type
        program.program = f"{program.out_dir}/{file or name}"
        program.more = list(more)
        return program

    def all_programs(self):
        return [self.program("app", MAIN),
                self.program("check", MAIN, more=["--test"]),
                self.program("five", MACRO, "proc-macro", "libfive.so", ["--extern=proc_macro"]),
                self.program("total", C_CALLABLE, "cdylib", "libtotal.so"),
                self.program("fast", MAIN, more=["-Copt-level=3", "-Cdebuginfo=2"]),
                self.program("long", MAIN, more=[LONG_WORD])]

    def build_libraries(self, worker, of="full"):
        for crate in self.libraries:
            self.assert_ok(worker.ask(**getattr(crate, of)()))

    def expected(self, programs):
        """What rustc makes by itself in this place."""
        worker = self.start_real()
        self.build_libraries(worker, "metadata")
        self.build_libraries(worker)
        for program in programs:
            words = [word.replace("${pwd}", str(self.workspace.execroot))
                     for word in program.plain_arguments()
                     if word not in ("--rustc-output-format", "rendered")]
            self.workspace.delete_outputs(program.program)
            file = self.workspace.top / "words"
            file.write_text("\n".join(words) + "\n")
            subprocess.run([self.rustc, f"@{file}"], cwd=self.workspace.execroot, check=True,
                           capture_output=True)
        made = {one.program: self.workspace.read_bytes(one.program) for one in programs}
        self.assert_clean_end(worker)
        shutil.rmtree(self.workspace.path("bazel-out"))
        return made


class TheSameBytes(RealLinking):
    def assert_bytes(self, expected, programs, read):
        for program in programs:
            self.assertEqual(expected[program.program], read(program.program), program.name)

    def traced(self, **kwargs):
        self.trace_file = self.workspace.top / "trace.json"
        return self.start_real(flags=[f"--trace={self.trace_file}"], **kwargs)

    def count(self, name):
        """Events of the trace, once its worker has ended."""
        return sum(event["name"] == name and event["ph"] in "bn"
                   for event in json.loads(self.trace_file.read_text()))

    def test_of_every_kind(self):
        """All of them stop at their gates before the libraries' code is asked for."""
        programs = self.all_programs()
        expected = self.expected(programs)
        worker = self.traced()
        self.build_libraries(worker, "metadata")
        for program in programs:
            self.assert_ok(worker.ask(**program.codegen()), "")
        self.build_libraries(worker)
        for program in programs:
            self.assert_ok(worker.ask(**program.link()), "")
        self.assert_bytes(expected, programs, self.workspace.read_bytes)
        self.assert_clean_end(worker)
        self.assertEqual((0, len(programs)), (self.count("ordinary"), self.count("opened")))
        self.assertEqual(len(programs) + len(self.libraries), self.count("compile"))

    def test_in_sandboxes(self):
        programs = self.all_programs()
        expected = self.expected(programs)
        workdir, _ = self.workspace.sandbox(0, [])
        worker = self.traced(cwd=workdir)

        def ask(fields):
            _, inside = self.workspace.sandbox(1, fields["inputs"])
            self.assert_ok(worker.ask(**fields, sandbox_dir=inside), "")

        def take(name):
            made = (workdir / "__sandbox/1/ws" / name).read_bytes()
            self.workspace.write(name, made)
            return made
        for crate in self.libraries:
            ask(crate.metadata())
            take(crate.rmeta)
        for program in programs:
            ask(program.codegen())
        for crate in self.libraries:
            ask(crate.full())
            take(crate.rlib)
        for program in programs:
            ask(program.link())
            self.assertEqual(expected[program.program], take(program.program), program.name)
        self.assert_clean_end(worker)
        self.assertEqual((0, len(programs)), (self.count("ordinary"), self.count("opened")))

    def test_across_processes(self):
        programs = self.all_programs()
        expected = self.expected(programs)
        first = self.traced()
        second = self.start_real(mark=first.mark)
        self.build_libraries(first, "metadata")
        for program in programs:
            self.assert_ok(first.ask(**program.codegen()), "")
        self.build_libraries(second)
        for program in programs:
            self.assert_ok(second.ask(**program.link()), "")
        self.assert_bytes(expected, programs, self.workspace.read_bytes)
        self.assertEqual((0, []), second.finish())
        self.assert_clean_end(first)
        self.assertEqual(0, self.count("ordinary"))
        self.assertEqual(len(programs) + len(self.libraries), self.count("compile"))


class WhatCannotWait(TheSameBytes):
    """The late request compiles the ordinary way; the user sees nothing of it."""

    def both(self, program):
        worker = self.traced()
        self.build_libraries(worker, "metadata")
        self.assert_ok(worker.ask(**program.codegen()), "")
        self.build_libraries(worker)
        response = worker.ask(**program.link())
        self.assertEqual((0, []), worker.finish())
        return response

    def assert_ordinary(self, program):
        expected = self.expected([program])
        self.assert_ok(self.both(program), "")
        self.assert_bytes(expected, [program], self.workspace.read_bytes)
        self.assertEqual(1, self.count("ordinary"))

    def test_of_every_kind(self):
        """The kinds that rustc itself makes of what is in the rlibs."""
        for name, crate_type, file, more in (
                ("fat", "bin", "fat", ["-Clto=fat"]), ("thin", "bin", "thin", ["-Clto=thin"]),
                ("joined", "staticlib", "libjoined.a", [])):
            with self.subTest(name):
                text = C_CALLABLE if crate_type == "staticlib" else MAIN
                more = [*more, "-Cembed-bitcode=yes"]
                self.assert_ordinary(self.program(name, text, crate_type, file, more))

    def test_an_attribute_makes_it_a_static_library(self):
        """Nothing among the arguments says so: rustc never asks for a linker."""
        program = self.program("hidden", '#![crate_type = "staticlib"]' + C_CALLABLE)
        program.program = f"{program.out_dir}/libhidden.a"
        plain_arguments = program.plain_arguments
        program.plain_arguments = lambda: [
            word for word in plain_arguments() if not word.startswith("--crate-type")]
        self.assert_ordinary(program)

    def test_a_bundled_library_is_linked_as_a_whole(self):
        """rustc unpacks it from the rlib before it calls the linker."""
        self.workspace.write("leaf/c.c", "int five(void) { return 5; }")
        place = self.workspace.path("leaf")
        subprocess.run(["cc", "-c", "c.c", "-o", "c.o"], cwd=place, check=True)
        subprocess.run(["ar", "rcsD", "libfive.a", "c.o"], cwd=place, check=True)
        leaf = self.libraries[0]
        leaf.set_text(LIBRARY + 'extern "C" { pub fn five() -> i32; }')
        leaf.more = ["-lstatic:+whole-archive,+bundle=five", "-Lnative=leaf"]
        leaf.more_inputs = ["leaf/libfive.a"]
        main = "fn main() { println!(\"{}\", unsafe { leaf::five() }); middle::total(&[]); }"
        self.assert_ordinary(self.program("whole", main))

    def test_a_symbol_is_missing(self):
        text = 'extern "C" { fn nowhere(); } fn main() { unsafe { nowhere() } middle::total(&[]); }'
        program = self.program("broken", text)
        said = self.both(program)
        self.assert_fails(said, "linking with `cc` failed", "nowhere")
        self.assertNotIn("/gate/", said.output)
        self.assertEqual(1, self.count("ordinary"))

    def test_an_error_in_the_sources(self):
        program = self.program("wrong", "fn main() { let x: u32 = middle::total(&[]); }")
        worker = self.traced()
        self.build_libraries(worker, "metadata")
        self.assert_fails(worker.ask(**program.codegen()), "E0308")
        self.assertEqual((0, []), worker.finish())
        self.assertEqual(0, self.count("ordinary"))

    test_in_sandboxes = test_across_processes = None


if __name__ == "__main__":
    unittest.main()
