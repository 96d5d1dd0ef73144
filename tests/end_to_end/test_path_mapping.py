#!/usr/bin/env python3
"""Path mapping on top of sandboxed workers (issue B part 6): no command names the configuration it
builds for, and the bytes are those of plain rustc."""

import functools
import re
import time
import unittest

from end_to_end import BazelCase, digests

from small_workspace import Crates, copy_rules

MACRO = """
#[proc_macro]
pub fn ten(_: proc_macro::TokenStream) -> proc_macro::TokenStream {
    base::TEN.parse().unwrap()
}
"""


class PathMapping(BazelCase):
    """base <- tens, a macro; base, tens <- lower <- upper <- app. So base is built for the macro,
    and for the program, and mapped paths do not tell which."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        source = cls.scratch.top / "source"
        copy_rules(source)
        cls.workspace = cls.scratch.workspace("mapped", ["--subcommands"], source)
        cls.crates = Crates(cls.workspace, "chain")
        cls.crates.library("base", 'pub const TEN: &str = "10";')
        cls.crates.macro("tens", MACRO, ["base"])
        cls.crates.library("lower", "pub fn number() -> usize { tens::ten!() + base::TEN.len() }",
                           ["base"], ["tens"])
        cls.crates.library("upper", "pub fn number() -> usize { lower::number() }", ["lower"])
        cls.crates.binary("app", "fn main() { println!(\"{}\", upper::number()) }", ["upper"])
        cls.label = cls.crates.label("app")

    @functools.cache
    def expected(self, mode):
        """The bytes of plain rustc."""
        self.workspace.clean()
        self.workspace.build("--config=off", mode, self.label)
        return digests(self.workspace)

    def check(self, config, mode):
        """Returns how often rustc ran, and how many crates there are."""
        expected = self.expected(mode)
        self.workspace.clean()
        flags = [f"--config={config}", "--config=path-mapping", mode]
        started = time.monotonic()
        done = self.workspace.build(*flags, self.label)
        trace = self.workspace.trace().since(started)
        self.assertEqual(expected, digests(self.workspace))
        self.assert_mapped(done, trace)
        return len(trace.compiles), self.workspace.crates(self.label, flags=flags)

    def assert_mapped(self, done, trace):
        """By what Bazel says that it runs, and by what the workers saw."""
        files = re.findall(r"^  external/rustc_relay/.* @(\S+)\)$", done.said, re.MULTILINE)
        self.assertEqual(len(trace.requests), len(files))
        self.assertEqual([], [file for file in files if not file.startswith("bazel-out/cfg/bin/")])
        keys = {request.key for request in trace.requests if request.stage != "all"}
        self.assertGreater(len(keys), 0)
        self.assertEqual([], [key for key in keys if "_bazel-out_cfg_bin_" not in key])

    def test_equal_crates(self):
        """The base of the macro and that of the program are one request by two names."""
        runs, crates = self.check("worker-sandboxed", "--compilation_mode=fastbuild")
        self.assertIn(runs, (crates - 1, crates))

    def test_crates_that_differ(self):
        """Macros, and what they use, are not optimised."""
        for config in ("worker-sandboxed", "worker-singleplex-sandboxed"):
            with self.subTest(config):
                runs, crates = self.check(config, "--compilation_mode=opt")
                self.assertEqual(crates, runs)


if __name__ == "__main__":
    unittest.main()
