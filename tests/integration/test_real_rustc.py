"""The bytes of a real rustc, whatever the way of running it (reference-failures.md A3 A9 A10 D8)."""

import os
import subprocess
import unittest

from relay import RELAY, RelayCase, real_rustc

LEAF = """
pub trait Shape { fn area(&self) -> f64; }
#[derive(Debug, Clone, PartialEq)] pub struct Square(pub f64);
impl Shape for Square { fn area(&self) -> f64 { self.0 * self.0 } }
pub fn largest<'a, T: PartialOrd>(items: &'a [T]) -> Option<&'a T> {
    let mut best = items.first()?;
    for item in items { if item > best { best = item; } }
    Some(best)
}
"""
USER = """
pub fn total(sides: &[f64]) -> f64 {
    use leaf::Shape;
    sides.iter().map(|side| leaf::Square(*side).area()).sum()
}
"""
SHOWS = """
#[macro_export] macro_rules! show { ($x:expr) => { format!("{:#x} and {}", $x, 1) } }
"""
SHOWN = """
pub fn shown(x: u32) -> String { shows::show!(x) }
"""
MACRO = """
extern crate proc_macro;
#[proc_macro] pub fn noisy(input: proc_macro::TokenStream) -> proc_macro::TokenStream {
    eprintln!("the macro says hello");
    input
}
#[proc_macro] pub fn busy(input: proc_macro::TokenStream) -> proc_macro::TokenStream {
    eprint!("working...");
    input
}
"""


class RealRustc(RelayCase):
    @classmethod
    def setUpClass(cls):
        cls.rustc = real_rustc()

    def pair(self):
        """A crate and one that uses its metadata."""
        leaf = self.crate("leaf", LEAF)
        user = self.crate("user", USER)
        user.more = [f"--extern=leaf={leaf.rmeta}", f"-Ldependency={leaf.out_dir}/_pipeline"]
        user.more_inputs = [leaf.rmeta]
        return leaf, user

    def outputs(self, *crates):
        return {name: self.workspace.read_bytes(name)
                for crate in crates for name in (crate.rmeta, crate.rlib)}

    def plain(self, *crates):
        """What rustc makes by itself: no worker, no wrapper."""
        for crate in crates:
            self.workspace.delete_outputs(crate.rmeta, crate.rlib)
            words = [word for word in crate.plain_arguments()
                     if word not in ("--rustc-output-format", "rendered")]
            words = [word.replace("${pwd}", str(self.workspace.execroot)) for word in words]
            subprocess.run([self.rustc, *words], cwd=self.workspace.execroot, check=True,
                           capture_output=True)
        return self.outputs(*crates)

    def staged(self, worker, *crates):
        for crate in crates:
            self.assert_ok(worker.ask(**crate.metadata()))
        for crate in crates:
            self.assert_ok(worker.ask(**crate.full()))
        return self.outputs(*crates)


class TheSourceOfAnotherCratesMacro(RealRustc):
    """rustc reads it where it finds it, for the format string of a macro_rules, and then knows places in
    that string: the crate hash of whoever uses the macro depends on it. In a sandbox it is not found."""

    def setUp(self):
        super().setUp()
        self.shows = self.crate("shows", SHOWS)
        self.user = self.crate("user", SHOWN)
        self.user.more = [f"--extern=shows={self.shows.rmeta}",
                          f"-Ldependency={self.shows.out_dir}/_pipeline"]
        self.user.more_inputs = [self.shows.rmeta]

    def start_sandboxed(self):
        return self.start(self.rustc, cwd=self.workspace.sandbox(0, [])[0])

    def ask_sandboxed(self, worker, number, request, output):
        """Its output is brought to the execroot, as Bazel does."""
        workdir, inside = self.workspace.sandbox(number, request["inputs"])
        (workdir / inside / output).parent.mkdir(parents=True, exist_ok=True)
        response = worker.ask(**request, sandbox_dir=inside)
        if response.exit_code == 0:
            self.workspace.write(output, (workdir / inside / output).read_bytes())
        return response

    def staged_sandboxed(self):
        worker = self.start_sandboxed()
        for number, crate in enumerate((self.shows, self.user), 1):
            for request, output in ((crate.metadata, crate.rmeta), (crate.full, crate.rlib)):
                self.assert_ok(self.ask_sandboxed(worker, number, request(), output))
        return self.outputs(self.user)

    def plain_without_the_source(self):
        source = self.workspace.path(self.shows.root)
        away = source.rename(source.with_suffix(".away"))
        try:
            return self.plain(self.user)
        finally:
            away.rename(source)

    def test_the_bytes_are_those_of_a_plain_run_in_the_same_place(self):
        seen = self.plain(self.shows, self.user)
        hidden = self.plain_without_the_source()
        self.assertNotEqual(seen, hidden)
        self.assertEqual(seen, self.staged(self.start(self.rustc), self.shows, self.user))
        self.assertEqual(hidden[self.user.rlib], self.staged_sandboxed()[self.user.rlib])

    def test_when_only_one_request_is_sandboxed_the_message_names_it(self):
        self.staged(self.start(self.rustc), self.shows, self.user)
        response = self.ask_sandboxed(self.start_sandboxed(), 1, self.user.full(), self.user.rlib)
        self.assert_fails(response, "its metadata differs", "only one of the two ran in a sandbox",
                          "--hide-undeclared")

    def test_a_worker_that_hides_what_is_not_declared(self):
        worker = self.start(self.rustc, flags=["--hide-undeclared"])
        made = self.staged(worker, self.shows, self.user)
        self.assert_ok(self.ask_sandboxed(self.start_sandboxed(), 1, self.user.full(),
                                          self.user.rlib))
        self.assertEqual(made, self.outputs(self.shows, self.user))
        self.staged_sandboxed()
        self.assert_ok(self.start(self.rustc, flags=["--hide-undeclared"]).ask(**self.user.full()))
        self.assertEqual(made, self.outputs(self.shows, self.user))


class A3_TheSameBytes(RealRustc):
    def test_joined(self):
        crates = self.pair()
        expected = self.plain(*crates)
        self.assertEqual(expected, self.staged(self.start(self.rustc), *crates))

    def test_full_alone(self):
        crates = self.pair()
        expected = self.plain(*crates)
        for crate in crates:  # each in a worker that never saw the metadata request
            self.assert_ok(self.start(self.rustc).ask(**crate.full()))
        self.assertEqual(expected, self.outputs(*crates))

    def test_without_a_stage(self):
        crates = self.pair()
        expected = self.plain(*crates)
        worker = self.start(self.rustc)
        for crate in crates:
            self.workspace.delete_outputs(crate.rmeta, crate.rlib)
            self.assert_ok(worker.ask(arguments=crate.plain_arguments(), inputs=crate.inputs()))
        self.assertEqual(expected, self.outputs(*crates))

    def test_singleplex(self):
        crates = self.pair()
        expected = self.plain(*crates)
        worker = self.start(self.rustc)
        for crate in crates:
            self.assert_ok(worker.ask(**crate.metadata(request_id=0)))
            self.assert_ok(worker.ask(**crate.full(request_id=0)))
        self.assertEqual(expected, self.outputs(*crates))

    def test_one_shot(self):
        crates = self.pair()
        expected = self.plain(*crates)
        for crate in crates:
            for arguments, output in ((crate.metadata_arguments(), crate.rmeta),
                                      (crate.full_arguments(), crate.rlib)):
                self.workspace.delete_outputs(output)
                self.workspace.write("x.params", "\n".join(arguments) + "\n")
                subprocess.run([RELAY, "--subst", "pwd=${pwd}", "--", self.rustc, "@x.params"],
                               cwd=self.workspace.execroot, check=True, capture_output=True)
        self.assertEqual(expected, self.outputs(*crates))

    def test_sandboxed(self):
        crates = self.pair()
        expected = self.plain(*crates)
        workdir, _ = self.workspace.sandbox(0, [])
        worker = self.start(self.rustc, cwd=workdir)
        for number, crate in enumerate(crates):
            for stage, output in ((crate.metadata, crate.rmeta), (crate.full, crate.rlib)):
                request = stage()
                _, inside = self.workspace.sandbox(number + 1, request["inputs"])
                self.assert_ok(worker.ask(**request, sandbox_dir=inside))
                self.workspace.write(output, (workdir / inside / output).read_bytes())
        self.assertEqual(expected, self.outputs(*crates))

    def test_what_dependants_used_differs(self):
        leaf, _ = self.pair()
        worker = self.start(self.rustc)
        self.assert_ok(worker.ask(**leaf.metadata()))
        other = self.workspace.read_bytes(leaf.rmeta)
        leaf.set_text(LEAF + "pub fn more() {}")
        self.workspace.write(leaf.rmeta, other)  # as if the macros of this crate were not stable
        self.assert_fails(worker.ask(**leaf.full()), "leaf")


class HollowMode(RealRustc):
    """Two rustc runs: the first writes a hollow rlib, the second must have the same metadata."""

    def setUp(self):
        super().setUp()
        self.leaf = self.crate("leaf", LEAF)
        self.hollow = f"{self.leaf.out_dir}/_hollow/libleaf-77.rlib"
        self.worker = self.start(self.rustc, env={"RUSTC_BOOTSTRAP": "1"}, startup=[
            "--require-explicit-unstable-features", "true"])

    def early(self):
        self.workspace.delete_outputs(self.hollow)
        return self.worker.ask(arguments=[*self.leaf.common(), "-Zno-codegen",
                                          f"--emit=link={self.hollow}"],
                               inputs=self.leaf.inputs())

    def late(self):
        self.workspace.delete_outputs(self.leaf.rlib)
        return self.worker.ask(arguments=[*self.leaf.common(), f"--emit=link={self.leaf.rlib}",
                                          f"--pipelining-rmeta-path={self.hollow}"],
                               inputs=self.leaf.inputs())

    def test_equal_metadata(self):
        self.assert_ok(self.early())
        self.assert_ok(self.late())
        self.assertGreater(self.workspace.path(self.leaf.rlib).stat().st_size,
                           self.workspace.path(self.hollow).stat().st_size)

    def test_other_metadata_names_the_crate(self):
        self.assert_ok(self.early())
        self.leaf.set_text(LEAF + "pub fn more() {}")
        self.assert_fails(self.late(), "leaf")

    def test_unstable_features_stay_forbidden(self):
        self.leaf.set_text("#![feature(never_type)]\n" + LEAF)
        self.assert_fails(self.early(), "never_type")


class Diagnostics(RealRustc):
    def user_of_macro(self, text):
        """A worker, and a crate with this text that has the macros."""
        macro = self.crate("noisy_macro", MACRO)
        library = f"{macro.out_dir}/libnoisy_macro-77.so"
        self.workspace.delete_outputs(library)
        words = [word for word in macro.common() if word != "--crate-type=rlib"]
        worker = self.start(self.rustc, env={"PATH": os.environ["PATH"]})  # cc finds ld there
        self.assert_ok(worker.ask(arguments=[*words, "--crate-type=proc-macro", "--emit=link",
                                             "-Clinker=/usr/bin/cc"], inputs=macro.inputs()))
        user = self.crate("user", text)
        user.more = [f"--extern=noisy_macro={library}"]
        user.more_inputs = [library]
        return worker, user

    def test_a_macro_that_prints_no_newline(self):
        """rustc's JSON stands behind its text: each is told as what it is."""
        worker, user = self.user_of_macro("noisy_macro::busy!{ pub fn f() { let unused = 1; } }")
        metadata, full = worker.ask(**user.metadata()), worker.ask(**user.full())
        self.assert_ok(metadata)
        self.assert_ok(full)
        self.assertTrue(metadata.output.startswith("working...\n"), metadata.output)
        both = metadata.output + full.output
        self.assertEqual(1, both.count("unused variable"), both)
        self.assertNotIn("$message_type", both)

    def test_A9_a_macro_that_prints(self):
        worker, user = self.user_of_macro("noisy_macro::noisy!{ pub fn f() { let unused = 1; } }")
        metadata = worker.ask(**user.metadata())
        full = worker.ask(**user.full())
        self.assert_ok(metadata)
        self.assert_ok(full)
        both = metadata.output + full.output
        self.assertEqual(1, both.count("the macro says hello\n"), both)
        self.assertEqual(1, both.count("unused variable"), both)

    def test_A10_A11_colours_once(self):
        crate = self.crate("warns", "pub fn f() { let unused = 1; }")
        worker = self.start(self.rustc)
        metadata, full = worker.ask(**crate.metadata()), worker.ask(**crate.full())
        self.assert_ok(metadata)
        self.assert_ok(full)
        both = metadata.output + full.output
        self.assertEqual(1, both.count("unused variable"), both)
        self.assertRegex(both, r"\x1b\[[0-9;]*mwarning")

    def test_errors(self):
        crate = self.crate("broken", "pub fn f() -> u8 { \"no\" }")
        worker = self.start(self.rustc)
        self.assert_fails(worker.ask(**crate.metadata()), "mismatched types")
        self.assertFalse(self.workspace.exists(crate.rmeta))
        self.assert_fails(worker.ask(**crate.full()), "mismatched types")


if __name__ == "__main__":
    unittest.main()
