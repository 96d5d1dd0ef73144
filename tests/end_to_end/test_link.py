#!/usr/bin/env python3
"""Link pipelining: programs, macros and shared objects are compiled while their libraries are, only
their linker waits, and nobody can tell from what comes out."""

import os
import re
import time
import unittest

from end_to_end import BazelCase, digests
from small_workspace import Crates, copy_rules, slow_library

import compare_outputs

# The ways in which requests reach workers: --config, one or more. test_strategies.py has the rest.
STRATEGIES = ["worker-link", "worker-sandboxed-link", "worker-sandboxed-link path-mapping",
              "worker-singleplex-link"]
# A request that waits for its library counts as one that works: on a small machine Bazel would hold
# back those that we want to see start.
MANY_AT_ONCE = ["--jobs=8", "--local_cpu_resources=8"]
# rustc takes 1.5 s or more for its code, and a few milliseconds for the programs that use it.
SLOW_PARTS = 50
# One crate type that these rules have no rule for.
ARCHIVE_RULES = """\
load("//rules:attributes.bzl", "CRATE_ATTRIBUTES")
load("//rules:crate.bzl", "describe_crate")
load("//rules:linked_actions.bzl", "linked_actions")

def _rust_archive(ctx):
    crate = describe_crate(ctx, "staticlib", "lib.rs")
    archive = ctx.actions.declare_file("lib%s.a" % crate.name)
    linked_actions(ctx, crate, archive, "archive")
    return [DefaultInfo(files = depset([archive]))]

rust_archive = rule(implementation = _rust_archive, attrs = CRATE_ATTRIBUTES)
"""
C_LIBRARY = """
load("//rules:rust.bzl", "c_static_library")
c_static_library(
    name = "native",
    srcs = ["native.c"],
    alwayslink = True,
    visibility = ["//visibility:public"],
)
"""

TEN_MACRO = """
#[proc_macro]
pub fn ten(_: proc_macro::TokenStream) -> proc_macro::TokenStream {
    upper::number().to_string().parse().unwrap()
}
"""
APP_OF_TEN = "fn main() { println!(\"{} {}\", upper::number(), ten::ten!()) }"
LOWER_WITHOUT_SYMBOL = """
extern "C" { fn no_such_symbol(); }
pub fn call() { unsafe { no_such_symbol() } }
"""
LOWER_WITH_NATIVE = """
extern "C" { fn native() -> i32; }
pub fn number() -> i32 { unsafe { native() } }
"""
NOTHING_MACRO = """
#[proc_macro]
pub fn nothing(_: proc_macro::TokenStream) -> proc_macro::TokenStream {
    assert!(slow::part_1(1) > 0);
    proc_macro::TokenStream::new()
}
"""


class Link(BazelCase):
    """Two servers: one builds in all strategies, the other one never had a worker."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        source = cls.scratch.top / "source"
        copy_rules(source)
        cls.workspace = cls.scratch.workspace("link", MANY_AT_ONCE, source)
        cls.clean = cls.scratch.workspace("clean", ["--config=off"], source)

    def setUp(self):
        self.crates = Crates(self.workspace, self._testMethodName)
        self.labels = [f"//{self.crates.folder}/..."]

    def build(self, strategy="worker-link", check=True, more=()):
        """Builds the crates of the test; returns what Bazel said and what the workers did."""
        started = time.monotonic()
        flags = [f"--config={one}" for one in strategy.split()]
        done = self.workspace.build(*flags, *more, *self.labels, check=check)
        trace = self.workspace.trace().since(started)
        if "singleplex" not in strategy:  # a worker process waits for its own compiles only
            self.assertLessEqual(trace.most_computing(), os.cpu_count() + 1)
        return done, trace

    def digests_of(self, workspace):
        folder = f"/bin/{self.crates.folder}/"
        return {name: digest for name, digest in digests(workspace).items() if folder in name}

    def assert_as_plain(self):
        """Every file is what plain rustc makes of the same sources from nothing."""
        self.clean.clean()
        self.clean.build(*self.labels)
        expected = self.digests_of(self.clean)
        self.assertNotEqual({}, expected)
        self.assertEqual(expected, self.digests_of(self.workspace))

    def assert_one_rustc_each(self, trace, crates):
        self.assertEqual(sorted(f"crate {name}" for name in crates),
                         sorted(one.subject for one in trace.compiles))

    def assert_ordinary(self, trace, crate):
        """What was made of the crate was made without a gate, and the trace says why."""
        requests, compiles = ([one for one in those if one.subject == f"crate {crate}"]
                              for those in (trace.requests, trace.compiles))
        self.assertEqual(["codegen", "link"], [one.stage for one in requests])
        self.assertTrue(any(one.ordinary for one in requests + compiles), requests)
        self.assertEqual([None], [one.opened for one in compiles if one.exit_code == 0])

    def test_linked_crates_start_before_their_libraries_are_compiled(self):
        self.crates.library("slow", slow_library(SLOW_PARTS))
        self.crates.macro("silent", NOTHING_MACRO, deps=["slow"])
        self.crates.binary("app", "fn main() { slow::part_1(1); }", deps=["slow"])
        self.crates.crate("rust_shared_library", "shared",
                          "#[no_mangle] pub extern fn shared() -> u64 { slow::part_2(2) }",
                          deps=["slow"])
        done, trace = self.build()
        libraries = self.workspace.linked_libraries(*self.labels, flags=["--config=worker-link"])
        started_early = dict(trace.head_starts(libraries))
        self.assertEqual({"crate app", "crate shared", "crate silent"}, started_early.keys())
        self.assert_one_rustc_each(trace, ["app", "shared", "silent", "slow"])
        for one in trace.compiles:
            if one.subject != "crate slow":
                self.assertLess(one.asked, one.opened)
        self.assert_as_plain()

    def write_chain(self):
        """lower <- upper <- app, and the same two in a macro that app uses."""
        self.crates.library("lower", "pub fn number() -> u32 { 1 }")
        self.crates.library("upper", "pub fn number() -> u32 { lower::number() * 10 }", ["lower"])
        self.crates.macro("ten", TEN_MACRO, deps=["upper"])
        self.crates.binary("app", APP_OF_TEN, deps=["upper"], macros=["ten"])

    def edit_and_check(self, strategy, expected, **texts):
        for name, text in texts.items():
            self.crates.edit(name, text)
        self.build(strategy)
        self.assertEqual(expected, self.printed(self.crates.program("app")))
        self.assert_as_plain()

    def test_edits(self):
        """Of a body, of an interface, and of both ends of the chain."""
        self.write_chain()
        for number, strategy in enumerate(STRATEGIES, 2):
            with self.subTest(strategy):
                self.edit_and_check(
                    strategy, f"{number}0 {number}0\n",
                    lower=f"pub fn number() -> u32 {{ {number} }}",
                    upper="pub fn number() -> u32 { lower::number() * 10 }")
                self.edit_and_check(
                    strategy, f"{number}1 {number}1\n",
                    lower=f"pub fn number_of<T>(_: T) -> u32 {{ {number} }}",
                    upper="pub fn number() -> u32 { lower::number_of(\"\") * 10 + 1 }")
                self.edit_and_check(
                    strategy, f"app {number}1 {number}1\n",
                    app=APP_OF_TEN.replace('"', '"app ', 1))
                self.crates.edit("app", APP_OF_TEN)

    def test_one_half_from_a_cache(self):
        """A late request that is alone does all the work; an early one is asked for in vain."""
        self.crates.library("lower", "pub fn number() -> u32 { 5 }")
        self.crates.binary("app", "fn main() { println!(\"{}\", lower::number()) }", ["lower"])
        cache = self.scratch.top / "cache"
        flags = [f"--disk_cache={cache}"]
        self.build(more=flags)
        for lost, stage in (("app/app", "link"), ("app/_pipeline/app.stamp", "codegen")):
            for strategy in STRATEGIES[:2]:
                with self.subTest(f"{strategy} lost {lost}"):
                    self.evict(cache, f"{self.crates.folder}/{lost}")
                    self.workspace.clean()
                    _, trace = self.build(strategy, more=flags)
                    self.assertEqual([stage], [one.stage for one in trace.requests])
                    self.assertEqual("5\n", self.printed(self.crates.program("app")))
                    self.assert_as_plain()

    def test_what_does_not_compile_is_told_once(self):
        self.crates.library("lower", "pub fn number() -> u32 { 1 }")
        self.crates.binary("app", "fn main() { let _: String = lower::number(); }", ["lower"])
        for strategy in STRATEGIES:
            with self.subTest(strategy):
                done, trace = self.build(strategy, check=False)
                self.assert_fails(done, self.crates.label("app"), "mismatched types")
                self.assert_said_once("error[E0308]", done)
                stages = [one.stage for one in trace.requests if one.subject == "crate app"]
                self.assertEqual(["codegen"], stages)

    def test_what_does_not_link_is_told_as_by_plain_rustc(self):
        self.crates.library("lower", LOWER_WITHOUT_SYMBOL)
        self.crates.binary("app", "fn main() { lower::call() }", ["lower"])
        plain, _ = self.build("off", check=False)
        self.assert_fails(plain, "linking with `/usr/bin/cc` failed")
        self.assertIn("no_such_symbol", link_error(plain))
        for strategy in ["worker", *STRATEGIES]:
            with self.subTest(strategy):
                done, _ = self.build(strategy, check=False)
                self.assertNotEqual(0, done.exit_code)
                self.assertEqual(link_error(plain), link_error(done))
                self.assert_said_once("linking with `/usr/bin/cc` failed", done)

    def test_a_warning_of_a_program_is_shown_once(self):
        self.crates.library("lower", "pub fn number() -> u32 { 1 }")
        for number, strategy in enumerate(STRATEGIES):
            with self.subTest(strategy):
                name = f"app_{number}"
                main = f"fn main() {{ let {name} = lower::number(); }}"
                self.crates.binary(name, main, ["lower"])
                done, _ = self.build(strategy)
                self.assert_said_once(f"unused variable: `{name}`", done)

    def check_fallback(self, crate):
        done, trace = self.build()
        self.assertNotIn("error", done.said)
        self.assert_ordinary(trace, crate)
        self.assert_as_plain()

    def test_LTO_is_compiled_in_the_ordinary_way(self):
        self.crates.library("lower", "pub fn number() -> u32 { 7 }",
                            rustc_flags=["-Cembed-bitcode=yes"])
        main = "fn main() { println!(\"{}\", lower::number()) }"
        for kind in ("thin", "fat"):
            with self.subTest(kind):
                flags = ["-Cembed-bitcode=yes", f"-Clto={kind}"]
                self.crates.binary(kind, main, ["lower"], rustc_flags=flags)
                self.check_fallback(kind)
                self.assertEqual("7\n", self.printed(self.crates.program(kind)))

    def test_an_archive_is_compiled_in_the_ordinary_way(self):
        self.crates.library("lower", "pub fn number() -> u32 { 7 }")
        self.crates.write(".", {"BUILD.bazel": "", "archive.bzl": ARCHIVE_RULES})
        self.crates.crate("rust_archive", "archive",
                          "#[no_mangle] pub extern fn archive() -> u32 { lower::number() }",
                          rules=f"//{self.crates.folder}:archive.bzl", deps=["lower"])
        self.check_fallback("archive")
        ours, plain = (
            compare_outputs.digest(one.bin() / self.crates.folder / "archive" / "libarchive.a")
            for one in (self.workspace, self.clean))
        self.assertEqual(plain, ours)

    def test_a_bundle_that_is_linked_whole_is_compiled_in_the_ordinary_way(self):
        """rustc itself unpacks it from the rlib."""
        self.crates.write("native", {"BUILD.bazel": C_LIBRARY,
                                     "native.c": "int native(void) { return 7; }\n"})
        self.crates.library("lower", LOWER_WITH_NATIVE, c_libraries=[self.crates.label("native")])
        self.crates.binary("app", "fn main() { println!(\"{}\", lower::number()) }", ["lower"])
        self.check_fallback("app")
        self.assertEqual("7\n", self.printed(self.crates.program("app")))

    def test_a_shared_std_is_no_obstacle(self):
        self.crates.library("lower", "pub fn number() -> u32 { 7 }")
        self.crates.binary("app", "fn main() { println!(\"{}\", lower::number()) }", ["lower"],
                           rustc_flags=["-Cprefer-dynamic"])
        _, trace = self.build()
        (app,) = (one for one in trace.compiles if one.subject == "crate app")
        self.assertIsNotNone(app.opened)
        self.assert_as_plain()


def link_error(done):
    """What rustc says of a failed link, but for the folders in which it worked."""
    found = re.search(r"error: linking with .*?(?=\n\nerror: aborting)", done.said, re.DOTALL)
    return found and re.sub(r"[\w./+-]*/", "", found[0])


if __name__ == "__main__":
    unittest.main()
