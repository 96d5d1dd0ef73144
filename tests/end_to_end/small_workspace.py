"""Crates of a line or two that a test writes and edits, built by the rules of bazel_example."""

import shutil

from example_workspace import EXAMPLE

PARTS = [".bazelrc", "BUILD.bazel", "WORKSPACE", "rules"]
BUILD = """\
load("{rules}", "{rule}")

{rule}(
    name = {name!r},
    srcs = glob(["src/*.rs"]),
    visibility = ["//visibility:public"],
{attributes})
"""
RULES = "//rules:rust.bzl"
# All say which rustc expands them. One expands to nothing in its own good time, one keeps that rustc
# from ending; and one makes it need 1 GiB when it is let go, and never ends.
HOLD_MACRO = """
use proc_macro::TokenStream;
use std::{env::var, fs, hint, process, thread};

fn say() {
    let pid = process::id().to_string();
    fs::write(var("HOLD_SIGNAL").unwrap(), pid).unwrap();
}

extern "C" fn wait() {
    fs::File::open(var("HOLD_GATE").unwrap()).unwrap();
}

extern "C" {
    fn atexit(function: extern "C" fn()) -> i32;
}

#[proc_macro]
pub fn hold(nothing: TokenStream) -> TokenStream {
    say();
    wait();
    nothing
}

#[proc_macro]
pub fn hold_then_grow(_: TokenStream) -> TokenStream {
    say();
    wait();
    let _much = hint::black_box(vec![1_u8; 1 << 30]);
    loop {
        thread::park();
    }
}

#[proc_macro]
pub fn hold_at_exit(nothing: TokenStream) -> TokenStream {
    say();
    assert_eq!(0, unsafe { atexit(wait) });
    nothing
}
"""
# Quick to check and slow to compile: instances of generic code of std, which need no checking. 50
# parts take rustc 1.95 about 1.5 s without optimisation and 10 s with it, behind 0.1 s of front end.
SLOW = """\
//! A library whose code is slow to generate.

use std::collections::{BTreeMap, HashMap};

fn work<const N: usize>(seed: u64) -> u64 {
    let mut tree: BTreeMap<[u8; N], Vec<[u16; N]>> = BTreeMap::new();
    let mut table: HashMap<[u16; N], String> = HashMap::new();
    for i in 0..8 {
        let key = [(seed + i) as u8; N];
        tree.entry(key).or_default().push([i as u16; N]);
        table.insert([i as u16; N], format!("{key:?}"));
    }
    let mut all: Vec<_> = tree.into_iter().collect();
    all.sort();
    all.len() as u64 + table.values().map(|text| text.len() as u64).sum::<u64>()
}
"""
SLOW_PART = """
pub fn part_{n}(seed: u64) -> u64 {{
    work::<{n}>(seed)
}}
"""


def slow_library(parts):
    """The text of a library with the functions part_1 to part_<parts>, which all return numbers."""
    return SLOW + "".join(SLOW_PART.format(n=n) for n in range(1, parts + 1))


def hold_environment(reached, gate):
    """What a crate that expands one of them needs: a Signal and a Gate (processes.py)."""
    return {"HOLD_SIGNAL": str(reached.path), "HOLD_GATE": str(gate.path)}


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

    def library(self, name, text, deps=(), macros=(), **attributes):
        self.crate("rust_library", name, text, deps=deps, macros=macros, **attributes)

    def binary(self, name, text, deps=(), **attributes):
        self.crate("rust_binary", name, text, root="main.rs", deps=deps, **attributes)

    def macro(self, name, text, deps=()):
        self.crate("rust_proc_macro", name, text, deps=deps)

    def edit(self, name, text):
        (root,) = (self.workspace.source / self.folder / name / "src").iterdir()
        root.write_text(text)

    def write(self, name, files):
        """Files of the package of a crate, by their names."""
        for file, text in files.items():
            path = self.workspace.source / self.folder / name / file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)

    def crate(self, rule, name, text, root="lib.rs", rules=RULES, deps=(), macros=(), **attributes):
        """Writes a crate of one file and its BUILD file; further attributes are the rule's."""
        attributes["deps"] = [self.label(dep) for dep in deps]
        attributes["proc_macro_deps"] = [self.label(macro) for macro in macros]
        lines = "".join(f"    {key} = {value!r},\n" for key, value in attributes.items())
        build = BUILD.format(rules=rules, rule=rule, name=name, attributes=lines)
        self.write(name, {f"src/{root}": text, "BUILD.bazel": build})
