#!/usr/bin/env python3
"""What cargo promises to build scripts holds with the rules of bazel_example: linker arguments reach
the crates they are meant for, what a script says is shown, and what it generates builds anywhere."""

import unittest

from end_to_end import BazelCase, digests
from small_workspace import Crates, copy_rules

# Each way in which an action finds its inputs; the first one is what the others are compared with.
CONFIGS = ["off", "sandboxed", "worker", "worker-link", "worker-sandboxed", "worker-sandboxed-link",
           "worker-singleplex-sandboxed", "worker-one-shot-sandboxed",
           "worker-portable-sandboxed"]
PACKAGE = """\
load("//rules:rust.bzl", "cargo_build_script", "rust_binary", "rust_library", "rust_shared_library",
     "rust_test")

package(default_visibility = ["//visibility:public"])

cargo_build_script(
    name = "build_script",
    srcs = glob(["build.rs", "data/**"]),
    crate_root = "build.rs",
    {script}
)
"""
CRATE = """
{rule}(
    name = "{name}",
    srcs = glob(["**/*.rs", "data/**"]),
    crate_root = "{root}",
    build_script = ":build_script",
    {more}
)
"""
MAIN = "fn main() {}\n"
# Symbols that an argument defines are in what is linked: so it got the argument.
DIRECTIVES = {
    "rustc-link-arg": "relay_all",
    "rustc-link-arg-benches": "relay_benches",
    "rustc-link-arg-bin=tool": "relay_tool",
    "rustc-link-arg-bins": "relay_bins",
    "rustc-link-arg-cdylib": "relay_cdylib",
    "rustc-cdylib-link-arg": "relay_old_cdylib",
    "rustc-link-arg-examples": "relay_examples",
    "rustc-link-arg-tests": "relay_tests",
}
# name -> (rule, root file, what else it says, what it is given)
TARGETS = {
    "app": ("rust_binary", "src/main.rs", "", {"relay_all", "relay_bins"}),
    "tool_program": ("rust_binary", "src/bin/tool.rs", 'bin_name = "tool"',
                     {"relay_all", "relay_bins", "relay_tool"}),
    "unit_test": ("rust_test", "src/lib.rs", "", {"relay_all"}),
    "program_test": ("rust_test", "src/main.rs", "", {"relay_all", "relay_bins"}),
    "whole_test": ("rust_test", "tests/whole.rs", "", {"relay_all", "relay_tests"}),
    "bench": ("rust_test", "benches/bench.rs", "", {"relay_all", "relay_benches"}),
    "example": ("rust_binary", "examples/example.rs", "", {"relay_all", "relay_examples"}),
    "shared": ("rust_shared_library", "src/lib.rs", "",
               {"relay_all", "relay_cdylib", "relay_old_cdylib"}),
}
GENERATING = """
use std::{env, fs, path::Path};

fn main() {
    let out = env::var("OUT_DIR").unwrap();
    let package = env::var("CARGO_MANIFEST_DIR").unwrap();
    fs::create_dir(Path::new(&out).join("deep")).unwrap();
    fs::write(format!("{out}/deep/inner.rs"), "pub const INNER: &str = \\"inner\\";").unwrap();
    fs::write(format!("{out}/bytes.bin"), [&[0, 255], out.as_bytes()].concat()).unwrap();
    fs::write(format!("{out}/outer.rs"), format!(
        "include!({:?}); pub const DATA: &str = include_str!({:?}); pub fn fail() {{ panic!() }}",
        format!("{out}/deep/inner.rs"), format!("{package}/data/text"))).unwrap();
    println!("cargo::rustc-env=INNER={out}/deep/inner.rs");
    println!("cargo::rustc-link-arg-bins=-Wl,--version-script={out}/script");
    fs::write(format!("{out}/script"), "{ global: *; };").unwrap();
}
"""
GENERATED = """
include!(concat!(env!("OUT_DIR"), "/outer.rs"));
pub mod again { include!(env!("INNER")); }
"""
PRINTS = """
use generated as g;
fn main() { println!("{} {} {}", g::INNER, g::again::INNER, g::DATA); if g::DATA == "" { g::fail() } }
"""


class BuildScripts(BazelCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        source = cls.scratch.top / "source"
        copy_rules(source)
        cls.workspace = cls.scratch.workspace("scripts", ["--jobs=2"], source)

    def setUp(self):
        self.crates = Crates(self.workspace, self._testMethodName)

    def build(self, *names, config="off", check=True):
        return self.workspace.build(
            f"--config={config}", *(self.crates.label(name) for name in names), check=check)

    def package(self, name, script, crates=(), script_says="", **files):
        """crates: (rule, name, root file, further lines)."""
        texts = [PACKAGE.format(script=script_says)]
        texts += [CRATE.format(rule=rule, name=crate, root=root, more=more)
                  for rule, crate, root, more in crates]
        self.crates.write(name, {"BUILD.bazel": "".join(texts), "build.rs": script, **files})

    def given(self, path):
        linked = path.read_bytes()
        return {symbol for symbol in DIRECTIVES.values() if symbol.encode() + b"\0" in linked}

    def test_link_args_reach_the_crates_they_are_meant_for(self):
        lines = "".join(f'println!("cargo::{directive}=-Wl,--defsym={symbol}=1");'
                        for directive, symbol in DIRECTIVES.items())
        roots = {root: "" if root.endswith("lib.rs") else MAIN for _, root, _, _ in TARGETS.values()}
        self.package("own", f"fn main() {{ {lines} }}", [
            (rule, name, root, more) for name, (rule, root, more, _) in TARGETS.items()
        ] + [("rust_library", "own", "src/lib.rs", "")], **roots)
        self.crates.crate("rust_shared_library", "other", "pub use own as _;", deps=["own"])
        self.crates.binary("user", f"pub use own as _; {MAIN}", ["own"])
        self.build("own:all", "other", "user")
        top = self.workspace.bin() / self.crates.folder
        found = {name: self.given(top / "own" / self.file_of(name)) for name in TARGETS}
        self.assertEqual({name: given for name, (*_, given) in TARGETS.items()}, found)
        self.assertEqual({"relay_cdylib", "relay_old_cdylib"},
                         self.given(top / "other" / "libother.so"))
        self.assertEqual(set(), self.given(self.crates.program("user")))

    def file_of(self, name):
        return "libshared.so" if TARGETS[name][0] == "rust_shared_library" else name

    def test_a_program_has_the_name_that_cargo_calls_it(self):
        self.package("own", MAIN, [("rust_binary", "tool_program", "src/main.rs",
                                    'bin_name = "tool"')],
                     **{"src/main.rs": 'fn main() { println!(env!("CARGO_BIN_NAME")) }'})
        self.build("own:tool_program")
        program = self.workspace.bin() / self.crates.folder / "own" / "tool_program"
        self.assertEqual("tool\n", self.printed(program))

    def says(self, name, *lines, end="", **package):
        prints = "".join(f'println!("{line}");' for line in lines)
        self.package(name, f"fn main() {{ {prints} {end} }}", **package)
        return self.build(f"{name}:build_script", check=False)

    def test_warnings_are_shown(self):
        lines = ["cargo::warning=of the new kind", "cargo:warning=of the old kind"]
        done = self.says("own", *lines)
        self.assertEqual(0, done.exit_code, done.tail())
        for kind in ("new", "old"):
            self.assert_said_once(
                f"warning: //{self.crates.folder}/own: of the {kind} kind", done)
        done = self.says("fetched", *lines, script_says="quiet = True")
        self.assertEqual(0, done.exit_code, done.tail())
        self.assertNotIn("kind", done.said)

    def test_warnings_of_a_script_that_fails_are_shown(self):
        done = self.says("fetched", "cargo::warning=no such compiler", end="std::process::exit(3)",
                         script_says="quiet = True")
        self.assert_fails(done, "no such compiler", "ended with code 3")

    def test_all_errors_are_shown(self):
        done = self.says("fetched", "cargo::error=first", "cargo::warning=second",
                         "cargo::error=third", script_says="quiet = True")
        place = f"//{self.crates.folder}/fetched"
        self.assert_fails(done, f"error: {place}: first", f"warning: {place}: second",
                          f"error: {place}: third", "says that it failed")

    def test_generated_code_that_names_OUT_DIR_absolutely(self):
        """Wherever rustc runs, the same bytes come out, and no path of this machine."""
        self.package("generated", GENERATING, [
            ("rust_library", "generated", "src/lib.rs", ""),
            ("rust_binary", "app", "src/main.rs", 'deps = [":generated"]')],
            **{"src/lib.rs": GENERATED, "src/main.rs": PRINTS, "data/text": "text"})
        folder = self.workspace.bin() / self.crates.folder / "generated"
        expected = None
        for config in CONFIGS:
            with self.subTest(config):
                self.workspace.clean()
                self.build("generated", "generated:app", config=config)
                self.assertEqual("inner inner text\n", self.printed(folder / "app"))
                expected = expected or digests(self.workspace)
                self.assertEqual(expected, digests(self.workspace))
                self.assert_portable(folder)

    def assert_portable(self, folder):
        machine = str(self.workspace.output_base).encode()
        for path in [*folder.rglob("*.rs"), *folder.glob("build_script.*"), folder / "app",
                     *folder.glob("*.rlib")]:
            if path.is_file():
                self.assertNotIn(machine, path.read_bytes(), path)
        # What is no text is left as it is.
        self.assertTrue((folder / "build_script.out_dir" / "bytes.bin").read_bytes()
                        .endswith(b"/build_script.out_dir"))


if __name__ == "__main__":
    unittest.main()
