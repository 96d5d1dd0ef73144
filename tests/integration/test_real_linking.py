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
                self.program("fast", MAIN, more=["-Copt-level=3", "-Cdebuginfo=2"])]

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
            subprocess.run([self.rustc, *words], cwd=self.workspace.execroot, check=True,
                           capture_output=True)
        made = {one.program: self.workspace.read_bytes(one.program) for one in programs}
        self.assert_clean_end(worker)
        shutil.rmtree(self.workspace.path("bazel-out"))
        return made


class TheSameBytes(RealLinking):
    def test_of_every_kind(self):
        """All of them stop at their gates before the libraries' code is asked for."""
        programs = self.all_programs()
        expected = self.expected(programs)
        worker = self.start_real()
        self.build_libraries(worker, "metadata")
        for program in programs:
            with self.subTest(program.name):
                self.assert_ok(worker.ask(**program.codegen()), "")
        self.build_libraries(worker)
        for program in programs:
            with self.subTest(program.name):
                self.assert_ok(worker.ask(**program.link()), "")
                self.assertEqual(expected[program.program],
                                 self.workspace.read_bytes(program.program))
        self.assert_clean_end(worker)


if __name__ == "__main__":
    unittest.main()
