"""Crates of a line or two that a test writes and edits, built by the rules of bazel_example."""

import shutil

from example_workspace import EXAMPLE

PARTS = [".bazelrc", "BUILD.bazel", "WORKSPACE", "rules"]
BUILD = """\
load("//rules:rust.bzl", "{rule}")

{rule}(
    name = {name!r},
    srcs = glob(["src/*.rs"]),
    deps = {deps},
    proc_macro_deps = {macros},
    rustc_env = {env},
    visibility = ["//visibility:public"],
)
"""
# Expands to nothing, in its own good time: see Hold.
HOLD_MACRO = """
use std::{env::var, fs, process};

#[proc_macro]
pub fn hold(nothing: proc_macro::TokenStream) -> proc_macro::TokenStream {
    let pid = process::id().to_string();
    fs::write(var("HOLD_SIGNAL").unwrap(), pid).unwrap();
    fs::File::open(var("HOLD_GATE").unwrap()).unwrap();
    nothing
}
"""


def copy_rules(folder):
    """Makes the folder a workspace without crates."""
    folder.mkdir(parents=True)
    for part in PARTS:
        source = EXAMPLE / part
        copy = shutil.copytree if source.is_dir() else shutil.copyfile
        copy(source, folder / part)


class Crates:
    """The crates below one folder of a workspace; a test has a folder to itself."""

    def __init__(self, workspace, folder):
        self.workspace = workspace
        self.folder = folder

    def label(self, name):
        return f"//{self.folder}/{name}"

    def program(self, name):
        return self.workspace.bin() / self.folder / name / name

    def library(self, name, text, deps=(), macros=(), env=None):
        self._write("rust_library", name, "lib.rs", text, deps, macros, env)

    def binary(self, name, text, deps=()):
        self._write("rust_binary", name, "main.rs", text, deps, (), None)

    def macro(self, name, text):
        self._write("rust_proc_macro", name, "lib.rs", text, (), (), None)

    def edit(self, name, text):
        (root,) = (self.workspace.source / self.folder / name / "src").iterdir()
        root.write_text(text)

    def _write(self, rule, name, root, text, deps, macros, env):
        package = self.workspace.source / self.folder / name
        (package / "src").mkdir(parents=True)
        (package / "src" / root).write_text(text)
        (package / "BUILD.bazel").write_text(
            BUILD.format(
                rule=rule,
                name=name,
                deps=[self.label(dep) for dep in deps],
                macros=[self.label(macro) for macro in macros],
                env=env or {},
            )
        )
