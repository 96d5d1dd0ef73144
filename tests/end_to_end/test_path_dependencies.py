#!/usr/bin/env python3
"""third_party/generate.py and packages that are on this machine: path dependencies and members of a
workspace are built where they are, as cargo builds them."""

import shutil
import subprocess
import sys
import unittest

from end_to_end import BazelCase
from small_workspace import copy_rules

from example_workspace import EXAMPLE

MANIFEST = """\
[package]
name = "{name}"
version = "0.1.0"
edition = "2021"
"""
LIST = MANIFEST.format(name="third_party") + """
[lib]
path = "lib.rs"

[dependencies]
"""
APP = """
load("//rules:rust.bzl", "rust_binary")
rust_binary(name = "app", srcs = ["src/main.rs"], deps = {deps})
"""
LOWER_BUILD = """
fn main() {
    println!("cargo::warning=of the build script");
    println!("cargo::rustc-env=MADE_BY={}", outside::NAME);
    println!("cargo::rustc-check-cfg=cfg(asked)");
    println!("cargo::rustc-cfg=asked");
}
"""
LOWER = """
#[cfg(asked)]
pub fn text() -> String {
    let nobody_uses_this = 1;
    format!("lower {} {}", env!("MADE_BY"), cfg!(feature = "extra"))
}
"""
SPEAK = """
#[proc_macro]
pub fn speak(_: proc_macro::TokenStream) -> proc_macro::TokenStream {
    "\\"macro\\"".parse().unwrap()
}
"""
UPPER = """
mod part;
pub fn text() -> String {
    format!("upper {} {} {} {}", cfg!(feature = "loud"), speak::speak!(), part::TEXT, low::text())
}
"""


class PathDependencies(BazelCase):
    """One Bazel workspace; each test writes a list of dependencies of its own."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.source = cls.scratch.top / "source"
        cls.third_party = cls.source / "third_party"
        copy_rules(cls.source)
        cls.third_party.mkdir()
        for script in (EXAMPLE / "third_party").glob("*.py"):
            shutil.copy(script, cls.third_party)
        cls.workspace = cls.scratch.workspace("paths", ["--config=off", "--jobs=2"], cls.source)

    def write(self, path, text):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def package(self, folder, name, manifest="", **files):
        """A Cargo package; files without a folder's name are below src/."""
        self.write(folder / "Cargo.toml", MANIFEST.format(name=name) + manifest)
        for file, text in files.items():
            self.write(folder / file.replace("__", "/").replace("_rs", ".rs"), text)

    def generate(self, manifest):
        self.write(self.third_party / "Cargo.toml", manifest)
        self.write(self.third_party / "lib.rs", "")
        lock = ["cargo", "generate-lockfile", "--offline", "--quiet", "--manifest-path",
                self.third_party / "Cargo.toml"]
        subprocess.run(lock, check=True)
        return self.generate_again()

    def generate_again(self):
        return subprocess.run([sys.executable, "-B", self.third_party / "generate.py"],
                              capture_output=True, text=True, check=False)

    def assert_generated(self, done):
        self.assertEqual(0, done.returncode, done.stderr)

    def app(self, main, *names):
        """Builds a program on top of aliases; returns what Bazel said."""
        deps = [f"//third_party/crates:{name}" for name in names]
        self.write(self.source / "app" / "BUILD.bazel", APP.format(deps=deps))
        self.write(self.source / "app" / "src" / "main.rs", main)
        return self.workspace.build("//app")

    def app_prints(self):
        return self.printed(self.workspace.bin() / "app" / "app")

    def write_packages(self):
        """upper uses lower by another name and a macro; lower has a build script with a dependency
        outside of Bazel's workspace."""
        own, self.outside = self.source / "own", self.scratch.top / "outside"
        self.package(self.outside, "outside", src__lib_rs='pub const NAME: &str = "outside";')
        self.package(own / "lower", "lower", '[features]\nextra = []\n[build-dependencies]\n'
                     'outside = { path = "../../../outside" }\n',
                     src__lib_rs=LOWER, build_rs=LOWER_BUILD)
        self.package(own / "speak", "speak", "[lib]\nproc-macro = true\n", src__lib_rs=SPEAK)
        self.package(own / "upper", "upper", '[features]\nloud = []\n[dependencies]\n'
                     'low = { path = "../lower", package = "lower", features = ["extra"] }\n'
                     'speak = { path = "../speak" }\n',
                     src__lib_rs=UPPER, src__part_rs='pub const TEXT: &str = "part";')
        return own

    def test_a_path_dependency_is_written(self):
        """With its own dependencies, features, macro and build script; an edit is seen at once."""
        own = self.write_packages()
        # A BUILD file of its own, there, splits the package there, and not ours.
        self.write(own / "upper" / "src" / "BUILD.bazel", "")
        self.package(self.third_party / "member", "member", src__lib_rs="pub fn text() {}")
        manifest = LIST + """\
upper = { path = "../own/upper", features = ["loud"] }
member = { path = "member" }
[workspace]
members = ["member"]
"""
        self.assert_generated(self.generate(manifest))
        done = self.app('fn main() { member::text(); println!("{}", upper::text()) }',
                        "upper", "member")
        self.assertEqual("upper true macro part lower outside true\n", self.app_prints())
        # They are ours to mend: what cargo shows of them is shown.
        self.assert_said_once("of the build script", done)
        self.assert_said_once("unused variable: `nobody_uses_this`", done)
        self.write(self.outside / "src" / "lib.rs", 'mod new; pub use new::NAME;')
        self.write(self.outside / "src" / "new.rs", 'pub const NAME: &str = "new";')
        self.write(own / "upper" / "src" / "part.rs", 'pub const TEXT: &str = "edited";')
        self.workspace.build("//app")
        self.assertEqual("upper true macro edited lower new true\n", self.app_prints())
        self.assertIn("up to date", self.generate_again().stdout)
        self.write(own / "speak" / "Cargo.toml", MANIFEST.format(name="speak") +
                   "[lib]\nproc-macro = true\n[dependencies]\n")
        self.assertIn("packages", self.generate_again().stdout)

    def test_members_of_a_workspace_are_written(self):
        """Where the manifest has no package: all of them, programs and shared objects, too."""
        members = self.third_party / "members"
        self.package(members / "tool", "tool", '[dependencies]\nlower = { path = "../lower" }\n',
                     src__main_rs='fn main() { print!("{} {}", env!("CARGO_BIN_NAME"), lower::N) }')
        self.package(members / "lower", "lower", src__lib_rs="pub const N: u32 = 1;")
        self.package(members / "for-c", "for-c", '[lib]\ncrate-type = ["cdylib"]\n',
                     src__lib_rs="#[no_mangle] pub extern fn for_c() {}")
        self.assert_generated(self.generate('[workspace]\nmembers = ["members/*"]\n'
                                            'resolver = "2"\n'))
        labels = [f"//third_party/crates:{name}" for name in ("tool_program", "lower", "for_c")]
        self.workspace.build(*labels)
        folder = self.workspace.bin() / "third_party" / "crates" / "local"
        self.assertEqual("tool 1", self.printed(folder / "tool-0.1.0" / "tool_program"))
        self.assertIn(b"for_c", (folder / "for-c-0.1.0" / "libfor_c.so").read_bytes())

    def assert_refused(self, *words, **package):
        self.package(self.source / "odd", "odd", **package)
        done = self.generate(LIST + 'odd = { path = "../odd" }\n')
        self.assertEqual(1, done.returncode)
        self.assertEqual(1, len(done.stderr.splitlines()), done.stderr)
        for word in ("package 'odd' 0.1.0", *words):
            self.assertIn(word, done.stderr)

    def test_what_cannot_be_written_is_named_with_the_way_out(self):
        self.write(self.source / "elsewhere.rs", "")
        self.assert_refused("crate 'odd'", "elsewhere.rs", "move it",
                            manifest='[lib]\npath = "../elsewhere.rs"\n')
        self.assert_refused("crate 'odd'", "staticlib", "add 'lib'", src__lib_rs="",
                            manifest='[lib]\ncrate-type = ["staticlib"]\n')

    def test_a_package_around_third_party_is_refused(self):
        """Its links would go round in circles."""
        self.package(self.source, "around", src__lib_rs="")
        self.addCleanup((self.source / "Cargo.toml").unlink)
        done = self.generate(LIST + 'around = { path = ".." }\n[workspace]\n')
        self.assertEqual(1, done.returncode)
        self.assertIn("package 'around' 0.1.0: its folder", done.stderr)


if __name__ == "__main__":
    unittest.main()
